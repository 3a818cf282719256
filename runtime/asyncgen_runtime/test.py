"""What Django's test tools cannot do in async tests. Needs Django.

Connections belong to threads, so what the sync tools watch from a coroutine is a connection on
which nothing ever happens. These watch the one of the worker thread on which all that is begun
inside them stays. They work in Django's test cases and, as plain functions, under pytest.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.query import RawQuerySet
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from .bridge import sync_to_async
from .context import context_to_async
from .threads import end_idle_threads

__all__ = [
    "aassert_num_queries",
    "aassert_queryset_equal",
    "acapture_queries",
    "aclose_connections",
]


def acapture_queries(
    using: str = DEFAULT_DB_ALIAS,
) -> AbstractAsyncContextManager[CaptureQueriesContext]:
    """Capture the queries that the block makes, on the worker thread and in aatomic() blocks.

    Gives a `CaptureQueriesContext`: its length, its items and `captured_queries` are the queries,
    in the order in which they ended. As in sync code, BEGIN and COMMIT are among them.
    """
    return context_to_async(_capture)(using)


@contextmanager
def _capture(using: str) -> Iterator[CaptureQueriesContext]:
    # What is entered inside stays on this thread, and so on this connection.
    with CaptureQueriesContext(connections[using]) as captured:
        yield captured


@asynccontextmanager
async def aassert_num_queries(
    num: int, using: str = DEFAULT_DB_ALIAS
) -> AsyncGenerator[CaptureQueriesContext, None]:
    """Raise AssertionError, listing the queries, unless the block makes `num` of them."""
    async with acapture_queries(using) as captured:
        yield captured
    queries = [query["sql"] for query in captured.captured_queries]
    listing = "\n".join(f"{number}. {sql}" for number, sql in enumerate(queries, start=1))
    message = f"{len(captured)} queries executed, {num} expected\nCaptured queries were:\n{listing}"
    TransactionTestCase().assertEqual(len(captured), num, message)  # noqa: PT009  its words


async def aassert_queryset_equal(
    qs: QuerySet[Any, Any] | RawQuerySet[Any] | list[Any],
    values: Collection[Any],
    transform: Callable[[Any], Any] | None = None,
    ordered: bool = True,
    msg: str | None = None,
) -> None:
    """Raise AssertionError unless a queryset has these values.

    As `assertQuerySetEqual`; the queries, and `transform` for every row, run on the worker thread.
    Raises ValueError when a queryset without an order is compared with more than one ordered value.
    """
    compare = TransactionTestCase().assertQuerySetEqual
    await sync_to_async(compare)(qs, values, transform, ordered, msg)


async def aclose_connections() -> None:
    """Close the connections of the worker thread, and of those that wait for another block.

    Where the event loop is outermost, as under pytest-asyncio, they outlive the tests, and
    PostgreSQL refuses to drop a test database to which a connection is open.
    """
    await sync_to_async(connections.close_all)()
    await end_idle_threads()
