"""`aatomic` on the event loop: a transaction on a connection of its own, and no thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import nullcontext
from contextvars import Context, copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar, overload

from asyncgen_runtime import transaction as on_threads
from asyncgen_runtime.completion import to_end
from asyncgen_runtime.connections import collect_hooks
from asyncgen_runtime.context import Entered
from asyncgen_runtime.hooks import Due, run_due
from asyncgen_runtime.nesting import innermost
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from greenlet import getcurrent

from . import owner as owners
from .calls import call_in_turn
from .nesting import Nested, current, nesting
from .owner import Owner
from .wrapper import in_transaction_of_thread, is_native

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["AsyncAtomic", "aatomic"]


@overload
def aatomic(using: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]: ...


@overload
def aatomic(
    using: str | None = None, savepoint: bool = True, durable: bool = False
) -> AsyncAtomic: ...


def aatomic(
    using: Callable[P, Awaitable[R]] | str | None = None,
    savepoint: bool = True,
    durable: bool = False,
) -> Callable[P, Coroutine[Any, Any, R]] | AsyncAtomic:
    """Do for async code what ``django.db.transaction.atomic`` does for sync code.

    As `asyncgen_runtime.transaction.aatomic`, to the letter, but that the outermost block has no
    thread: it has a connection of the pool, which what it calls on the loop uses, and the worker
    threads that it sends work to. For a database without a native backend, and inside of a
    transaction of a thread, it is that one. With asyncgen_native in INSTALLED_APPS, that is this.
    """
    if callable(using):
        return AsyncAtomic(None, savepoint, durable)(using)
    return AsyncAtomic(using, savepoint, durable)


class AsyncAtomic(on_threads.AsyncAtomic):
    """What `aatomic` returns: good for one block at a time, or for decorating functions."""

    def _new_block(self) -> Entered[None]:
        block = begin_on_loop(self._using or DEFAULT_DB_ALIAS, self._savepoint, self._durable)
        return super()._new_block() if block is None else block


def begin_on_loop(using: str, savepoint: bool, durable: bool) -> Entered[None] | None:
    """Return a block on the loop, or None where it has to be on a thread: in what was entered on
    one, it sees what was set there."""
    if in_transaction_of_thread() or innermost() is not None or not is_native(using):
        return None
    return _Block(using, savepoint, durable)


class _Block(Nested):
    """One entered block: a savepoint, or a transaction with an owner of its own."""

    def __init__(self, using: str, savepoint: bool, durable: bool) -> None:
        super().__init__()
        self._using = using
        self._atomic = transaction.atomic(using, savepoint, durable)
        self._owner: Owner | None = None
        self._around: Owner | None = None  # of the transaction in which this is a savepoint
        self._before: Owner | None = None
        self._entered = False
        self._is_outermost = False
        self._lock: asyncio.Lock | None = None
        self._task: asyncio.Task[Any] | None = None
        self._context: Context | None = None
        self._due: list[Due] = []
        self._awaited: Callable[[], Awaitable[None]] | None = None

    async def enter(self) -> None:
        owner = owners.current()
        if owner is not None and owner.is_shared:
            self._around = owner
            await self._keep_others_out(nesting(owner))
        else:
            self._before = owners.swap(None)
            self._owner = owners.begin(block=True)
        try:
            await call_in_turn(self._enter)
        except BaseException as error:
            await self.leave(error)
            raise
        current.set(self)
        self._context = copy_context()

    def _enter(self) -> None:
        self._is_outermost = not connections[self._using].in_atomic_block
        self._atomic.__enter__()
        self._entered = True

    async def leave(self, error: BaseException | None) -> None:
        # Left in another context than entered in (an async fixture, a forgotten async generator),
        # it still has to reach its own connection. In its own it is left in the very context, not
        # in a copy, so that what on_commit hooks set is set there.
        own = self._context is None or current.get() is self
        context = getcurrent().gr_context if own else self._context
        self.ended = True
        try:
            await _to_end(self._leave(error), context)
            self._let_others_in()
            while self._awaited is not None:  # Here, and not above, it can be cancelled.
                hook, self._awaited = self._awaited, None
                await asyncio.create_task(_awaiting(hook), context=context)
                await _to_end(self._in_place(self._run_hooks), context)
        finally:
            self._finish(own)

    def _finish(self, own: bool) -> None:
        if self._owner is not None:
            self._owner.end()
        if own:
            current.set(self.outer)
            if self._owner is not None:
                owners.swap(self._before)
        self._let_others_in()

    async def _keep_others_out(self, lock: asyncio.Lock) -> None:
        await lock.acquire()
        self._lock, self._task = lock, asyncio.current_task()
        if self._task is not None:  # At its end nobody is inside any more, left or not.
            self._task.add_done_callback(self._let_others_in)

    def _let_others_in(self, _: object = None) -> None:
        lock, self._lock = self._lock, None
        task, self._task = self._task, None
        if task is not None:
            task.remove_done_callback(self._let_others_in)
        if lock is not None:
            lock.release()

    async def _leave(self, error: BaseException | None) -> None:
        if error is not None and self._around is not None and self._around.ended:
            return  # Rolled back with the block around it; `error` is what is raised.
        if self._entered:
            await self._in_place(partial(self._leave_atomic, error))

    async def _in_place(self, func: Callable[[], None]) -> None:
        """Call `func` as the task would that entered the block."""
        with self._owner.used_by_current_task() if self._owner else nullcontext():
            await call_in_turn(func)

    def _leave_atomic(self, error: BaseException | None) -> None:
        if self._is_outermost:
            collect_hooks({}, self._due, self._using)
        _leave(connections[self._using], self._atomic, error)
        self._run_hooks()

    def _run_hooks(self) -> None:
        self._awaited = run_due(self._due)


async def _to_end(coroutine: Coroutine[Any, Any, None], context: Context | None) -> None:
    ended = await to_end(coroutine, context)
    if ended.cancelled is not None:
        raise ended.cancelled


async def _awaiting(hook: Callable[[], Awaitable[None]]) -> None:
    await hook()


def _leave(
    connection: BaseDatabaseWrapper, atomic: transaction.Atomic, error: BaseException | None
) -> None:
    """Leave `atomic`, and with an error what is still open inside it: that of the block, if it has
    one, which is raised by whoever left it."""
    blocks = connection.atomic_blocks
    if atomic not in blocks:
        if error is None:
            raise RuntimeError("This block was rolled back when the block around it ended.")
        return
    still_open = None
    while blocks[-1] is not atomic:
        still_open = still_open or RuntimeError(
            "Rolled back: a task started inside this block was still in a block of its own."
        )
        blocks[-1].__exit__(RuntimeError, still_open, None)
    failure = error or still_open
    atomic.__exit__(type(failure) if failure else None, failure, None)
    if error is None and still_open is not None:
        raise still_open
