"""Run each case in a loop of its own; print what it gives, and what was seen."""

import asyncio
import inspect
import json
import os
import warnings
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
warnings.simplefilter("ignore")

import django  # noqa: E402

django.setup()

from asyncgen_runtime.watch import watch  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from quay import jobs, unsafe  # noqa: E402
from quay.models import Boat, Dock  # noqa: E402


def fill():
    """The same rows for every case."""
    for model in (Boat, Dock, User):
        model.objects.all().delete()
    north = Dock.objects.create(name="North", length=80)
    south = Dock.objects.create(name="South", length=20)
    Boat.objects.create(name="Ann", dock=north)
    Boat.objects.create(name="Bea", dock=north)
    Boat.objects.create(name="Cat", dock=south)
    User.objects.create_user("ada", password="x")


def outcome(case):
    fill()
    with watch() as seen:
        try:
            value = asyncio.run(case())
        except Exception as error:
            value = f"{type(error).__name__}: {error}"
    here = str(Path(__file__).parent)
    return {"value": value, "seen": [each.what for each in seen if each.file.startswith(here)]}


call_command("migrate", run_syncdb=True, verbosity=0)
call_command("createcachetable", verbosity=0)
cases = {
    name: case
    for module in (jobs, unsafe)
    for name, case in vars(module).items()
    if inspect.iscoroutinefunction(case) and case.__module__ == module.__name__
}
print(json.dumps({name: outcome(case) for name, case in cases.items()}))
