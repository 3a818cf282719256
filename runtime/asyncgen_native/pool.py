"""The open connections of one database on one event loop.

Drivers differ in how they connect, and psycopg alone brings a pool, so there is one here for all.
What is given back is not the driver's connection but Django's wrapper with the connection in it:
the next call takes both as they are, the one used last first, and nothing is set up again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol
from weakref import WeakKeyDictionary, WeakSet

from django.core.exceptions import ImproperlyConfigured
from django.db.utils import OperationalError

if TYPE_CHECKING:
    from .wrapper import NativeWrapper

__all__ = ["NativeConnection", "Pool", "PoolOptions", "Statistics", "close_pools", "pools"]


class NativeConnection(Protocol):
    """What the pool asks of a driver's connection. None of it waits."""

    opened: float | None
    """When a pool that counts it had it opened, in seconds of its loop's clock."""

    def is_idle(self) -> bool:
        """Tell whether another call may have it: open, in no transaction, nothing under way."""

    def is_alive(self) -> bool:
        """Tell whether the server has not hung up, as far as can be seen without asking it."""

    def is_held(self) -> bool:
        """Tell whether something of the last call lives on in it, such as a named cursor."""

    def renew(self) -> NativeConnection:
        """Return the same connection in another object. This one refuses all work from now on."""

    def drop(self) -> None:
        """Close the socket, whatever is going on."""


@dataclass(frozen=True)
class PoolOptions:
    """What may stand in ``OPTIONS["native_pool"]``; times are in seconds."""

    max_size: int = 20
    min_size: int = 0
    timeout: float = 30.0
    max_idle: float = 600.0
    max_lifetime: float = 3600.0

    @classmethod
    def of(cls, options: object, alias: str) -> PoolOptions:
        """Return the options that stand in the settings.

        Raises ImproperlyConfigured for what is not an option, and for sizes that contradict.
        """
        known = [each.name for each in fields(cls)]
        if not isinstance(options, dict) or not options.keys() <= set(known):
            raise ImproperlyConfigured(
                f'DATABASES["{alias}"]["OPTIONS"]["native_pool"] is a dictionary of some of '
                f"{', '.join(known)}; it is {options!r}."
            )
        made = cls(**options)
        if not 0 <= made.min_size <= made.max_size or made.max_size < 1:
            raise ImproperlyConfigured(
                f'DATABASES["{alias}"]["OPTIONS"]["native_pool"]: max_size has to be at least 1, '
                "and min_size between 0 and max_size."
            )
        return made


@dataclass(frozen=True)
class Statistics:
    """How many connections there are, how many of them are in use, and how many calls wait."""

    open: int
    out: int
    waiting: int


@dataclass
class _Idle:
    """A connection that nobody uses, in the wrapper that it was given back in, if whole."""

    since: float
    connection: NativeConnection
    wrapper: NativeWrapper | None


class Pool:
    """The connections of one alias on one event loop, and those who wait for one."""

    def __init__(self, alias: str, options: PoolOptions, loop: asyncio.AbstractEventLoop) -> None:
        self._alias = alias
        self._options = options
        self._loop = loop
        self._closed = False
        self._idle: list[_Idle] = []
        # What is lost is counted no more.
        self._opened: WeakSet[NativeConnection] = WeakSet()
        self._connecting = 0
        self._waiting: deque[asyncio.Future[NativeConnection | None]] = deque()
        self._shrink: asyncio.TimerHandle | None = None

    def take(self) -> NativeWrapper | None:
        """Return the wrapper given back last, if there is one whose connection still lives."""
        while self._idle and (wrapper := self._idle[-1].wrapper) is not None:
            idle = self._idle.pop()
            if idle.connection.is_alive():
                return wrapper
            wrapper.detach()
            self._drop(idle.connection)
        return None

    async def connection(
        self, connect: Callable[[], Awaitable[NativeConnection]]
    ) -> NativeConnection:
        """Return one given back, or a new one; wait where no more may be opened.

        Raises OperationalError after `timeout` seconds.
        """
        given = self._take_bare()
        if given is None and self._may_open():
            self._connecting += 1
        elif given is None:
            given = await self._turn()
        if given is None:
            try:
                given = await connect()
                self._count(given, self._loop.time())
            finally:
                self._connecting -= 1
                if given is None:
                    self._wake()
        return given

    def _take_bare(self) -> NativeConnection | None:
        """Return a connection that lives, out of whatever wrapper."""
        while self._idle:
            idle = self._idle.pop()
            if idle.wrapper is not None:
                idle.wrapper.detach()
            if idle.connection.is_alive():
                return idle.connection
            self._drop(idle.connection)
        return None

    def _may_open(self) -> bool:
        return len(self._opened) + self._connecting < self._options.max_size

    async def _turn(self) -> NativeConnection | None:
        """Wait for a connection, or for None: the right to open one."""
        turn: asyncio.Future[NativeConnection | None] = self._loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._options.timeout):
                return await turn
        except BaseException as error:
            # Both at once: what came for this call is for the next in the queue.
            if turn.done() and not turn.cancelled():
                self._connecting -= turn.result() is None
                self.give_connection(turn.result())
            if not isinstance(error, TimeoutError):
                raise
        raise OperationalError(
            f"No connection to {self._alias!r} became free within {self._options.timeout} s: "
            f"all {self._options.max_size} are in use. Raise max_size in "
            'OPTIONS["native_pool"], or begin fewer transactions at a time.'
        )

    def give(self, wrapper: NativeWrapper) -> None:
        """Take a wrapper back, for the next call to use as it is."""
        now = self._loop.time()
        if self._next() is None and self._keeps(wrapper.connection, now):
            self._put(_Idle(now, wrapper.connection, wrapper))
        else:
            self.give_connection(wrapper.detach())

    def give_shared(self, wrapper: NativeWrapper) -> None:
        """Take back the connection of a wrapper that a task or thread may still be using."""
        connection = wrapper.detach()
        opened = connection.opened
        if opened is not None and self._keeps(connection, self._loop.time()):
            self._opened.remove(connection)
            connection.opened = None
            connection = connection.renew()
            self._count(connection, opened)
        self.give_connection(connection)

    def _count(self, connection: NativeConnection, opened: float) -> None:
        connection.opened = opened
        self._opened.add(connection)

    def give_connection(self, connection: NativeConnection | None) -> None:
        """Take a connection back; None is the right to open one."""
        now = self._loop.time()
        if connection is None:
            self._wake()
        elif not self._keeps(connection, now):
            self._drop(connection)
        elif (turn := self._next()) is not None:
            turn.set_result(connection)
        else:
            self._put(_Idle(now, connection, None))

    def _keeps(self, connection: NativeConnection, now: float) -> bool:
        """Tell whether it is worth keeping."""
        return (
            not self._closed
            and connection.opened is not None
            and now - connection.opened < self._options.max_lifetime
            and connection.is_idle()
        )

    def _put(self, idle: _Idle) -> None:
        self._idle.append(idle)
        if self._shrink is None:
            # Not in the context of whoever it is: the loop would keep that until then.
            self._shrink = self._loop.call_later(
                self._options.max_idle, self._close_unused, context=Context()
            )

    def drop(self, wrapper: NativeWrapper) -> None:
        """Close the connection of a wrapper, and let somebody else open one."""
        self._drop(wrapper.detach())

    def _drop(self, connection: NativeConnection) -> None:
        connection.drop()
        self.forget(connection)

    def forget(self, connection: NativeConnection) -> None:
        """Count a connection no more: it was closed."""
        if connection.opened is not None:
            connection.opened = None
            self._opened.discard(connection)
            self._wake()

    def _next(self) -> asyncio.Future[NativeConnection | None] | None:
        """Return the first in the queue who still waits."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None

    def _wake(self) -> None:
        """Let the first in the queue open a connection."""
        if self._may_open() and (turn := self._next()) is not None:
            self._connecting += 1
            turn.set_result(None)

    def _close_unused(self) -> None:
        """Close what nobody has needed for `max_idle` seconds, down to `min_size`."""
        self._shrink = None
        before = self._loop.time() - self._options.max_idle
        while self._idle and len(self._opened) > self._options.min_size:
            if self._idle[0].since > before:
                when = self._idle[0].since + self._options.max_idle
                self._shrink = self._loop.call_at(when, self._close_unused, context=Context())
                return
            self._close_first()

    def _close_first(self) -> None:
        idle = self._idle.pop(0)
        if idle.wrapper is not None:
            idle.wrapper.detach()
        self._drop(idle.connection)

    def statistics(self) -> Statistics:
        """Return the numbers of the moment."""
        waiting = sum(not each.done() for each in self._waiting)
        return Statistics(len(self._opened), len(self._opened) - len(self._idle), waiting)

    def close(self) -> None:
        """Close all that is not in use, and what is in use when it is given back."""
        self._closed = True
        if self._shrink is not None:
            self._shrink.cancel()
            self._shrink = None
        while self._idle:
            self._close_first()


class Pools(dict[str, Pool]):
    """The pools of one event loop, by alias."""

    def __init__(self) -> None:
        super().__init__()
        # `loop.shutdown_asyncgens()`, with which asyncio.run() ends, closes what was begun: a loop
        # has no other place to leave something to be done at its end.
        self._until_end = self._close_at_end()
        with suppress(StopIteration):
            self._until_end.asend(None).send(None)

    async def _close_at_end(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        for pool in self.values():
            pool.close()
        self.clear()


_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pools] = WeakKeyDictionary()


def pools() -> Pools:
    """Return the pools of the running loop."""
    loop = asyncio.get_running_loop()
    found = _pools.get(loop)
    if found is None:
        _close_left_over()
        found = _pools[loop] = Pools()
    return found


def _close_left_over() -> None:
    """Close the pools of loops that were closed without `loop.shutdown_asyncgens()`: a connection
    has its loop, which would be kept for ever."""
    for loop in [each for each in _pools if each.is_closed()]:
        _pools.pop(loop).close()


async def close_pools() -> None:
    """Close the connections of the running loop. What is in use closes when it is given back."""
    pools().close()
