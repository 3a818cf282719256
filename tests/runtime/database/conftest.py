"""Django for the tests in this directory. The settings are those of all database tests."""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.testproject.settings")

import django

django.setup()

from asgiref.sync import sync_to_async  # noqa: E402
from django.db import connection, connections  # noqa: E402

HERE = Path(__file__).parent
# Django does not close a connection to a database in memory, nor does the end of its thread; Python
# 3.13 says so when it is collected.
LEFT_OPEN = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if connection.settings_dict["NAME"] == ":memory:":
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(LEFT_OPEN)


@pytest.fixture(scope="session")
def _no_connection_left(django_db_setup: None) -> Iterator[None]:
    """Without this, PostgreSQL could not drop the test database."""
    from asyncgen_runtime.test import aclose_connections

    yield
    asyncio.run(aclose_connections())


@pytest.fixture
def database(_no_connection_left: None, transactional_db: None) -> None:
    """A database that other threads see too."""


def block_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("aatomic")]


@pytest.fixture
def nothing_left(
    run: Callable[[Coroutine[Any, Any, object]], object], database: None
) -> Iterator[None]:
    """No thread, and on servers no session but those of the test's own threads."""
    yield
    assert block_threads() == []
    vendor = connection.vendor
    if vendor == "sqlite":
        return
    sql = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = %s",
        "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = %s",
    }[vendor]

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql, [connection.settings_dict["NAME"]])
            return int(cursor.fetchone()[0])

    # In a context of its own: the test's may still name the thread that was lent to it.
    contextvars.Context().run(run, sync_to_async(connections.close_all)())
    # The server may take a moment to forget a session that was closed.
    for _ in range(200):
        if count() == 1:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{count()} sessions")
