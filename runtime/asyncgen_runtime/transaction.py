"""Transactions in async code: ``aatomic`` and ``aon_commit``. Needs Django.

Django's connections belong to threads, and asgiref sends all thread-sensitive work of a context,
by default that of the whole process, to one thread. A transaction left open there while its task
awaits something would swallow the queries of every other task. So a block that begins a
transaction gets a thread of its own, and with it a connection of its own, for as long as it lasts.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, NoReturn, ParamSpec, TypeVar, overload
from weakref import WeakKeyDictionary

from asgiref.sync import (
    AsyncToSync,
    SyncToAsync,
    ThreadSensitiveContext,
    async_to_sync,
    iscoroutinefunction,
)
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from .bridge import sync_to_async
from .completion import run_to_end
from .iteration import close_iterators

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

__all__ = ["AsyncAtomic", "aatomic", "aon_commit", "explain_atomic"]

_USE_AATOMIC = (
    "In place of `with atomic():` there is `async with aatomic():`, "
    "from asyncgen_runtime.transaction."
)
_OVER = (
    "The aatomic() block in which this was started has ended, and its connection is closed. "
    "Tasks started inside the block have to finish before it does."
)


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

    ``async with aatomic():``, ``@aatomic`` and ``@aatomic(using="other")`` on coroutine functions;
    the arguments are those of ``atomic``.

    The outermost block begins a transaction on a thread and a connection of its own; all
    thread-sensitive work in the block goes there, and that of other tasks does not. Inside a block,
    and wherever the current thread already is in an ``atomic`` block (a TestCase, a view under
    ATOMIC_REQUESTS), a block is a savepoint on the same thread.

    Tasks started in the block (``gather``, ``TaskGroup``) share its transaction. Nested blocks of
    theirs wait for one another: savepoints of one connection cannot overlap. What they send to the
    database after the block has ended raises RuntimeError.

    The block commits when it ends, and rolls back when an exception or a cancellation leaves it. A
    cancellation that arrives during the commit is raised after it. Either way the connection is
    closed and the thread ended before the block is left.

    Raises RuntimeError for a `durable` block inside another one, as Django does.
    """
    if callable(using):
        return AsyncAtomic(None, savepoint, durable)(using)
    return AsyncAtomic(using, savepoint, durable)


def explain_atomic() -> None:
    """Let the error that ``with atomic():`` raises in async code name ``aatomic``.

    Django's message knows nothing of it. This replaces ``Atomic.__enter__`` for the whole process,
    so nothing here calls it: it is for projects that ask for it.
    """
    enter = transaction.Atomic.__enter__
    if hasattr(enter, "__wrapped__"):
        return

    @functools.wraps(enter)
    def explained(self: transaction.Atomic) -> None:
        try:
            enter(self)
        except SynchronousOnlyOperation as error:
            raise SynchronousOnlyOperation(f"{error} {_USE_AATOMIC}") from None

    setattr(transaction.Atomic, "__enter__", explained)  # noqa: B010  mypy allows no assignment


class AsyncAtomic:
    """What `aatomic` returns: good for one block at a time, or for decorating functions."""

    def __init__(self, using: str | None, savepoint: bool, durable: bool) -> None:
        self._arguments = (using, savepoint, durable)
        self._block: _Block | None = None

    async def __aenter__(self) -> None:
        if self._block is not None:
            raise RuntimeError("This aatomic() is already entered; every block needs its own.")
        self._block = block = _Block(*self._arguments)
        try:
            await block.enter()
        except BaseException:
            self._block = None
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        block, self._block = self._block, None
        assert block is not None
        await block.leave(error)

    def __enter__(self) -> NoReturn:
        raise TypeError(
            "aatomic() is for async code: `async with aatomic():`. "
            "In sync code use django.db.transaction.atomic()."
        )

    def __exit__(self, *_: object) -> None:
        """Exist, so that ``with`` gets as far as the message of __enter__."""

    def __call__(self, func: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        """Return `func` with a block of its own around every call."""
        if not iscoroutinefunction(func):
            raise TypeError(
                "@aatomic can only be applied to coroutine functions. "
                "For sync functions use @django.db.transaction.atomic."
            )

        @functools.wraps(func)
        async def inside(*args: P.args, **kwargs: P.kwargs) -> R:
            async with AsyncAtomic(*self._arguments):
                return await func(*args, **kwargs)

        return inside


class _Block:
    """One entered block: a savepoint on the current thread, or a thread of its own."""

    def __init__(self, using: str | None, savepoint: bool, durable: bool) -> None:
        self.nesting = asyncio.Lock()
        self.outer = _current.get()
        self.ended = False
        self._using = DEFAULT_DB_ALIAS if using is None else using
        self._atomic = transaction.atomic(self._using, savepoint, durable)
        self._entered = False
        self._thread: _Thread | None = None
        self._lock: asyncio.Lock | None = None
        self._restore: list[Callable[[], None]] = []
        self._context: contextvars.Context | None = None

    async def enter(self) -> None:
        lock = _nesting_lock()
        await lock.acquire()
        self._lock = lock
        try:
            if not await sync_to_async(self._enter_nested)():
                self._release()
                self._thread = _Thread()
                self._restore += self._thread.activate()
                await sync_to_async(self._enter)()
        except BaseException as error:
            # A cancelled hop may still be running: this waits in line behind it.
            await self.leave(error)
            raise
        self._restore.append(_set(_current, self))
        self._context = contextvars.copy_context()

    async def leave(self, error: BaseException | None) -> None:
        # Left in another context than entered in (an async fixture, a forgotten async generator),
        # it still has to reach its own thread.
        foreign = self._context if _current.get() is not self else None
        self.ended = True
        try:
            await run_to_end(functools.partial(self._leave, error), foreign)
        finally:
            while self._restore:
                self._restore.pop()()
            if self._thread is not None:
                # Nothing can hold up the thread: what is left in its queue is refused.
                self._thread.shutdown()
            self._release()

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def _enter_nested(self) -> bool:
        """Enter and return True if this thread is in a transaction, on whatever database.

        On whatever: with a thread for each database, a block for one of them inside a block for
        another would take the queries of the outer one out of their transaction.
        """
        if not any(each.in_atomic_block for each in connections.all(initialized_only=True)):
            return False
        self._enter()
        return True

    def _enter(self) -> None:
        self._atomic.__enter__()
        self._entered = True

    def _leave(self, error: BaseException | None) -> None:
        try:
            if self._thread is not None:
                close_iterators(_OVER)
            if self._entered:
                _leave_atomic(connections[self._using], self._atomic, error)
        finally:
            if self._thread is not None:
                self._thread.finish()


_current: contextvars.ContextVar[_Block | None] = contextvars.ContextVar(
    "asyncgen_runtime_block", default=None
)
_outermost: WeakKeyDictionary[object, asyncio.Lock] = WeakKeyDictionary()


def _nesting_lock() -> asyncio.Lock:
    """Return the lock held by whoever has a savepoint open directly inside the current block.

    Outside of all blocks it belongs to the thread-sensitive context: the thread may be in a
    transaction that was begun elsewhere, such as a TestCase's.
    """
    block = _current.get()
    while block is not None and block.ended:  # Then a task has outlived it.
        block = block.outer
    if block is not None:
        return block.nesting
    where = SyncToAsync.thread_sensitive_context.get(None) or asyncio.get_running_loop()
    return _outermost.setdefault(where, asyncio.Lock())


def _leave_atomic(
    connection: BaseDatabaseWrapper, atomic: transaction.Atomic, error: BaseException | None
) -> None:
    """Leave `atomic`, and with an error what is still open inside it."""
    blocks = connection.atomic_blocks
    if atomic not in blocks:
        raise RuntimeError("This block was rolled back when the block around it ended.")
    if blocks[-1] is not atomic:
        failure = RuntimeError(
            "Rolled back: a task started inside this block was still in a block of its own."
        )
        failure.__cause__ = error
        while blocks[-1] is not atomic:
            blocks[-1].__exit__(RuntimeError, failure, None)
        atomic.__exit__(RuntimeError, failure, None)
        raise failure
    if error is None:
        atomic.__exit__(None, None, None)
    else:
        atomic.__exit__(type(error), error, error.__traceback__)


class _Thread(ThreadPoolExecutor):
    """A single worker thread that refuses all work once its block is over."""

    def __init__(self) -> None:
        super().__init__(max_workers=1, thread_name_prefix="aatomic")
        self._over = False

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if self._over:
            raise RuntimeError(_OVER)
        return super().submit(self._run, functools.partial(fn, *args, **kwargs))

    def _run(self, work: Callable[[], T]) -> T:
        # Asked again: it may have waited in the queue while the block ended.
        if self._over:
            raise RuntimeError(_OVER)
        return work()

    def activate(self) -> list[Callable[[], None]]:
        """Send the thread-sensitive work of the current context here; return how to undo it.

        As ``ThreadSensitiveContext(executor=...)`` of asgiref 3.13 does: a context of its own even
        inside another one, and precedence over a sync caller further up that lends its thread.
        """
        context = ThreadSensitiveContext()
        # Kept after the end of the block. Without it asgiref would give tasks that outlive the
        # block a new thread, on which their queries would silently be outside of the transaction.
        SyncToAsync.context_to_thread_executor[context] = self
        lent = getattr(AsyncToSync.executors, "current", None)
        AsyncToSync.executors.current = None

        def give_back() -> None:
            if SyncToAsync.thread_sensitive_context.get(None) is context:
                AsyncToSync.executors.current = lent

        return [_set(SyncToAsync.thread_sensitive_context, context), give_back]

    def finish(self) -> None:
        """Close the connections of this thread and refuse further work. Runs on the thread."""
        self._over = True
        with ExitStack() as stack:  # One that fails does not keep the others open.
            for connection in connections.all(initialized_only=True):
                # After its own close(), which backends override, the common one: SQLite's does
                # nothing for a database in memory, and leaves the connection to the collector.
                stack.callback(BaseDatabaseWrapper.close, connection)
                stack.callback(connection.close)


def _set(variable: contextvars.ContextVar[T], value: T) -> Callable[[], None]:
    """Set `variable` and return what takes that back, in another context too."""
    token = variable.set(value)

    def undo() -> None:
        try:
            variable.reset(token)
        except ValueError:  # The token was made in another context, which this may be a copy of.
            if variable.get(None) is value and token.old_value is not token.MISSING:
                variable.set(token.old_value)

    return undo


async def aon_commit(
    func: Callable[[], object], using: str | None = None, robust: bool = False
) -> None:
    """Call `func`, sync or async, after the current transaction has been committed.

    As ``django.db.transaction.on_commit``: in the order of registration, not at all after a
    rollback, and at once outside of a transaction. `func` runs before the outermost block is left,
    on the block's thread and connection, which then is in autocommit mode; an async `func` runs on
    the event loop with its queries sent there.

    Raises TypeError if `func` cannot be called.
    """
    if not callable(func):
        raise TypeError("aon_commit()'s callback must be a callable.")
    await sync_to_async(transaction.on_commit)(_hook(func), using=using, robust=robust)


def _hook(func: Callable[[], object]) -> Callable[[], None]:
    @functools.wraps(func)
    def hook() -> None:
        result = func()
        if inspect.isawaitable(result):
            async_to_sync(_wait_for)(result)

    return hook


async def _wait_for(awaitable: Awaitable[object]) -> object:
    return await awaitable
