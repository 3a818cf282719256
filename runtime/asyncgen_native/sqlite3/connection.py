"""SQLite connections for an event loop: each on a thread of its own, for SQLite has no sockets.

What waits for a lock, for ``timeout`` seconds, is the thread. A cursor brings its first rows along
with the answer to `execute`, so that most queries cost one hop.
"""

from __future__ import annotations

import asyncio
import sqlite3
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from weakref import WeakSet

from asyncgen_runtime.completion import to_end

from ..greenlets import raise_later
from ..owner import OVER, suspend

T = TypeVar("T")

CHUNK = 100  # Rows a hop; as many as Django makes models of at a time.


class ThreadConnection:
    """A connection whose calls run on its thread, while the call on the loop is suspended."""

    opened: float | None = None

    def __init__(self, connection: sqlite3.Connection, executor: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._executor = executor
        self._loop = asyncio.get_running_loop()
        self._cursors: WeakSet[ThreadCursor] = WeakSet()
        self._running = 0
        self._over = False
        # The garbage collector must not find these two together with this: it would end the thread.
        self._lost = weakref.finalize(self, _close_lost, self._loop, connection, executor)
        self._lost.atexit = False

    @classmethod
    async def open(cls, connect: Callable[[], sqlite3.Connection]) -> ThreadConnection:
        """Connect, on a thread of its own. A cancellation meanwhile closes what that opened."""
        executor = ThreadPoolExecutor(1, thread_name_prefix="asyncgen_native.sqlite3")
        connecting = asyncio.get_running_loop().run_in_executor(executor, connect)
        ended = await to_end(_wait(connecting))
        self = cls(ended.value, executor)
        if ended.cancelled is not None:
            self.drop()
            raise ended.cancelled
        return self

    def do(self, func: Callable[[], T]) -> T:
        """Run `func` on the thread. A cancellation interrupts it."""
        __traceback_hide__ = True
        try:
            return suspend(self._loop, lambda: self._do(func))
        except sqlite3.Error as error:
            # Without the way to the thread and back.
            raise error.with_traceback(None)  # noqa: B904

    async def _do(self, func: Callable[[], T]) -> T:
        running = self._start(func)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._connection.interrupt()
            with suppress(sqlite3.Error):
                await to_end(_wait(running))
            raise

    def _start(self, func: Callable[[], T]) -> asyncio.Future[T]:
        if self._over:
            raise sqlite3.ProgrammingError(OVER)
        self._running += 1
        running = self._loop.run_in_executor(self._executor, func)
        running.add_done_callback(self._stop)
        return running

    def _stop(self, _: object) -> None:
        self._running -= 1

    def _do_to_end(self, func: Callable[[], T]) -> T:
        ended = suspend(self._loop, lambda: to_end(_wait(self._start(func))))
        raise_later(ended.cancelled)
        return ended.value

    def commit(self) -> None:
        """Commit. A cancellation meanwhile is raised after that."""
        self._do_to_end(self._connection.commit)

    def rollback(self) -> None:
        """Roll back. A cancellation meanwhile is raised after that."""
        self._do_to_end(self._connection.rollback)

    def cursor(self, factory: type[sqlite3.Cursor] = sqlite3.Cursor) -> ThreadCursor:
        cursor = ThreadCursor(self, self._connection.cursor(factory))
        self._cursors.add(cursor)
        return cursor

    def execute(self, *arguments: Any) -> ThreadCursor:
        return self.cursor().execute(*arguments)

    @property
    def isolation_level(self) -> str | None:
        return self._connection.isolation_level

    @isolation_level.setter
    def isolation_level(self, level: Any) -> None:
        # None commits what is open.
        self._do_to_end(partial(setattr, self._connection, "isolation_level", level))

    def close(self) -> None:
        self._do_to_end(self._connection.close)
        self._lost.detach()
        self._executor.shutdown(wait=False)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if callable(found):
            return lambda *args, **kwargs: self.do(partial(found, *args, **kwargs))
        return found

    def is_idle(self) -> bool:
        return not self._running and not self._connection.in_transaction

    def is_alive(self) -> bool:
        return True

    def is_held(self) -> bool:
        return any(each.is_open() for each in self._cursors)

    def renew(self) -> ThreadConnection:
        self._over = True
        self._lost.detach()
        return ThreadConnection(self._connection, self._executor)

    def drop(self) -> None:
        if self._lost.detach() is not None:
            _end(self._connection, self._executor)


def _end(connection: sqlite3.Connection, executor: ThreadPoolExecutor) -> None:
    executor.submit(connection.close)
    executor.shutdown(wait=False)


def _close_lost(
    loop: asyncio.AbstractEventLoop, connection: sqlite3.Connection, executor: ThreadPoolExecutor
) -> None:
    """Close what nobody has any more; the garbage collector, who says so, may hold any lock."""
    if loop.is_closed():
        connection.close()
    else:
        loop.call_soon_threadsafe(_end, connection, executor)


async def _wait(future: asyncio.Future[T]) -> T:
    return await future


class ThreadCursor:
    """A cursor of a `ThreadConnection`."""

    def __init__(self, connection: ThreadConnection, cursor: sqlite3.Cursor) -> None:
        self.connection = connection
        self._cursor = cursor
        self._rows: deque[Any] = deque()
        self._more = False

    def execute(self, *arguments: Any) -> ThreadCursor:
        __traceback_hide__ = True
        self._rows.clear()
        self.connection.do(partial(self._execute, arguments))
        return self

    def _execute(self, arguments: tuple[Any, ...]) -> None:
        self._cursor.execute(*arguments)
        self._read(CHUNK)

    def executemany(self, query: str, parameters: Any) -> ThreadCursor:
        __traceback_hide__ = True
        self.connection.do(partial(self._cursor.executemany, query, list(parameters)))
        return self

    def _read(self, count: int) -> None:
        rows = self._cursor.fetchmany(count) if self._cursor.description else []
        self._rows.extend(rows)
        self._more = len(rows) == count

    def _have(self, count: int) -> None:
        missing = count - len(self._rows)
        if missing > 0 and self._more:
            self.connection.do(partial(self._read, max(missing, CHUNK)))

    def fetchone(self) -> Any:
        self._have(1)
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        size = self.arraysize if size is None else size
        self._have(size)
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        rows = list(self._rows)
        self._rows.clear()
        if self._more:
            self._more = False
            rows += self.connection.do(self._cursor.fetchall)
        return rows

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row

    def close(self) -> None:
        self._more = False
        self._rows.clear()
        self._cursor.close()  # Frees memory and waits for nothing.

    def is_open(self) -> bool:
        """Tell whether SQLite has rows left for it."""
        return self._more

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


class LoopConnection(sqlite3.Connection):
    """A connection whose queries run on the thread of the loop, and block it."""

    opened: float | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._cursors: WeakSet[sqlite3.Cursor] = WeakSet()

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        cursor = super().cursor(factory)
        self._cursors.add(cursor)
        return cursor

    def is_idle(self) -> bool:
        return not self.in_transaction

    def is_alive(self) -> bool:
        return True

    def is_held(self) -> bool:
        return len(self._cursors) > 0

    def renew(self) -> LoopConnection:
        return self  # Nobody is in the middle of anything: queries do not suspend.

    def drop(self) -> None:
        self.close()
