"""Django for the tests in this directory, with whichever native backend the environment names.

`tests/databases` runs them with each.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

if not os.environ.get("ASYNCGEN_TEST_DATABASE", "").startswith("native_"):
    collect_ignore_glob = ["test_*.py"]

T = TypeVar("T")


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
