"""Iterations that nobody takes to their end, whoever has touched and dropped them, and where.

The oracle counts: each is closed once, on the thread on which it was opened; and afterwards there
is no thread, task, session, transaction or complaint that there was not before.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import itertools
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from asyncgen_runtime import context_to_async, iterator_to_async
from asyncgen_runtime.reading import readers
from asyncgen_runtime.test import aclose_connections
from django.db import (
    DatabaseError,
    close_old_connections,
    connection,
    connections,
    transaction,
)

from tests.testproject.library.models import Author

pytestmark = pytest.mark.usefixtures("nothing_left")

ROWS = 6


@dataclass
class Opened:
    """What happened to the iterators, and on which threads."""

    opened: list[threading.Thread] = field(default_factory=list)
    closed: list[threading.Thread] = field(default_factory=list)

    def rows(self) -> Iterator[str]:
        self.opened.append(threading.current_thread())
        try:
            yield from Author.objects.order_by("pk").iterator(chunk_size=2)
        finally:
            self.closed.append(threading.current_thread())
            with suppress(DatabaseError):  # The end of its request has closed the connection.
                Author.objects.count()

    def held(self) -> Iterator[str]:
        with transaction.atomic():
            yield from self.rows()


KINDS = {
    "chunks": lambda opened: iterator_to_async(opened.rows, chunk_size=2),
    "ahead": lambda opened: iterator_to_async(opened.rows, chunk_size=2, read_ahead=True),
    "steps": lambda opened: iterator_to_async(opened.rows, chunk_size=1),
    "held": lambda opened: iterator_to_async(opened.held, exclusive=True),
}


@asynccontextmanager
async def request() -> AsyncIterator[None]:
    """As Django has it: at its end the connection is closed, and then the thread ends."""
    async with ThreadSensitiveContext():
        try:
            yield
        finally:
            await sync_to_async(close_old_connections_unless_read)()


def close_old_connections_unless_read() -> None:
    # A connection to SQLite that is closed while a cursor is open keeps its lock until that goes.
    if connection.vendor != "sqlite" or not readers.open:
        close_old_connections()


@asynccontextmanager
async def process() -> AsyncIterator[None]:
    yield


PLACES = {"process": process, "request": request}


async def touched(rows: Any, place: str) -> None:
    async with PLACES[place]():
        await anext(rows)


async def until(is_so: Callable[[], bool]) -> bool:
    """Wait for what the event loop does about what was dropped, beginning with its next turn."""
    for _ in range(500):
        await asyncio.sleep(0.01)
        if is_so():
            return True
    return False


async def begin(rows: Any, foreign: tuple[str, str] | None) -> Any:
    """Read a row or two, one of them perhaps in another task."""
    order, place = foreign or ("", "")
    if order == "first":
        await asyncio.create_task(touched(rows, place))
    else:
        await anext(rows)
    if order == "later":
        await asyncio.create_task(touched(rows, place))
    return rows


async def drop(rows: list[Any]) -> None:
    """As the last that refers to it, in a request of one's own."""
    async with request():
        await Author.objects.acount()
        rows.clear()
        gc.collect()


FOREIGN = [None, *itertools.product(["first", "later"], PLACES)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dropped", ["at once", "in another request", "after its request"])
def test_nothing_is_left_of_what_was_dropped(run, caplog, kind, dropped):
    complaints: list[object] = []

    async def one(begun: str, foreign: tuple[str, str] | None) -> None:
        opened = Opened()
        gc.collect()
        threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
        rows = []
        async with PLACES[begun]():
            rows.append(await asyncio.create_task(begin(KINDS[kind](opened)(), foreign)))
            if dropped == "at once":
                rows.clear()
            elif dropped == "in another request":
                await asyncio.create_task(drop(rows), context=contextvars.Context())
        await drop(rows)
        assert await until(lambda: asyncio.all_tasks() == tasks)
        assert not await sync_to_async(lambda: connection.in_atomic_block)()
        await aclose_connections()
        assert await until(lambda: set(threading.enumerate()) <= threads), threading.enumerate()
        assert len(opened.opened) == 1
        assert opened.closed == opened.opened
        assert complaints == []
        assert caplog.records == []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        await sync_to_async(Author.objects.bulk_create)([Author(name=str(n)) for n in range(ROWS)])
        for begun, foreign in itertools.product(PLACES, FOREIGN):
            print(begun, foreign)
            await one(begun, foreign)

    run(main())


def test_a_sync_caller_has_taken_its_thread_back(run):
    """It lent the thread on which the iteration began, and is gone when that is dropped."""
    opened = Opened()
    complaints: list[object] = []

    async def touch(rows: Any) -> None:
        await anext(rows)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        await sync_to_async(Author.objects.bulk_create)([Author(name=str(n)) for n in range(ROWS)])
        rows = iterator_to_async(opened.rows, chunk_size=1)()
        await sync_to_async(async_to_sync(touch))(rows)
        assert await anext(rows)
        del rows
        assert await until(lambda: opened.closed == opened.opened)
        await aclose_connections()

    run(main())
    assert complaints == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_after_the_request_says_what_to_do(run, kind):
    """And the iterator is closed on the thread that goes."""
    opened = Opened()

    async def main() -> None:
        await sync_to_async(Author.objects.bulk_create)([Author(name=str(n)) for n in range(ROWS)])
        gone = asyncio.Event()

        async def iterate() -> None:
            async with context_to_async(nullcontext)():  # so that what is held is in the request
                async for _ in KINDS[kind](opened)():
                    await gone.wait()

        async with ThreadSensitiveContext():
            task = asyncio.create_task(iterate())
            assert await until(lambda: bool(opened.opened))
        gone.set()
        with pytest.raises(RuntimeError, match="the request"):
            async with asyncio.timeout(20):
                await task

    run(main())
    assert opened.closed == opened.opened


@pytest.mark.skipif(
    connection.vendor == "mysql" or connection.settings_dict["NAME"] == ":memory:",
    reason="MySQL's drivers have the rows by then, and Django leaves a database in memory open",
)
def test_the_error_of_a_connection_that_was_closed_says_what_to_do(run):
    """As by the end of a request, before its thread ends."""

    async def main() -> None:
        await sync_to_async(Author.objects.bulk_create)([Author(name=str(n)) for n in range(ROWS)])
        rows = iterator_to_async(Author.objects.order_by("pk").iterator, chunk_size=1)()
        assert await anext(rows)
        await sync_to_async(connections.close_all)()
        with pytest.raises(RuntimeError, match="outside of the request") as caught:
            async for _ in rows:
                pass
        assert caught.value.__cause__ is not None
        await aclose_connections()

    run(main())
