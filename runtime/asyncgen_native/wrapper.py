"""What the native backends add to Django's wrappers: all of it is about whose a wrapper is."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from django.db.utils import load_backend

from .greenlets import in_bridge, running_task
from .insides import Native, Wrappers, replace_async_to_sync, replace_wrappers
from .owner import OVER, Owner, current, on_loop, suspend
from .pool import NativeConnection, Pool, PoolOptions
from .sessions import sets, telling

# Wrappers whose thread is in a transaction; asgiref carries the variable between threads and tasks.
_transactions: ContextVar[frozenset[BaseDatabaseWrapper]] = ContextVar(
    "asyncgen_native_transactions", default=frozenset()
)


def in_transaction_of_thread() -> bool:
    """Tell whether the thread that lends itself to the context is in an ``atomic`` block."""
    wrappers = _transactions.get()
    return bool(wrappers) and any(each.in_atomic_block for each in wrappers)


class NativeWrapper(Native):
    """A database wrapper that may belong to a context on an event loop.

    One that does has an `owner`: calls on the loop use it, and the worker threads of its context.
    One that does not is Django's own, and belongs to its thread.
    """

    def __init__(self, settings_dict: dict[str, Any], alias: str = DEFAULT_DB_ALIAS) -> None:
        self._pool: Pool | None = None
        # What the pool gave; `connection` is set a little later, and perhaps on another thread.
        self._taken: NativeConnection | None = None
        self._in_atomic_block = False
        self._is_begun = False  # the session: what Django, or a receiver, sets in each is no matter
        self._is_set = False  # whether something else was set in it
        self.owner = current()
        super().__init__(settings_dict, alias)
        if self.owner is not None:
            self.inc_thread_sharing()

    # Django sets it where a transaction begins and ends, and nothing else tells of that.
    @property
    def in_atomic_block(self) -> bool:
        return self._in_atomic_block

    @in_atomic_block.setter
    def in_atomic_block(self, inside: bool) -> None:
        self._in_atomic_block = inside
        if self.owner is None and inside != (self in (those := _transactions.get())):
            _transactions.set(those | {self} if inside else those - {self})

    @property
    def is_shared(self) -> bool:
        """Tell whether tasks begun now share it: there is a transaction, or a session of its own
        settings."""
        if self.connection is None:
            return self._in_atomic_block
        return self._in_atomic_block or self._is_set or not self.autocommit

    def connect(self) -> None:
        self._is_begun = self._is_set = False
        super().connect()
        self._is_begun = True

    def note_statement(self, sql: str) -> None:
        """Note what a statement that is about to run does to the session."""
        if self._is_begun and self.owner is not None and sets(sql):
            self._is_set = True
            self.owner.end_with_task()

    def make_cursor(self, cursor: Any) -> CursorWrapper:
        made = super().make_cursor(cursor)
        return made if self.owner is None else telling(type(made))(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> CursorDebugWrapper:
        made = super().make_debug_cursor(cursor)
        return made if self.owner is None else telling(type(made))(cursor, self)

    def holds(self) -> bool:
        """Tell whether the next call in the context needs this very wrapper."""
        return bool(self.execute_wrappers or self.force_debug_cursor or self._holds_connection())

    def _holds_connection(self) -> bool:
        """Tell whether something in the connection is still open."""
        return self.is_shared or (self.connection is not None and self.connection.is_held())

    def join_pool(self) -> None:
        """Take the connection from the pool, which then counts it."""
        assert self.owner is not None
        options = PoolOptions.of(self.settings_dict["OPTIONS"].get("native_pool", {}), self.alias)
        loop, pools = self.owner.loop, self.owner.pools
        self._pool = pools.get(self.alias) or pools.setdefault(
            self.alias, Pool(self.alias, options, loop)
        )

    def open(self, connect: Callable[[], Coroutine[Any, Any, NativeConnection]]) -> Any:
        """Return a connection from the pool, or a new one outside of it. Waits, in either case.

        Raises RuntimeError where the transaction of this wrapper has ended.
        """
        owner, pool = self.owner, self._pool
        assert owner is not None
        if pool is None:
            return suspend(owner.loop, connect)
        return suspend(owner.loop, lambda: self._take(owner, pool, connect))

    async def _take(
        self, owner: Owner, pool: Pool, connect: Callable[[], Awaitable[NativeConnection]]
    ) -> NativeConnection:
        self._refuse_if_over(owner)
        connection = await pool.connection(connect)
        try:
            self._refuse_if_over(owner)  # The call of a thread that goes on may have ended.
        except BaseException:
            pool.give_connection(connection)
            raise
        self._taken = connection
        return connection

    def _refuse_if_over(self, owner: Owner) -> None:
        if owner.wrappers.get(self.alias) is not self:
            raise RuntimeError(OVER)

    def detach(self) -> NativeConnection:
        """Return the connection, which somebody else gets."""
        connection = self._taken
        assert connection is not None
        self.connection = self._taken = None
        return connection

    def drop(self) -> None:
        """Close the connection, whatever is going on in it."""
        if self._pool is not None and self._taken is not None:
            self.run_on_commit = []
            self._pool.drop(self)

    def leave(self, *, whole: bool) -> None:
        """Give the connection back to the pool, or close it if something in it is still open."""
        if self._holds_connection():
            self.drop()
        else:
            self.give_back(whole=whole)

    def give_back(self, *, whole: bool) -> None:
        """Give the connection, in which nothing is open, back to the pool; the `whole` wrapper
        where nobody else has it."""
        pool = self._pool
        if pool is None or self._taken is None:
            return
        self.run_on_commit = []
        if self.connection is None:
            self.drop()
        elif whole:
            self.health_check_done = False
            pool.give(self)
        else:
            pool.give_shared(self)

    def close_if_unusable_or_obsolete(self) -> None:
        """As Django's, but how old a connection of a call may get is the pool's to know.

        Plain async code has nothing to close: what its context still holds is for calls.
        """
        if self.owner is not None:
            if running_task() is not None and not in_bridge():
                return
            self.close_at = None
        super().close_if_unusable_or_obsolete()

    def was_closed(self, connection: NativeConnection) -> None:
        if self._pool is not None and self.owner is not None:
            self._taken = None
            on_loop(self.owner.loop, functools.partial(self._pool.forget, connection))


def is_native(alias: str) -> bool:
    """Tell whether a database has a native backend."""
    return _is_native(connections.settings[alias]["ENGINE"])


@functools.cache
def _is_native(engine: str) -> bool:
    return issubclass(load_backend(engine).DatabaseWrapper, NativeWrapper)


class _Wrappers:
    """Where ``django.db.connections`` keeps its wrappers: with the owner, or else by thread."""

    _of_thread: Wrappers

    def __init__(self, of_thread: Wrappers) -> None:
        object.__setattr__(self, "_of_thread", of_thread)

    def __getattr__(self, alias: str) -> BaseDatabaseWrapper:
        owner = current()
        if owner is not None and (owned := owner.wrapper(alias)) is not None:
            return owned
        wrapper: BaseDatabaseWrapper = getattr(self._of_thread, alias)
        if owner is not None and isinstance(wrapper, NativeWrapper):
            raise AttributeError(alias)  # Django makes one, and sets it.
        return wrapper

    def __setattr__(self, alias: str, wrapper: BaseDatabaseWrapper) -> None:
        owner = current()
        if owner is not None and isinstance(wrapper, NativeWrapper):
            owner.adopt(wrapper)
            wrapper.join_pool()
        else:
            setattr(self._of_thread, alias, wrapper)

    def __delattr__(self, alias: str) -> None:
        owner = current()
        if owner is None or not owner.expel(alias):
            delattr(self._of_thread, alias)


replace_wrappers(_Wrappers)
replace_async_to_sync()
