"""The app among few others, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys
from django.conf import settings
settings.configure(
    DATABASES={"default": {"ENGINE": "asyncgen_native.sqlite3", "NAME": sys.argv[1]}},
    INSTALLED_APPS=sys.argv[2:],
)
import django
django.setup()
from django.core.management import call_command
from django.db import connection, models
call_command("check", fail_level="WARNING")

class Thing(models.Model):
    class Meta:
        app_label = "things"

async def main():
    def create():
        with connection.schema_editor() as editor:
            editor.create_model(Thing)
    from asyncgen_native import bridge
    await bridge(create)()
    await Thing.objects.acreate()
    print(await Thing.objects.acount(), "thing")

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "apps",
    [
        ["asyncgen_native"],
        ["asyncgen_django.everywhere", "asyncgen_native"],
        ["asyncgen_native", "asyncgen_django.everywhere"],
        ["asyncgen_native", "django.contrib.contenttypes", "django.contrib.auth"],
    ],
)
def test_it_needs_no_other_app(apps: list[str], tmp_path: object) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, f"{tmp_path}/db.sqlite3", *apps],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "1 thing"


def test_what_generated_code_imports_does_not_import_it() -> None:
    program = (
        "import sys, asyncgen_runtime, asyncgen_django\n"
        "assert not {'asyncgen_native', 'greenlet'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_without_greenlet_it_says_what_to_install() -> None:
    program = (
        "import sys\n"
        "sys.modules['greenlet'] = None\n"
        "from django.conf import settings\n"
        "settings.configure(INSTALLED_APPS=['asyncgen_native'])\n"
        "import django\n"
        "django.setup()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 1
    assert ran.stderr.splitlines()[-1] == (
        'ImportError: asyncgen_native needs greenlet: pip install "asyncgen-runtime[native]"'
    )
