"""Migrations of new models name no mixin: Django writes what it would write without asyncgen."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

MODELS = """\
from django.db import models


class Plain:
    pass


class Titled:
    def title(self):
        return str(self.objects.count())


class Shelved(models.Manager):
    pass


class Named(models.Model):
    name = models.CharField(max_length=9)
    shelved = Shelved()
    objects = models.Manager()

    class Meta:
        abstract = True
        ordering = ["name"]
        base_manager_name = "shelved"
        default_manager_name = "objects"

    def namesakes(self):
        return type(self).objects.filter(name=self.name).count()


class Book(Named):
    def total(self):
        return Book.objects.count()


class Tag(Titled, Plain, models.Model):
    def total(self):
        return Tag.objects.count()


class Comic(Book):
    def pages(self):
        return Comic.objects.count()


class Lent(Book):
    class Meta:
        proxy = True

    def borrowers(self):
        return Lent.objects.count()


class Place(models.Model):
    name = models.CharField(max_length=9)

    class Meta:
        ordering = ["name"]


class Shelf(Place):
    books = models.ManyToManyField(Book)

    def total(self):
        return self.books.count()
"""
MANAGE = """\
import sys
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["shop"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()
from django.core.management import call_command

if sys.argv[1:]:
    call_command(*sys.argv[1:])
else:
    from django.apps import apps
    from django.db.models.options import DEFAULT_NAMES as OPTIONS

    for model in sorted(apps.get_models(), key=lambda each: each.__name__):
        print(model.__name__, model._base_manager.name, model._default_manager.name)
        print([(each, getattr(model._meta, each)) for each in sorted({*OPTIONS} - {"apps"})])
"""
SHOP = {
    "pyproject.toml": '[tool.asyncgen]\nsources = ["shop/models.py"]\nstubs = "none"\n',
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/migrations/__init__.py": "",
}
MIGRATION = Path("shop/migrations/0001_initial.py")
MIXIN = re.compile(r"^class \w+\(\w+Async\b", re.MULTILINE)


def manage(root: Path, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def migration(root: Path) -> list[str]:
    """What Django writes of the models as they are now, but the line with date and time."""
    (root / MIGRATION).unlink(missing_ok=True)
    manage(root, "makemigrations", "shop")
    return (root / MIGRATION).read_text().splitlines()[1:]


@pytest.fixture
def root(project: Project, run: Run) -> Path:
    """A project whose classes have their mixins."""
    root = project(SHOP)
    for verb in ("build", "apply", "check"):
        assert run(verb).exit_code == 0
    assert len(MIXIN.findall((root / "shop/models.py").read_text())) == 7
    return root


def test_django_writes_what_it_writes_without_mixins(root: Path) -> None:
    written = migration(root)
    assert manage(root, "makemigrations", "--check", "shop").startswith("No changes")
    manage(root, "migrate")
    (root / "shop/models.py").write_text(MODELS)  # Django itself is the oracle
    # An abstract base is flattened into its own bases: those of a mixin are `object`.
    kept = [line for line in written if line.strip() != "bases=(models.Model, object),"]
    assert migration(root) == [
        re.sub(r"\((\S+), object\)", r"(\1,)", line).replace(", object)", ")") for line in kept
    ]


def test_it_runs_without_what_was_generated(root: Path) -> None:
    migration(root)
    (root / "shop/models.py").write_text(MODELS)
    (root / "shop/models_async.py").unlink()
    manage(root, "migrate")
    assert manage(root, "makemigrations", "--check", "shop").startswith("No changes")


def test_options_and_managers_are_inherited_past_a_mixin(root: Path) -> None:
    with_mixins = manage(root)
    (root / "shop/models.py").write_text(MODELS)
    assert manage(root) == with_mixins
    assert "Comic shelved objects" in with_mixins
    assert with_mixins.count("('ordering', ['name'])") == 5


def test_what_is_written_can_be_imported_before_applications_are_ready(root: Path) -> None:
    command = [sys.executable, "-c", "import shop.models_async"]
    subprocess.run(command, cwd=root, check=True)
