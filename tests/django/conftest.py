"""Django for the tests in this directory, with the settings of all database tests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest
from asgiref.sync import SyncToAsync

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.testproject.settings")

import django

django.setup()

T = TypeVar("T")

TOLD = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TOLD] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.stash[TOLD]:
        terminalreporter.section("Django's own tests")
        for line in config.stash[TOLD]:
            terminalreporter.write_line(line)


@pytest.fixture
def told(pytestconfig: pytest.Config) -> list[str]:
    """Lines to be shown below pytest's summary."""
    return pytestconfig.stash[TOLD]


@pytest.fixture(scope="session")
def _no_connection_left(django_db_setup: None) -> Iterator[None]:
    """Without this, PostgreSQL could not drop the test database."""
    from asyncgen_runtime.test import aclose_connections

    yield
    asyncio.run(aclose_connections())


@pytest.fixture
def database(_no_connection_left: None, transactional_db: None) -> None:
    """A database that other threads see too."""


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect what is sent to asgiref's worker thread."""
    sent: list[object] = []
    executor = SyncToAsync.single_thread_executor
    submit = executor.submit

    def count(func: Callable[..., T], *args: object) -> Future[T]:
        sent.append(func)
        return submit(func, *args)

    monkeypatch.setattr(executor, "submit", count)
    return sent


@pytest.fixture
def surface(tmp_path: Path) -> Callable[..., ModuleType]:
    """Generate a surface of the installed Django with other settings, and import it."""
    from asyncgen.config import Config, Source
    from asyncgen.plan import Run, rendered

    def surface(**settings: Any) -> ModuleType:
        config = Config(
            root=tmp_path,
            path=tmp_path / "pyproject.toml",
            sources=(
                Source(
                    sources=("django.db.models.query", "django.db.models.manager"),
                    output="made.py",
                    stubs="none",
                    style="subclass",
                    handwritten="replace",
                    **settings,
                ),
            ),
        )
        result = Run(config).result()
        assert not result.problems
        (written,) = rendered(result, config)
        module = ModuleType("made")
        exec(compile(written.text, "made.py", "exec"), vars(module))
        return module

    return surface
