"""An async iterator over a sync one, chunk by chunk on the worker thread.

A hop to the worker thread costs about as much as fifty rows, so rows come in chunks. One row more
than the chunk is read on the worker, which tells whether another hop is worth making: there are as
many hops as chunks with rows in them, and one if there are none.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

from .bridge import no_stop_iteration, on_worker
from .completion import run_to_end
from .ending import close_at_the_end
from .exclusive import ExclusiveRows
from .reading import THREAD_GONE, Reader, close_iterators, readers
from .threads import BlockOver, unlent

P = ParamSpec("P")
T = TypeVar("T")

__all__ = ["DEFAULT_CHUNK_SIZE", "close_iterators", "iterator_to_async", "read_rows"]

_readers = readers  # For those who look for what has been left open.

DEFAULT_CHUNK_SIZE = 2000
"""Rows a hop; the number that Django's ``QuerySet.aiterator`` has for a default."""


def iterator_to_async(
    func: Callable[P, Iterable[T]],
    *,
    chunk_size: int | None = None,
    call_now: bool = False,
    read_ahead: bool = False,
    exclusive: bool = False,
) -> Callable[P, AsyncGenerator[T, None]]:
    """Return a function that takes the arguments of `func` and returns an async generator.

    `func` returns an iterable of rows. The call, ``iter()``, every ``next()`` and the closing run
    on one worker thread, beginning with the first step; with `call_now` the call is made at once
    on the caller's thread, so that bad arguments raise where they are passed.

    `chunk_size` is the number of rows a hop, 2000 for None and for what is not positive. A chunk of
    1 reads exactly one, as ``for`` does: for what the consumer has an influence on. With
    `read_ahead` the worker reads the next chunk while the consumer is busy with the last; queries
    of the consumer's then come after queries that in sync code would come after them.

    `exclusive` is for what holds a transaction between two rows. It is read one by one, on a thread
    of its own unless the current one is in a transaction, and what the consumer does meanwhile goes
    there too: it is part of the transaction, as in sync code. Without `exclusive`, a transaction
    that is still open after a chunk is a RuntimeError.

    An error in the iterable is raised in its place, after the rows before it. A StopIteration out
    of `func` is a RuntimeError. When the consumer stops early, fails or is cancelled, the
    iterable's iterator is closed if it has a ``close``, as ``yield from`` does (PEP 380).
    """
    size = chunk_size if chunk_size is not None and chunk_size > 0 else DEFAULT_CHUNK_SIZE

    @functools.wraps(func)
    def start(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        call = functools.partial(func, *args, **kwargs)
        if call_now:
            iterable = no_stop_iteration(call)()
            call = functools.partial(_same, iterable)
        if exclusive:
            return ExclusiveRows(call)
        return _rows(Reader(call, size, look_ahead=size > 1 or read_ahead), read_ahead)

    return start


def _same(iterable: Iterable[T]) -> Iterable[T]:
    return iterable


def read_rows(iterable: Iterable[T]) -> Iterable[T]:
    """Read the rows of `iterable`, all of them, and return what gives them without reading more.

    Rows that are in a list already, as those of a queryset are, are not copied into another.
    """
    rows = iter(iterable)
    return rows if isinstance(rows, _LIST_ITERATOR) else list(rows)


_LIST_ITERATOR: type[Iterator[object]] = type(iter([]))


async def _rows(reader: Reader[T], read_ahead: bool) -> AsyncGenerator[T, None]:
    # The context of the first step leads to the iterator's thread, from wherever the last step is
    # made: the event loop closes a forgotten generator in the context of whoever dropped it.
    context = contextvars.copy_context()
    close_at_the_end()
    read = on_worker(reader.read)
    ahead: asyncio.Task[list[T] | None] | None = None
    more = True
    try:
        # Finished meanwhile, by the end of its thread; or by what was read ahead, which is to come.
        while more and (ahead is not None or not reader.finished):
            rows, ahead = await (ahead or read()), None
            if rows is None:  # The consumer has moved to another thread-sensitive context.
                rows = await run_to_end(reader.read, unlent(context))
            if rows is None:
                raise RuntimeError(THREAD_GONE)
            more = not reader.finished
            if more and read_ahead:
                ahead = asyncio.create_task(read())
                await asyncio.sleep(0)  # A turn for the task to send its work to the thread.
            for row in rows:
                yield row
        if reader.error is not None:
            raise reader.error
    finally:
        if ahead is not None:
            ahead.cancel()
        # Behind a read that still runs: a thread-sensitive thread takes one call after another.
        if more and not reader.finished:
            await _close(reader, context)


async def _close(reader: Reader[T], context: contextvars.Context) -> None:
    try:
        await run_to_end(reader.close, unlent(context))
    except BlockOver:
        if not reader.finished:  # The end of its block has closed it.
            raise
