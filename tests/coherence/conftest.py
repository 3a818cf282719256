"""Django for the tests in this directory, and the generated twins that they are about.

A copy of `shelf/` is put into the test project's app, once for each style: in the mixin style its
classes are then made to inherit their mixins, as a user would; in the subclass style `own.py`
uses the async classes instead of the sync ones.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import django
import pytest
from asyncgen.plan import Result
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from tests.support.building import build

django.setup()

APP = "tests.testproject.library"
SOURCE = Path(__file__).parent / "shelf"
COVERED = ("querysets", "managers", "models")


@dataclass
class Shelf:
    """The classes of one style, by name; models without their prefix."""

    style: str
    root: Path
    modules: dict[str, ModuleType]

    def __getattr__(self, name: str) -> Any:
        names = [name, f"{self.style.title()}{name}"]
        if self.style == "subclass":
            names += [f"Async{each}" for each in names]
        found = [
            getattr(module, each)
            for each in names
            for module in self.modules.values()
            if hasattr(module, each)
        ]
        if not found:
            raise AttributeError(name)
        return found[-1]

    @property
    def calls(self) -> list[Any]:
        """What the overrides noted: name, details, thread."""
        return self.modules["calls"].CALLS

    def taken(self) -> list[tuple[Any, ...]]:
        """The calls noted, without their threads; and forget them."""
        found = [(call.name, *call.details) for call in self.calls]
        self.calls.clear()
        return found

    @cached_property
    def result(self) -> Result:
        """What a run over the source says, as it is now."""
        return build(self.root / "pyproject.toml").result

    def texts(self) -> dict[str, str]:
        return build(self.root / "pyproject.toml").texts


def with_mixins(text: str, stem: str, made: str) -> str:
    """The module with its classes inheriting their mixins."""
    mixins = re.findall(r"^class (\w+)Async\b", made, re.MULTILINE)
    for name in mixins:
        text, count = re.subn(
            rf"^class {name}\((.*)\):$", rf"class {name}({name}Async, \1):", text, flags=re.M
        )
        assert count == 1, name
    names = ", ".join(f"{name}Async" for name in mixins)
    return text.replace("\nfrom .calls", f"\nfrom .{stem}_async import {names}\nfrom .calls", 1)


def with_async_classes(text: str) -> str:
    """The module with async classes under the names of the sync ones."""

    def replaced(line: re.Match[str]) -> str:
        names = ", ".join(f"Async{each} as {each}" for each in line[2].split(", "))
        return f"from .{line[1]}_async import {names}"

    return re.sub(rf"^from \.({'|'.join(COVERED)}) import (.*)$", replaced, text, flags=re.M)


SHELVES: dict[str, Shelf] = {}  # what was made before, in whatever order the styles are asked for


@pytest.fixture(scope="session", params=["mixin", "subclass"])
def _made(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[Shelf]:
    style: str = request.param
    if style not in SHELVES:
        SHELVES[style] = made(style, tmp_path_factory.mktemp(style))
        with django_db_blocker.unblock():
            create_tables(style.title())
    yield SHELVES[style]
    from asyncgen_runtime.test import aclose_connections

    asyncio.run(aclose_connections())


def made(style: str, root: Path) -> Shelf:
    """The shelf of a style, generated and imported."""
    package = root.joinpath(*APP.split("."), style)
    package.mkdir(parents=True)
    for folder in (*package.relative_to(root).parents,):
        (root / folder / "__init__.py").touch()
    (root / "__init__.py").unlink()
    for path in SOURCE.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace("Style", style.title())
        (package / path.name).write_text(text, encoding="utf-8")
    sources = [(package / f"{each}.py").relative_to(root).as_posix() for each in COVERED]
    (root / "pyproject.toml").write_text(
        f"[tool.asyncgen]\nsources = {sources}\nstyle = '{style}'\nstubs = 'none'\n"
        f"python = '{sys.prefix}'\n",
        encoding="utf-8",
    )
    build(root / "pyproject.toml").write()
    if style == "mixin":
        for each in COVERED:
            path = package / f"{each}.py"
            written = (package / f"{each}_async.py").read_text(encoding="utf-8")
            changed = with_mixins(path.read_text(encoding="utf-8"), each, written)
            path.write_text(changed, encoding="utf-8")
    else:
        path = package / "own.py"
        path.write_text(with_async_classes(path.read_text(encoding="utf-8")), encoding="utf-8")

    library = importlib.import_module(APP)
    library.__path__.append(str(package.parent))
    names = ["calls", *COVERED, "own", *(f"{each}_async" for each in COVERED)]
    modules = {each: importlib.import_module(f"{APP}.{style}.{each}") for each in names}
    return Shelf(style, root, modules)


def create_tables(prefix: str) -> None:
    from django.apps import apps
    from django.db import connection

    with connection.schema_editor() as editor:
        for model in apps.get_app_config("library").get_models():
            if model.__name__.startswith(prefix):
                editor.create_model(model)


@pytest.fixture
def shelf(_made: Shelf, transactional_db: None) -> Shelf:
    """The classes, with no calls noted yet, and a database that other threads see too."""
    _made.calls.clear()
    return _made


@receiver(connection_created)
def do_not_wait_for_the_disk(connection: Any, **options: Any) -> None:
    """Each test empties all tables, and SQLite would wait for the disk each time."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = OFF")
