"""Django for the tests in this directory. The settings are those of all database tests."""

from __future__ import annotations

import contextvars
import gc
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections

HERE = Path(__file__).parent
# Django does not close a connection to a database in memory, nor does the end of its thread, such
# as that of a request; Python 3.13 says so when it is collected. The runtime's own threads close
# theirs: test_a_block_closes_its_connection_to_a_database_in_memory.
LEFT_OPEN = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if connection.settings_dict["NAME"] == ":memory:":
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(LEFT_OPEN)


@pytest.fixture(scope="session", autouse=True)
def small_heap() -> Iterator[None]:
    """These tests collect garbage hundreds of times: what was there before is none of theirs."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


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
        gc.collect()  # what is left open in memory: later, the filter of the test is none any more
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
