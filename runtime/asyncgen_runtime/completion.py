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
from .variables import carry_back

T = TypeVar("T")


@dataclass(frozen=True)
class Ended(Generic[T]):
    """A result, and the cancellation that arrived before it was there."""

    value: T
    cancelled: asyncio.CancelledError | None


class _Unstoppable(asyncio.Task[T]):
    """A task that nobody can cancel: asyncio.run() cancels every task it finds at its end.

    Who awaits it is told of a cancellation after it: asyncio raises what an awaited future refused
    at the next step.
    """

    def cancel(self, msg: object = None) -> bool:
        return False


async def to_end(
    coroutine: Coroutine[Any, Any, T], context: contextvars.Context | None = None
) -> Ended[T]:
    """Await a coroutine that no cancellation reaches, in a task of its own with `context`.

    Raises what the coroutine raises, cancelled or not: as with any ``finally``, an error in the
    clean-up is not to be lost.
    """
    if context is None and isinstance(asyncio.current_task(), _Unstoppable):
        return Ended(await coroutine, None)
    task = _Unstoppable(coroutine, loop=asyncio.get_running_loop(), context=context)
    cancelled: asyncio.CancelledError | None = None
    try:
        with _deaf():
            return Ended(await task, None)
    except asyncio.CancelledError as error:
        cancelled = error
    try:
        return Ended(task.result(), cancelled)
    finally:
        del cancelled  # Its traceback has this frame in it.


async def run_to_end(func: Callable[[], T], context: contextvars.Context | None = None) -> T:
    """Run `func` on the worker thread to its end and return what it returns.

    `context` decides on the thread: that of the thread-sensitive context found in it. By
    default it is a copy of the current one, and what `func` changes in it is carried back.

    If the waiting task is cancelled, it waits on and raises CancelledError after `func` has
    come to its end. If `func` raises, then that error is raised, cancelled or not.
    """
    own = contextvars.copy_context() if context is None else context
    try:
        ended = await to_end(hop(func), own)
    finally:
        if context is None:
            carry_back(own)
    if ended.cancelled is not None:
        raise ended.cancelled
    return ended.value


def _deaf() -> AbstractContextManager[object]:
    """Return what keeps anyio from repeating a cancellation on every turn of the event loop.

    Where anyio is not loaded, no task can be in a scope of its.
    """
    anyio = sys.modules.get("anyio")
    return nullcontext() if anyio is None else anyio.CancelScope(shield=True)
