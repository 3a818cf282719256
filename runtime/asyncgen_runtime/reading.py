"""The half of an iteration that lives on the worker thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar
from weakref import WeakSet

from . import connections

T = TypeVar("T")

logger = logging.getLogger("asyncgen_runtime")

HOLDS_A_TRANSACTION = (
    "This iterator keeps a transaction open between two rows, on a thread that it shares with "
    "other tasks, whose queries would be part of it. It has been closed. Give it a thread of its "
    "own: iterator_to_async(..., exclusive=True)."
)


THREAD_GONE = (
    "The thread on which this iteration began is gone, as that of a request is after the request. "
    "Iterate to the end before the request ends, or start the task that iterates outside of it."
)
CONNECTION_CLOSED = (
    "The connection of this iteration has been closed meanwhile, as that of a request is with the "
    "request. Iterate to the end before, or start the task that iterates outside of the request."
)


class Reader(Generic[T]):
    """Reads an iterable chunk by chunk, always on the thread of the first read."""

    def __init__(
        self,
        call: Callable[[], Iterable[T]],
        size: int,
        look_ahead: bool = True,
        exclusive: bool = False,
    ) -> None:
        self.finished = False
        self.error: BaseException | None = None
        self._call = call
        self._size = size
        self._look_ahead = look_ahead
        self._exclusive = exclusive
        self._iterator: Iterator[T] | None = None
        self._ahead: list[T] = []
        # Not its identity, which the next thread may have when this one is gone.
        self._thread: threading.Thread | None = None
        self._sessions: dict[str, object] = {}  # As the first read has left them.

    def read(self) -> list[T] | None:
        """Return the next rows, at most a chunk of them, or None on the wrong thread.

        Sets `finished` if no rows follow, and `error` if an error does. It looks one row ahead to
        learn that; where it must not, it takes no rows at all for the end.
        """
        if self.finished:  # By close_iterators().
            return []
        if self._thread not in (None, threading.current_thread()):
            return None
        before = {} if self._exclusive else connections.depths()
        rows, self._ahead = self._ahead, []
        try:
            if self._iterator is None:
                self._open()
            assert self._iterator is not None
            # extend() keeps the rows that came before an error; list() would lose them.
            rows.extend(islice(self._iterator, self._size - len(rows)))
            if self._look_ahead and len(rows) == self._size:
                self._ahead.extend(islice(self._iterator, 1))
        except BaseException as error:
            # A StopIteration too; out of an async generator it is a RuntimeError (PEP 479).
            self.error = self._explained(error)
        follow = self._ahead if self._look_ahead else rows
        if not follow or self.error is not None:
            self._end()
        elif not self._exclusive and connections.deeper_than(before):
            self.close()
            raise RuntimeError(HOLDS_A_TRANSACTION)
        elif not self._sessions:
            self._sessions = connections.sessions()
        return rows

    def close(self) -> None:
        """Close the iterator, if it was opened and is not at its end.

        On another thread nothing happens: that of the iterator is at its end, and sees to it.
        """
        if self._thread not in (None, threading.current_thread()):
            return
        iterator = self._iterator
        self._end()
        close = getattr(iterator, "close", None)
        if close is not None:
            close()

    def _explained(self, error: BaseException) -> BaseException:
        if not connections.is_of_a_closed_session(error, self._sessions):
            return error
        explained = RuntimeError(CONNECTION_CLOSED)
        explained.__cause__ = error
        return explained

    def _open(self) -> None:
        self._thread = threading.current_thread()
        self._iterator = iter(self._call())
        readers.open.add(self)

    def _end(self) -> None:
        readers.open.discard(self)
        # Dropped here, so that finalisers run on the worker thread as well.
        self._iterator = None
        self._ahead = []
        self._sessions = {}
        self.finished = True


class _Readers(threading.local):
    """The readers whose iterators are open on this thread."""

    def __init__(self) -> None:
        self.open: WeakSet[Reader[Any]] = WeakSet()


readers = _Readers()


def close_iterators(reason: str) -> None:
    """Close what is still being iterated over on this thread, which is about to go away.

    Whoever goes on reading gets the rows already read and then a RuntimeError with `reason`.
    """
    for reader in list(readers.open):
        reader.error = RuntimeError(reason)
        try:
            reader.close()
        except Exception:
            # Nobody is there to raise it to, as when Python drops a generator.
            logger.exception("Error while closing %r", reader)
