"""What Django's test tools cannot do in async tests. Needs Django.

Connections belong to threads, so what the sync tools watch from a coroutine is a connection on
which nothing ever happens. These watch the one on the worker thread, and those of the aatomic()
blocks begun inside. They work in Django's test cases and, as plain functions, under pytest.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import QuerySet
from django.db.models.query import RawQuerySet
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from .bridge import sync_to_async
from .context import context_to_async

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


_captures: ContextVar[tuple[BaseDatabaseWrapper, ...]] = ContextVar(
    "asyncgen_runtime_captures", default=()
)


@contextmanager
def _capture(using: str) -> Iterator[CaptureQueriesContext]:
    connection = connections[using]
    before = _captures.get()

    def join(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
        _join(connection)

    with CaptureQueriesContext(connection) as captured:
        _captures.set((*before, connection))
        connection_created.connect(join)
        try:
            yield captured
        finally:
            connection_created.disconnect(join)
            _captures.set(before)


def _join(created: BaseDatabaseWrapper) -> None:
    """Let a connection made inside a capture write its queries into the captured connection's log.

    The signal comes for every connection of the process. It is sent on the thread of the work that
    needs the connection, with that work's context variables: they tell what was started inside.
    """
    for captured in _captures.get():
        if captured.alias == created.alias and captured is not created:
            created.queries_log = captured.queries_log
            created.force_debug_cursor = True


@asynccontextmanager
async def aassert_num_queries(
    num: int, using: str = DEFAULT_DB_ALIAS
) -> AsyncGenerator[CaptureQueriesContext, None]:
    """Raise AssertionError, listing the queries, unless the block makes `num` of them."""
    async with acapture_queries(using) as captured:
        yield captured
    if len(captured) != num:
        listing = "\n".join(
            f"{i}. {query['sql']}" for i, query in enumerate(captured.captured_queries, start=1)
        )
        raise AssertionError(
            f"{len(captured)} queries executed, {num} expected\nCaptured queries were:\n{listing}"
        )


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
    """Close the connections of the worker thread.

    Where the event loop is outermost, as under pytest-asyncio, they outlive the tests, and
    PostgreSQL refuses to drop a test database to which a connection is open.
    """
    await sync_to_async(connections.close_all)()
