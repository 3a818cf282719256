"""What has to come to its end, whatever happens to those who wait.

Cancelling an awaited call on the worker thread returns at once. If the call was running, its thread
goes on; if it was still queued, it never runs. Neither will do for closing, leaving, committing or
rolling back, which is what this module is for.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .bridge import hop
from .threads import own_thread

T = TypeVar("T")


@dataclass(frozen=True)
class Ended(Generic[T]):
    """A result, and the cancellation that arrived before it was there."""

    value: T
    cancelled: asyncio.CancelledError | None


class _UnstoppableTask(asyncio.Task[T]):
    """A task that nobody can cancel: asyncio.run() cancels every task it finds at its end.

    Who awaits it is told of a cancellation after it: asyncio raises what an awaited future refused
    at the next step.
    """

    def cancel(self, msg: object = None) -> bool:
        return False


class _UnstoppableFuture(asyncio.Future[T]):
    """The same of what a thread does."""

    def cancel(self, msg: object = None) -> bool:
        return False


async def to_end(
    coroutine: Coroutine[Any, Any, T], context: contextvars.Context | None = None
) -> Ended[T]:
    """Await a coroutine that no cancellation reaches, in a task of its own with `context`.

    Raises what the coroutine raises, cancelled or not: as with any ``finally``, an error in the
    clean-up is not to be lost.
    """
    if context is None and isinstance(asyncio.current_task(), _UnstoppableTask):
        return Ended(await coroutine, None)
    loop = asyncio.get_running_loop()
    return await _end_of(_UnstoppableTask(coroutine, loop=loop, context=context))


async def _end_of(future: asyncio.Future[T]) -> Ended[T]:
    cancelled: asyncio.CancelledError | None = None
    try:
        with _deaf():
            return Ended(await future, None)
    except asyncio.CancelledError as error:
        cancelled = error
    try:
        return Ended(future.result(), cancelled)
    finally:
        del cancelled, future  # A traceback has this frame in it.


async def run_to_end(func: Callable[[], T], context: contextvars.Context) -> T:
    """Run `func` on the worker thread to its end and return what it returns.

    `context` decides on the thread: that of the thread-sensitive context found in it.

    If the waiting task is cancelled, it waits on and raises CancelledError after `func` has
    come to its end. If `func` raises, then that error is raised, cancelled or not.
    """
    thread = context.run(own_thread)
    if thread is None:
        ended = await to_end(hop(func), context)
    else:
        future = _UnstoppableFuture[T](loop=asyncio.get_running_loop())
        thread.call(func, context, future)
        ended = await _end_of(future)
    if ended.cancelled is not None:
        raise ended.cancelled
    return ended.value


async def run_in(context: contextvars.Context, func: Callable[[], T]) -> T:
    """Run `func` on the worker thread to which `context` leads, and in it.

    Cancelled, it returns at once. So does a coroutine for which `func` waits, and nothing else.
    """
    thread = context.run(own_thread)
    if thread is None:
        return await asyncio.create_task(hop(func), context=context)
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    tasks = thread.call(func, context, future)
    try:
        return await future
    except asyncio.CancelledError:
        for task in tasks:
            task.cancel()
        raise
    finally:
        del future  # The traceback of its error has this frame in it.


def _deaf() -> AbstractContextManager[object]:
    """Return what keeps anyio from repeating a cancellation on every turn of the event loop.

    Where anyio is not loaded, no task can be in a scope of its.
    """
    anyio = sys.modules.get("anyio")
    return nullcontext() if anyio is None else anyio.CancelScope(shield=True)
