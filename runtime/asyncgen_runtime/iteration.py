"""An async iterator over a sync one, chunk by chunk on the worker thread.

A hop to the worker thread costs about as much as fifty rows, so rows come in chunks. One row more
than the chunk is read on the worker, which tells whether another hop is worth making: there are as
many hops as chunks with rows in them, and one if there are none.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakSet

from .bridge import no_stop_iteration, on_worker
from .completion import run_to_end

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger("asyncgen_runtime")

DEFAULT_CHUNK_SIZE = 2000
"""Rows a hop; the number that Django's ``QuerySet.aiterator`` has for a default."""


def iterator_to_async(
    func: Callable[P, Iterable[T]],
    *,
    chunk_size: int | None = None,
    call_now: bool = False,
    read_ahead: bool = False,
) -> Callable[P, AsyncGenerator[T, None]]:
    """Return a function that takes the arguments of `func` and returns an async generator.

    `func` returns an iterable of rows. The call, ``iter()``, every ``next()`` and the closing run
    on one worker thread, beginning with the first step; with `call_now` the call is made at once
    on the caller's thread, so that bad arguments raise where they are passed.

    `chunk_size` is the number of rows a hop, 2000 for None and for what is not positive. With
    `read_ahead` the worker reads the next chunk while the consumer is busy with the last; queries
    of the consumer's then come after queries that in sync code would come after them.

    An error in the iterable is raised in its place, after the rows before it. A StopIteration out
    of `func` is a RuntimeError. When the consumer stops early, fails or is cancelled, the
    iterable's iterator is closed if it has a ``close``, as ``yield from`` does (PEP 380).
    """
    size = chunk_size if chunk_size is not None and chunk_size > 0 else DEFAULT_CHUNK_SIZE

    @functools.wraps(func)
    def start(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T, None]:
        if call_now:
            iterable = no_stop_iteration(func)(*args, **kwargs)
            return _rows(_Reader(lambda: iterable, size), read_ahead)
        return _rows(_Reader(functools.partial(func, *args, **kwargs), size), read_ahead)

    return start


def read_rows(iterable: Iterable[T]) -> Iterable[T]:
    """Read the rows of `iterable`, all of them, and return what gives them without reading more.

    Rows that are in a list already, as those of a queryset are, are not copied into another.
    """
    rows = iter(iterable)
    return rows if isinstance(rows, _LIST_ITERATOR) else list(rows)


_LIST_ITERATOR: type[Iterator[object]] = type(iter([]))


async def _rows(reader: _Reader[T], read_ahead: bool) -> AsyncGenerator[T, None]:
    # The context of the first step leads to the iterator's thread, from wherever the last step is
    # made: the event loop closes a forgotten generator in the context of whoever dropped it.
    context = contextvars.copy_context()
    read = on_worker(reader.read)
    ahead: asyncio.Task[list[T] | None] | None = None
    more = True
    try:
        while more:
            rows = await (ahead or read())
            if rows is None:  # The consumer has moved to another thread-sensitive context.
                rows = await run_to_end(reader.read, context) or []
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
        if more:
            await run_to_end(reader.close, context)


class _Reader(Generic[T]):
    """The half that lives on the worker thread."""

    def __init__(self, call: Callable[[], Iterable[T]], size: int) -> None:
        self.finished = False
        self.error: BaseException | None = None
        self._call = call
        self._size = size
        self._iterator: Iterator[T] | None = None
        self._ahead: list[T] = []
        self._thread = 0

    def read(self) -> list[T] | None:
        """Return the next rows, at most a chunk of them, or None on the wrong thread.

        Sets `finished` if no rows follow, and `error` if an error does.
        """
        if self.finished:  # By close_iterators().
            return []
        if self._thread not in (0, threading.get_ident()):
            return None
        rows, self._ahead = self._ahead, []
        try:
            if self._iterator is None:
                self._open()
            assert self._iterator is not None
            # extend() keeps the rows that came before an error; list() would lose them.
            rows.extend(islice(self._iterator, self._size - len(rows)))
            if len(rows) == self._size:
                self._ahead.extend(islice(self._iterator, 1))
        except BaseException as error:
            # A StopIteration too; out of an async generator it is a RuntimeError (PEP 479).
            self.error = error
        if not self._ahead:
            self._end()
        return rows

    def close(self) -> None:
        """Close the iterator, if it was opened and is not at its end."""
        iterator = self._iterator
        self._end()
        close = getattr(iterator, "close", None)
        if close is not None:
            close()

    def _open(self) -> None:
        self._thread = threading.get_ident()
        self._iterator = iter(self._call())
        _readers.open.add(self)

    def _end(self) -> None:
        _readers.open.discard(self)
        # Dropped here, so that finalisers run on the worker thread as well.
        self._iterator = None
        self._ahead = []
        self.finished = True


class _Readers(threading.local):
    """The readers whose iterators are open on this thread."""

    def __init__(self) -> None:
        self.open: WeakSet[_Reader[Any]] = WeakSet()


_readers = _Readers()


def close_iterators(reason: str) -> None:
    """Close what is still being iterated over on this thread, which is about to go away.

    Whoever goes on reading gets the rows already read and then a RuntimeError with `reason`.
    """
    for reader in list(_readers.open):
        reader.error = RuntimeError(reason)
        try:
            reader.close()
        except Exception:
            # Nobody is there to raise it to, as when Python drops a generator.
            logger.exception("Error while closing %r", reader)
