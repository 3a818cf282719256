"""Work on the worker thread that has to come to its end, whatever happens to those who wait.

Cancelling an awaited call on the worker thread returns at once. If the call was running, its thread
goes on; if it was still queued, it never runs. Neither will do for closing, leaving or rolling
back, which is what this module is for.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from .bridge import on_worker
from .variables import carry_back

T = TypeVar("T")


class _Unstoppable(asyncio.Task[T]):
    """A task that nobody can cancel: asyncio.run() cancels every task it finds at its end."""

    def cancel(self, msg: object = None) -> bool:
        return False


async def run_to_end(func: Callable[[], T], context: contextvars.Context | None = None) -> T:
    """Run `func` on the worker thread to its end and return what it returns.

    `context` decides on the thread: that of the thread-sensitive context found in it. By
    default it is a copy of the current one, and what `func` changes in it is carried back.

    If the waiting task is cancelled, it waits on and raises CancelledError after `func` has
    come to its end. If `func` raises, then that error is raised, cancelled or not: as with any
    ``finally``, an error in the clean-up is not to be lost.
    """
    own = contextvars.copy_context() if context is None else context
    hop = _Unstoppable(on_worker(func)(), loop=asyncio.get_running_loop(), context=own)
    cancelled: asyncio.CancelledError | None = None
    with _deaf():
        while not hop.done():
            try:
                await asyncio.wait([hop])
            except asyncio.CancelledError as error:
                cancelled = error
    if context is None:
        carry_back(own)
    if cancelled is not None and hop.exception() is None:
        try:
            raise cancelled
        finally:
            del cancelled  # Its traceback has this frame in it.
    return hop.result()


def _deaf() -> AbstractContextManager[object]:
    """Return what keeps anyio from repeating a cancellation on every turn of the event loop.

    Where anyio is not loaded, no task can be in a scope of its.
    """
    anyio = sys.modules.get("anyio")
    return nullcontext() if anyio is None else anyio.CancelScope(shield=True)
