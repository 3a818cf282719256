"""Migrations of new models name no mixin once `apply` has run, and run without it."""

from __future__ import annotations

import json
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


class Book(models.Model):
    name = models.CharField(max_length=9)

    def total(self):
        return Book.objects.count()


class Tag(Plain, models.Model):
    def total(self):
        return Tag.objects.count()


class Comic(Book):
    def pages(self):
        return Comic.objects.count()
"""
OTHER = """\
from django.db import models


# asyncgen: unwired
class ShelfQuerySet(models.QuerySet):
    def total(self):
        return self.count()
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

call_command(*sys.argv[1:])
"""
SHOP = {
    "pyproject.toml": '[tool.asyncgen]\nsources = ["shop/models.py"]\nstubs = "none"\n',
    "manage.py": MANAGE,
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/migrations/__init__.py": "",
}
MIGRATION = Path("shop/migrations/0001_initial.py")


def manage(root: Path, *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def root(project: Project, run: Run) -> Path:
    """A project with mixins, and a migration that Django has just made of its models."""
    root = project(SHOP)
    for verb in ("build", "apply", "build", "check"):  # what the last build saw is known
        assert run(verb).exit_code == 0
    manage(root, "makemigrations", "shop")
    assert "shop.models_async.BookAsync" in (root / MIGRATION).read_text()
    return root


def test_apply_makes_it_what_django_writes_without_mixins(
    root: Path, run: Run, project: Project
) -> None:
    named = run("check")
    assert named.exit_code == 0
    assert named.stderr.count("warning: the migration names") == 3
    assert "BookAsync as a base" in named.stderr
    assert "takes the mixins out of new migrations" in run("build").stdout
    assert run("apply", "--check").exit_code == 1
    assert run("apply").exit_code == 0
    mended = (root / MIGRATION).read_text()
    assert run("apply").exit_code == 0
    assert (root / MIGRATION).read_text() == mended
    assert "AG506" not in run("check").stderr
    assert manage(root, "makemigrations", "--check", "shop").startswith("No changes")
    manage(root, "migrate")
    (root / MIGRATION).unlink()
    (root / "shop/models.py").write_text(MODELS)  # Django itself is the oracle
    manage(root, "makemigrations", "shop")
    assert mended.splitlines()[1:] == (root / MIGRATION).read_text().splitlines()[1:]


def test_a_mixin_that_goes_is_missed_and_apply_mends_it(root: Path, run: Run) -> None:
    (root / "shop/models.py").write_text(OTHER)
    assert run("build").exit_code == 0
    checked = run("check", "--output-format", "json")
    assert checked.exit_code == 1
    found = [json.loads(each) for each in checked.stdout.splitlines()]
    assert {each["code"] for each in found} == {"AG506"}
    named = (root / MIGRATION).read_text().splitlines()
    assert all("models_async." in named[each["line"] - 1] for each in found)
    assert "which shop.models_async does not have" in found[0]["message"]
    assert run("apply").exit_code == 0
    assert "models_async" not in (root / MIGRATION).read_text()
    assert run("check").exit_code == 0


def test_what_is_written_can_be_imported_before_applications_are_ready(root: Path) -> None:
    command = [sys.executable, "-c", "import shop.models_async"]
    subprocess.run(command, cwd=root, check=True)
