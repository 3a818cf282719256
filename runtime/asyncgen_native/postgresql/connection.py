"""A psycopg connection that looks synchronous and waits on the event loop.

psycopg's two connection classes share their core, generators that say what they wait for, and
differ in how they wait. So this is the synchronous one, with all that Django knows of it, over the
libpq connection of an asynchronous one, which connects, waits, and cancels at the server.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakSet

import psycopg
from asyncgen_runtime.completion import to_end
from psycopg import AsyncConnection, sql
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from ..greenlets import in_bridge, raise_later, running_task
from ..locks import SuspendingLock
from ..owner import OVER, Owner, current, suspend
from .stepping import Stepper

T = TypeVar("T")

# In seconds: what needs no wait, such as each row of a COPY, lets others have their turn so often.
MAX_BUSY = 0.01


class _NamedCursor(psycopg.ServerCursor[Any]):
    """psycopg's, with room for a `close` of its own, as Django's has: see `watch`."""


class WaitingConnection(psycopg.Connection[Any]):
    """A synchronous connection whose waiting suspends the call that waits."""

    opened: float | None = None

    def __init__(self, waiter: AsyncConnection[Any], cursor_factory: type[Any]) -> None:
        super().__init__(waiter.pgconn)
        self._waiter = waiter
        # Neither warns that it was not closed: a pool cares for that, and the garbage collector
        # takes both together with what would close them.
        for each in (self, waiter):
            each.__dict__["_pool"] = None
        self._loop = asyncio.get_running_loop()
        self._stepper = Stepper(self.pgconn, self._loop)
        self._waited = monotonic()
        self.lock: Any = SuspendingLock(self._loop)
        self.cursor_factory = cursor_factory
        self.server_cursor_factory = _NamedCursor
        self.prepare_threshold = waiter.prepare_threshold
        self._adapters = waiter.adapters
        self._autocommit = waiter.autocommit
        self._named: WeakSet[psycopg.ServerCursor[Any]] | None = None  # nearly always
        self._forgotten: list[_Forgotten] = []
        self._over = False
        self._dropping: asyncio.Task[None] | None = None
        self._farewells: list[str | None] = []
        self.add_notice_handler(partial(_note_farewell, self._farewells))

    @classmethod
    async def open(cls, *, cursor_factory: type[Any], **parameters: Any) -> WaitingConnection:
        """Connect, with the parameters of ``psycopg.connect``."""
        return cls(await AsyncConnection.connect(**parameters), cursor_factory)

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """Do what a generator of psycopg's asks for. A cancellation cancels at the server."""
        if self._over:
            raise psycopg.InterfaceError(OVER)
        if timeout is None and interval == 0.1:
            return suspend(self._loop, lambda: self._complete(gen))
        return suspend(self._loop, lambda: self._waiter.wait(gen, interval, timeout))

    async def _complete(self, gen: PQGen[T]) -> T:
        """Return what a generator returns; as `AsyncConnection.wait`."""
        if self._over:  # It was dropped while a thread was on its way to here.
            raise psycopg.InterfaceError(OVER)
        try:
            wanted = next(gen)
        except StopIteration as result:
            if monotonic() - self._waited > MAX_BUSY:
                await asyncio.sleep(0)
                self._waited = monotonic()
            value: T = result.value
            return value
        try:
            returned: T = await self._stepper.complete(gen, wanted)
        except asyncio.CancelledError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self._cancel(gen)
            raise
        finally:
            self._stepper.stop()
            self._waited = monotonic()
        return returned

    async def _cancel(self, gen: PQGen[Any]) -> None:
        """Cancel a query at the server. If that fails, its session cannot be used any more."""
        self._stepper.stop()
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(5):
                await self._waiter.cancel_safe()
                await self._waiter.wait(gen)

    def commit(self) -> None:
        """Commit. A cancellation meanwhile is raised after that."""
        self._end_transaction(self._commit_gen())

    def rollback(self) -> None:
        """Roll back. A cancellation meanwhile is raised after that."""
        self._end_transaction(self._rollback_gen())

    def _end_transaction(self, gen: PQGen[None]) -> None:
        with self.lock:
            ended = suspend(self._loop, lambda: to_end(self._complete(gen)))
        raise_later(ended.cancelled)
        self._forgotten = [each for each in self._forgotten if each.withhold]
        self._count_closed(each for each in self._named or () if not each.withhold)

    def _count_closed(self, cursors: Iterable[psycopg.ServerCursor[Any]]) -> None:
        """Mark what the server has closed: who still reads from one must not disturb others."""
        for cursor in list(cursors):
            cursor._closed = True

    def close(self) -> None:
        if not self._over:  # Else its session is somebody else's.
            self._stepper.close()
            super().close()

    def __del__(self, *_: object) -> None:
        # It was lost: its loop would watch the socket for ever.
        stepper = self.__dict__.get("_stepper")
        if stepper is not None:  # It could be made.
            stepper.close()

    def watch(self, cursor: Any) -> None:
        """Keep the connection with its context while a named cursor is open."""
        if self._named is None:
            self._named = WeakSet()
        self._named.add(cursor)
        cursor.close = partial(self._close_named, weakref.ref(cursor), current())

    def _close_named(self, ref: Callable[[], Any], owner: Owner | None) -> None:
        """Close a named cursor, or remember to: the finaliser of a generator may run anywhere."""
        cursor = ref()
        if cursor is None or cursor.closed:
            return
        if current() is owner and (in_bridge() or running_task() is None):
            try:
                type(cursor).close(cursor)
            finally:
                if self.closed:  # The server hung up, and has closed it.
                    self._count_closed([cursor])
        else:
            self._forgotten.append(_Forgotten(cursor.name, cursor.withhold))
            self._count_closed([cursor])

    def close_forgotten(self) -> None:
        """Close the named cursors that nobody could close."""
        while self._forgotten:
            name = sql.Identifier(self._forgotten.pop().name)
            self.execute(sql.SQL("CLOSE {}").format(name))

    def is_idle(self) -> bool:
        return (
            self.pgconn.transaction_status == TransactionStatus.IDLE
            and not self.lock.locked()
            and not self._forgotten
        )

    def is_alive(self) -> bool:
        """Tell whether the server has neither said that it hangs up nor hung up.

        A backend that is told to end says so and closes its end of the socket a little later.
        """
        try:
            self.pgconn.consume_input()
            self.pgconn.consume_input()  # The first stops after what was said.
            self.pgconn.is_busy()  # Reads what was said; libpq makes notices of it here.
        except psycopg.OperationalError:
            return False
        return not self._farewells

    def is_held(self) -> bool:
        if self._named is None or self.closed:  # Whoever hung up has closed the cursors.
            return False
        return bool(self._forgotten) or any(not each.closed for each in self._named)

    def renew(self) -> WaitingConnection:
        self._over = True
        self._stepper.close()
        return WaitingConnection(self._waiter, self.cursor_factory)

    def drop(self) -> None:
        self._count_closed(self._named or ())
        if self._is_busy() and not self._loop.is_closed():
            # Somebody waits for its socket, the number of which may be another's when it is closed;
            # or nobody does any more, and the server is still at work.
            self._over = True
            self._dropping = self._loop.create_task(self._drop_when_free())
        else:
            self._finish()

    def _is_busy(self) -> bool:
        return self.lock.locked() or self.pgconn.transaction_status == TransactionStatus.ACTIVE

    async def _drop_when_free(self) -> None:
        try:
            await self._waiter.cancel_safe()
            await self.lock.acquire()
            self.lock.release()
        finally:  # At the end of the loop this is cancelled, as whoever waits is.
            self._finish()

    def _finish(self) -> None:
        self._stepper.close()
        self.pgconn.finish()


def _note_farewell(farewells: list[str | None], notice: psycopg.errors.Diagnostic) -> None:
    """Note a notice with which a server ends a session: it was shut down, or told to end it."""
    if notice.severity_nonlocalized in ("FATAL", "PANIC"):
        farewells.append(notice.message_primary)


@dataclass(frozen=True)
class _Forgotten:
    """A named cursor at the server that nobody here has any more."""

    name: str
    withhold: bool
