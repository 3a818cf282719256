"""Django for the tests in this directory, and the twins of `trapped.py`."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from asyncgen.surface import Decision

from tests.support.building import build

HERE = Path(__file__).parent


@dataclass
class Traps:
    source: ModuleType
    module: ModuleType
    stub: str
    decisions: dict[str, Decision]

    @property
    def threads(self) -> list[int]:
        """The threads that the source ran on; and forget them."""
        found: list[int] = self.source.THREADS[:]
        self.source.THREADS.clear()
        return found


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    """The source with its twins, generated now."""
    root = tmp_path_factory.mktemp("traps")
    (root / "pyproject.toml").write_text(
        "[tool.asyncgen]\nstyle = 'subclass'\nsources = ['trapped']\noutput = '{stem}_async.py'\n"
        f"functions = ['aloud']\nsearch = ['{HERE}', '.']\npython = '{sys.prefix}'\n",
        encoding="utf-8",
    )
    built = build(root / "pyproject.toml", warnings=True)
    built.write()
    sys.path.insert(0, str(root))
    return Traps(
        importlib.import_module("trapped"),
        importlib.import_module("trapped_async"),
        built.texts["trapped_async.pyi"],
        {entry.decision.function.name: entry.decision for entry in built.result.entries},
    )


@pytest.fixture
def traps(generated: Traps, no_connection_left: None, transactional_db: None) -> Traps:
    """Everything generated, and the books "a" and "b" in the database."""
    from tests.testproject.library.models import Book

    Book.objects.bulk_create([Book(title="a", pages=1), Book(title="b", pages=2)])
    generated.source.THREADS.clear()
    return generated


@pytest.fixture
def books(traps: Traps) -> Any:
    """All books, as a queryset of the generated class."""
    from tests.testproject.library.models import Book

    return traps.module.AsyncBookQuerySet(Book)
