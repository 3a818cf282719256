"""Transactions in async code: ``aatomic`` and ``aon_commit``. Needs Django.

Django's connections belong to threads, and asgiref sends all thread-sensitive work of a context,
by default that of the whole process, to one thread. A transaction left open there while its task
awaits something would swallow the queries of every other task. So a block that begins a
transaction gets a thread of its own, and with it a connection of its own, for as long as it lasts.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn, ParamSpec, TypeVar, overload

from asgiref.sync import iscoroutinefunction
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.utils.connection import ConnectionDoesNotExist

from .blocks import Block
from .bridge import sync_to_async
from .context import AsyncContext, Entered
from .hooks import AsyncHook, Due, is_async

P = ParamSpec("P")
R = TypeVar("R")

__all__ = ["AsyncAtomic", "aatomic", "aon_commit", "explain_atomic"]

_USE_AATOMIC = (
    "In place of `with atomic():` there is `async with aatomic():`, "
    "from asyncgen_runtime.transaction."
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
    thread-sensitive work in the block goes there, and that of other tasks does not. Where that
    connection is open already, the first query begins the transaction: if it cannot, that query
    raises, and so does all that follows in the block. Inside a block,
    and wherever the current thread already is in an ``atomic`` block (a TestCase, a view under
    ATOMIC_REQUESTS), a block is a savepoint on the same thread.

    Inside of what `context_to_async` has entered it stays on the thread of that context.

    Tasks started in the block (``gather``, ``TaskGroup``) share its transaction. While one is in a
    nested block, queries and blocks of the others wait: savepoints of one connection cannot
    overlap. What they send to the database after the block has ended raises RuntimeError.

    The block commits when it ends, and rolls back when an exception or a cancellation leaves it,
    which is raised as it is. A cancellation that arrives during the commit is raised after it.

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


class AsyncAtomic(AsyncContext[None]):
    """What `aatomic` returns: good for one block at a time, or for decorating functions."""

    _NAME = "This aatomic()"

    def __init__(self, using: str | None, savepoint: bool, durable: bool) -> None:
        super().__init__(
            functools.partial(transaction.atomic, using, savepoint, durable), exclusive=True
        )
        self._using = using
        self._savepoint = savepoint
        self._durable = durable

    def _new_block(self) -> Entered[None]:
        using = self._using or DEFAULT_DB_ALIAS
        if using not in connections:  # As `with` says at once; the thread would later.
            raise ConnectionDoesNotExist(f"The connection '{using}' doesn't exist.")
        block = _begin_elsewhere(using, self._savepoint, self._durable)
        return block or Block(self._make, exclusive=True, using=using)

    def _again(self) -> AsyncAtomic:
        return type(self)(self._using, self._savepoint, self._durable)

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
        return super().__call__(func)


# The block of `aatomic`'s arguments for a database that needs no thread; None for others.
_Begin = Callable[[str, bool, bool], "Entered[None] | None"]


def _on_thread(using: str, savepoint: bool, durable: bool) -> None:
    """Leave every block to a thread."""


_begin_elsewhere: _Begin = _on_thread


def use_blocks(begin: _Begin) -> _Begin:
    """Have `begin` make the blocks of `aatomic`, where it does not return None; return who did.

    For asyncgen_native, whose blocks are on the event loop.
    """
    global _begin_elsewhere
    before, _begin_elsewhere = _begin_elsewhere, begin
    return before


async def aon_commit(
    func: Callable[[], object], using: str | None = None, robust: bool = False
) -> None:
    """Call `func`, sync or async, after the current transaction has been committed.

    As ``django.db.transaction.on_commit``: in the order of registration, not at all after a
    rollback, and at once outside of a transaction. `func` runs before the outermost block is left,
    with the block's thread and connection, which then is in autocommit mode: on that thread if it
    is sync; if it is async, on the event loop, with its queries sent there. It can be cancelled
    with the task that leaves the block, and what comes after it is not called then.

    Raises TypeError if `func` cannot be called.
    """
    if not callable(func):
        raise TypeError("aon_commit()'s callback must be a callable.")
    hook = AsyncHook(func) if is_async(func) else func
    rest = await sync_to_async(_register)(hook, using, robust)
    if rest is not None:
        await rest()


def _register(
    hook: Callable[[], object], using: str | None, robust: bool
) -> Callable[[], Awaitable[None]] | None:
    """Register `hook`, or outside of a transaction run it and return what is left to be awaited."""
    connection = connections[using or DEFAULT_DB_ALIAS]
    if connection.in_atomic_block or not connection.get_autocommit():
        connection.on_commit(hook, robust)  # Raises for transactions that are managed by hand.
        return None
    return Due(hook, robust, where="on_commit()").run()
