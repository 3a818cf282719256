"""What modules are called, beside what Django loads them as when the project starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.plan import Roots
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Command = Callable[..., Result]

MODELS = "from django.db import models\n\n\nclass Book(models.Model):\n"
MODELS += "    def other(self):\n        return Book.objects.get()\n"
CONFIG = "from django.apps import AppConfig\n\n\nclass ShopConfig(AppConfig):\n    name = {!r}\n"
MANAGE = """\
import os
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent
{path}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
"""
SETTINGS = """\
INSTALLED_APPS = [{!r}]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""
INSERT = "sys.path.insert(0, {})"


def layout(models: str, app: str, *, start: str = "", path: str = "") -> dict[str, str]:
    """A project: where its models are, how its app is installed, where it is started, and what it
    adds to `sys.path`."""
    return {
        models: MODELS,
        f"{start}manage.py": MANAGE.format(path=path),
        f"{start}config/settings.py": SETTINGS.format(app),
    }


PACKAGE = {"apps/shop/__init__.py": ""}
LAYOUTS: Mapping[str, dict[str, str]] = {
    "a package beside manage.py": {
        **layout("shop/models.py", "shop"),
        "shop/__init__.py": "",
    },
    "a folder of apps that is no package": {
        **layout("apps/shop/models.py", "apps.shop"),
        **PACKAGE,
    },
    "one in sys.path, by manage.py": {
        **layout(
            "apps/shop/models.py", "shop", path=INSERT.format('os.path.join(BASE_DIR, "apps")')
        ),
        **PACKAGE,
    },
    "one in sys.path, by a name": {
        **layout(
            "apps/shop/models.py",
            "shop",
            path='APPS = BASE_DIR / "apps"\n' + INSERT.format("\n    0 or str(APPS),\n"),
        ),
        **PACKAGE,
    },
    "one in sys.path, and imported by the whole name": {
        **layout("apps/shop/models.py", "apps.shop", path=INSERT.format('str(BASE_DIR / "apps")')),
        **PACKAGE,
    },
    "a package of apps in sys.path": {
        **layout("apps/shop/models.py", "shop", path=INSERT.format('str(BASE_DIR / "apps")')),
        **PACKAGE,
        "apps/__init__.py": "",
    },
    "a package of apps that an AppConfig leaves out": {
        **layout(
            "apps/shop/models.py",
            "shop.apps.ShopConfig",
            path=INSERT.format("os.path.sep.join([str(BASE_DIR), 'ap' + 'ps'])"),
        ),
        **PACKAGE,
        "apps/__init__.py": "",
        "apps/shop/apps.py": CONFIG.format("shop"),
    },
    "a package of apps in sys.path that an AppConfig names": {
        **layout("own/shop/models.py", "own.shop", path=INSERT.format('str(BASE_DIR / "own")')),
        "own/__init__.py": "",
        "own/shop/__init__.py": "",
        "own/shop/apps.py": CONFIG.format("own.shop"),
    },
    "two folders that are no packages": {
        **layout("lib/apps/shop/models.py", "lib.apps.shop"),
        "lib/apps/shop/__init__.py": "",
    },
    "two folders, the second in sys.path": {
        **layout(
            "lib/apps/shop/models.py",
            "shop",
            path=INSERT.format('os.path.join(BASE_DIR, "lib", "apps")'),
        ),
        "lib/apps/shop/__init__.py": "",
    },
    "no package at all": layout("apps/shop/models.py", "apps.shop"),
    "src": {
        **layout("src/shop/models.py", "shop", path=INSERT.format('str(BASE_DIR / "src")')),
        "src/shop/__init__.py": "",
    },
    "manage.py in src": {
        **layout("src/shop/models.py", "shop", start="src/"),
        "src/shop/__init__.py": "",
    },
    "manage.py in a folder": {
        **layout("backend/apps/shop/models.py", "apps.shop", start="backend/"),
        "backend/apps/shop/__init__.py": "",
    },
    "manage.py in a package": {
        **layout("backend/shop/models.py", "shop", start="backend/"),
        "backend/__init__.py": "",
        "backend/shop/__init__.py": "",
    },
    "manage.py in a package that is imported as one": {
        **layout(
            "backend/shop/models.py",
            "backend.shop",
            start="backend/",
            path=INSERT.format("str(BASE_DIR.parent)"),
        ),
        "backend/__init__.py": "",
        "backend/shop/__init__.py": "",
    },
    "models in a package of an app": {
        **layout("apps/shop/models/books.py", "apps.shop"),
        **PACKAGE,
        "apps/shop/models/__init__.py": "from apps.shop.models.books import Book\n",
    },
    "an app within an app": {
        **layout("apps/shop/inner/models.py", "apps.shop.inner"),
        **PACKAGE,
        "apps/shop/inner/__init__.py": "",
    },
}


def loaded(root: Path) -> str:
    """The module of the models, as Django says once it has started by manage.py."""
    (manage,) = root.rglob("manage.py")
    asked = "\nimport django\nfrom django.apps import apps\n\ndjango.setup()\n"
    asked += "(model,) = apps.get_models()\nprint(model.__module__, hasattr(model, 'aother'))\n"
    done = subprocess.run(
        [sys.executable, "-c", f"__file__ = {str(manage)!r}\n{manage.read_text()}{asked}"],
        cwd=manage.parent,
        env={key: each for key, each in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("layout_of", LAYOUTS)
def test_a_module_is_called_as_django_loads_it(
    layout_of: str, project: Project, run: Command
) -> None:
    files = LAYOUTS[layout_of]
    (models,) = (path for path, text in files.items() if text == MODELS)
    root = project({**files, "pyproject.toml": f'[tool.asyncgen]\nsources = ["{models}"]\n'})
    name = Roots(load(root / "pyproject.toml")).module_name(root / models)
    assert run("build").exit_code == run("apply").exit_code == 0
    assert loaded(root) == f"{name} True"
    stub = (root / models.replace(".py", "_async.pyi")).read_text()
    assert f"from {name} import Book" in stub
    assert run("check").exit_code == 0


def test_another_way_to_install_the_app_is_seen(project: Project, run: Command) -> None:
    files = LAYOUTS["one in sys.path, by manage.py"]
    table = '[tool.asyncgen]\nsources = ["apps/shop/models.py"]\n'
    root = project({**files, "pyproject.toml": table})
    run("build")
    run("apply")
    assert run("check").exit_code == 0
    path = root / "config/settings.py"
    path.write_text(path.read_text().replace("'shop'", "'apps.shop'"))
    assert run("check").exit_code == 1
    assert "+from apps.shop.models import Book" in run("diff").stdout


def test_what_no_source_covers_is_found_in_every_folder(project: Project, run: Command) -> None:
    files = {f"backend/{name}/models.py": MODELS for name in ("shop", "stock")}
    root = project({**files, "pyproject.toml": '[tool.asyncgen]\nsources = ["backend/shop"]\n'})
    (root / "node_modules/x").mkdir(parents=True)
    (root / "node_modules/x/models.py").write_text(MODELS)
    run("build")
    said = "no source names backend/stock/models.py, with querysets"
    assert said in run("check").stderr
    (root / "backend/stock/models.py").unlink()
    assert "no source names" not in run("check").stderr
    (root / "backend/stock/models.py").write_text(MODELS)
    assert said in run("check").stderr
