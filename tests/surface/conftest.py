"""Django for the tests in this directory, with the settings of all database tests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest
from asgiref.sync import SyncToAsync

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.testproject.settings")

import django

django.setup()

T = TypeVar("T")


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
