"""One output whatever the machine: what the configuration pins is there, or nothing is written."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import django
import pytest
from asyncgen.config import load
from asyncgen.environment import site_packages
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

SERIES = "{}.{}".format(*django.VERSION)
# What signing gives only django-stubs tell: no stub of asyncgen's own has it.
MODELS = """\
from django.core import signing
from django.db import models


class Book(models.Model):
    def sisters(self):
        return list(Book.objects.filter(pk=1).values_list("pk", flat=True))

    def first(self):
        return Book.objects.all().first()

    def signed(self):
        return signing.dumps(Book.objects.count())
"""


def shop(*lines: str) -> dict[str, str]:
    table = "\n".join(['[tool.asyncgen]\nsources = ["shop/models.py"]', *lines, ""])
    return {"pyproject.toml": table, "shop/__init__.py": "", "shop/models.py": MODELS}


def other_environment(root: Path, version: str = "") -> None:
    """An environment without django-stubs, which is the only one that is read."""
    folder = root / "other" / "lib" / "python3.99" / "site-packages"
    folder.mkdir(parents=True)
    found = Path(django.__file__).parent
    if not version:
        (folder / "django").symlink_to(found)
        return
    (folder / "django").mkdir()
    for path in found.iterdir():
        if path.name != "__init__.py":
            (folder / "django" / path.name).symlink_to(path)
    text = f"VERSION = ({version.replace('.', ', ')}, 0, 'final', 0)\n"
    (folder / "django" / "__init__.py").write_text(text)


@pytest.mark.parametrize("verb", ["build", "check", "diff", "apply"])
def test_another_django_is_named_and_nothing_is_written(
    project: Project, run: Run, verb: str
) -> None:
    root = project(shop(f'django = "{SERIES}"'))
    other_environment(root, "4.2")
    answer = run("--python", "other", verb)
    assert answer.exit_code == 2
    assert f"the twins are for Django {SERIES}, and Django 4.2 is found in" in answer.stderr
    assert "[AG210]" in answer.stderr
    assert sorted(path.name for path in (root / "shop").iterdir()) == ["__init__.py", "models.py"]
    assert run("build").exit_code == 0


def test_stubs_that_are_required_and_not_there(project: Project, run: Run) -> None:
    root = project(shop('django-stubs = "required"'))
    other_environment(root)
    answer = run("--python", "other", "build")
    assert answer.exit_code == 2
    assert "the types of twins rest on django-stubs, which are not found" in answer.stderr
    assert "[AG211]" in answer.stderr
    assert not (root / "shop" / "models_async.py").exists()


@pytest.mark.parametrize(("pin", "is_same"), [('django-stubs = "ignored"', True), ("", False)])
def test_the_same_bytes_with_and_without_django_stubs(
    project: Project, run: Run, pin: str, is_same: bool
) -> None:
    root = project(shop(pin, 'unwired = ["*"]'))
    other_environment(root)
    assert run("build").exit_code == 0
    stub = (root / "shop" / "models_async.pyi").read_bytes()
    checked = run("--python", "other", "check")
    assert (checked.exit_code == 0) is is_same
    built = run("--python", "other", "build")
    assert built.exit_code == 0
    assert ("django-stubs not found" in built.stdout) is not is_same
    assert ((root / "shop" / "models_async.pyi").read_bytes() == stub) is is_same


def test_init_pins_what_it_finds(project: Project, run: Run) -> None:
    root = project({"shop/__init__.py": "", "shop/models.py": MODELS})
    assert run("init").exit_code == 0
    config = load(root / "pyproject.toml")
    assert (config.django, config.django_stubs) == (SERIES, "required")
    (root / "pyproject.toml").unlink()
    other_environment(root)
    assert run("--python", "other", "init").exit_code == 0
    config = load(root / "pyproject.toml")
    assert (config.django, config.django_stubs) == (SERIES, "ignored")


def short_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:8]


def places(root: Path, home: Path) -> dict[str, tuple[Path, dict[str, str], dict[str, str]]]:
    """Where each tool puts an environment: its folder, the variables, and the project's files."""
    poetry = f"my-shop-{short_hash(os.path.realpath(root))}-py3.12"
    pipenv = f"{root.name[:42]}-{short_hash(os.path.realpath(root / 'Pipfile'))}"
    name = {"pyproject.toml": '[project]\nname = "My-Shop"\n[tool.asyncgen]\nsources = []\n'}
    return {
        "active": (home / "active", {"VIRTUAL_ENV": str(home / "active")}, {}),
        "uv": (root / "made", {"UV_PROJECT_ENVIRONMENT": "made"}, {}),
        ".venv": (root / ".venv", {}, {}),
        "venv": (root / "venv", {}, {}),
        "poetry": (
            home / ".cache/pypoetry/virtualenvs" / poetry,
            {},
            {"poetry.lock": "", **name},
        ),
        "poetry elsewhere": (
            home / "elsewhere" / poetry,
            {"POETRY_VIRTUALENVS_PATH": str(home / "elsewhere")},
            {"poetry.lock": "", **name},
        ),
        "pipenv": (home / ".local/share/virtualenvs" / pipenv, {}, {"Pipfile": ""}),
        "conda": (home / "conda", {"CONDA_PREFIX": str(home / "conda")}, {}),
    }


@pytest.mark.parametrize("tool", places(Path("/"), Path("/")))
def test_the_environments_of_all_tools_are_found(
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    tool: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root, home = project(shop()), tmp_path_factory.mktemp("home")
    folder, variables, files = places(root, home)[tool]
    project(files)
    expected = folder / "lib" / "python3.99" / "site-packages"
    expected.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    found = site_packages(load(root / "pyproject.toml"), variables)
    assert found[0] == expected
