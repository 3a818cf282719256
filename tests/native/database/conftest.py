"""Django for the tests in this directory, with whichever native backend the environment names.

`tests/databases` runs them with each.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

if not os.environ.get("ASYNCGEN_TEST_DATABASE", "").startswith("native_"):
    collect_ignore_glob = ["test_*.py"]

T = TypeVar("T")
HERE = Path(__file__).parent
# The garbage collector finds a forgotten task and the connection that it held together: Python 3.13
# warns of the connection before its owner, who is asked next, closes it.
LEFT_OPEN = pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("ASYNCGEN_TEST_DATABASE") == "native_sqlite":
        for item in items:
            if HERE in item.path.parents and "forgotten" in item.name:
                item.add_marker(LEFT_OPEN)


@pytest.fixture(scope="session", autouse=True)
def _sessions_have_ended(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """PostgreSQL takes a moment to end what was closed, and drops no database until then."""
    yield
    from django.db import connection

    if connection.vendor != "postgresql":
        return
    sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    with django_db_blocker.unblock():
        for _ in range(200):
            with connection.cursor() as cursor:
                cursor.execute(sql)
                (sessions,) = cursor.fetchone()
            if sessions == 1:
                break
            threading.Event().wait(0.05)
        connection.close()


@pytest.fixture
def run(transactional_db: None) -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """Run a coroutine in a loop of its own, and see that no connection is left in use."""
    from asyncgen_native.pool import pools

    async def main(coroutine: Coroutine[Any, Any, T]) -> T:
        result = await asyncio.wait_for(coroutine, 60)
        for alias, pool in pools().items():
            assert pool.statistics().out == 0, f"{alias}: {pool.statistics()}"
        return result

    yield lambda coroutine: asyncio.run(main(coroutine))
    from django.db import connections

    connections.close_all()
