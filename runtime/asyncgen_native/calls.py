"""A call on the loop: what `asyncgen_native.bridge` makes of a synchronous callable."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar, cast, overload

import asyncgen_runtime
from asyncgen_runtime import on_worker
from asyncgen_runtime.nesting import innermost

from . import owner as owners
from .greenlets import run
from .nesting import Nested, current, nesting
from .owner import Owner
from .wrapper import in_transaction_of_thread

P = ParamSpec("P")
R = TypeVar("R")


@overload
def bridge(
    func: None = None,
    *,
    thread_sensitive: bool = True,
    executor: ThreadPoolExecutor | None = None,
) -> Callable[[Callable[P, R]], Callable[P, Coroutine[Any, Any, R]]]: ...


@overload
def bridge(
    func: Callable[P, R],
    *,
    thread_sensitive: bool = True,
    executor: ThreadPoolExecutor | None = None,
) -> Callable[P, Coroutine[Any, Any, R]]: ...


def bridge(
    func: Callable[P, R] | None = None,
    *,
    thread_sensitive: bool = True,
    executor: ThreadPoolExecutor | None = None,
) -> (
    Callable[P, Coroutine[Any, Any, R]]
    | Callable[[Callable[P, R]], Callable[P, Coroutine[Any, Any, R]]]
):
    """Return what runs `func` on the event loop, and suspends it where it waits for a database.

    As `asgiref.sync.sync_to_async`, whose arguments and rules it has, for callables that wait for
    nothing but databases with a native backend: whatever else they wait for, the loop waits for.
    Where the thread that lends itself to this context is in a transaction (a TestCase, ``atomic``
    around ``async_to_sync``), `func` runs there, so that it sees what the transaction did.

    What is not `thread_sensitive` goes to a thread as ever. Raises TypeError for what is not a
    synchronous callable.
    """
    if func is None:
        return cast(
            "Callable[[Callable[P, R]], Callable[P, Coroutine[Any, Any, R]]]",
            functools.partial(bridge, thread_sensitive=thread_sensitive, executor=executor),
        )
    if not thread_sensitive or executor is not None:
        return asyncgen_runtime.sync_to_async(
            func, thread_sensitive=thread_sensitive, executor=executor
        )
    on_worker(func)  # raises TypeError
    return functools.partial(call, func)


async def call(func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `func` with the connections of the context, and give back those that hold nothing."""
    __traceback_hide__ = True
    if in_transaction_of_thread() or innermost() is not None:
        return await asyncgen_runtime.sync_to_async(func)(*args, **kwargs)
    owner = owners.current()
    if owner is None:
        owner = owners.begin()
    elif owner.is_shared and not _has_turn(owner):
        async with nesting(owner), owner.turn:
            return await _take_turn(owner, functools.partial(func, *args, **kwargs))
    return await _run(owner, functools.partial(func, *args, **kwargs))


async def call_in_turn(func: Callable[[], R]) -> R:
    """Run `func`, which enters or leaves a block, with the connections of the context.

    What other tasks have open in the block around it has ended by then.
    """
    owner = owners.current()
    assert owner is not None
    if _has_turn(owner):
        return await _run(owner, func)
    async with owner.turn:
        return await _take_turn(owner, func)


async def _run(owner: Owner, func: Callable[[], R]) -> R:
    __traceback_hide__ = True
    owner.calls += 1
    try:
        return await run(func)
    finally:
        owner.calls -= 1
        if not owner.calls:
            owner.settle()


def sync_to_async_unless(
    runs_on_loop: Callable[[Callable[..., Any]], bool],
    run: Callable[..., Coroutine[Any, Any, Any]] = call,
) -> Callable[..., Any]:
    """Return asgiref's ``sync_to_async``, except that `run` calls what `runs_on_loop`."""

    def sync_to_async(
        func: Callable[..., Any] | None = None,
        *,
        thread_sensitive: bool = True,
        executor: ThreadPoolExecutor | None = None,
    ) -> Any:
        if func is not None and thread_sensitive and runs_on_loop(func):
            return functools.partial(run, func)
        return asyncgen_runtime.sync_to_async(
            func, thread_sensitive=thread_sensitive, executor=executor
        )

    return sync_to_async


class _Turn(Nested):
    """One call's turn in a transaction that tasks share: a thread takes one after another, too."""

    def __init__(self, owner: Owner) -> None:
        super().__init__()
        self.owner = owner


# Inherited by the tasks that the call waits for: they run inside of its turn.
_turn: ContextVar[_Turn | None] = ContextVar("asyncgen_native_turn", default=None)


def _has_turn(owner: Owner) -> bool:
    turn = _turn.get()
    return turn is not None and turn.owner is owner and not turn.ended


async def _take_turn(owner: Owner, func: Callable[[], R]) -> R:
    __traceback_hide__ = True
    before, turn = _turn.get(), _Turn(owner)
    _turn.set(turn)
    current.set(turn)
    owner.calls += 1
    try:
        owner.refuse()
        return await run(func)
    finally:
        owner.calls -= 1
        turn.ended = True
        _turn.set(before)
        current.set(turn.outer)
        owner.settle()
