"""Work on the worker thread that has to come to its end, whatever happens to those who wait.

Cancelling an awaited call on the worker thread returns at once. If the call was running, its thread
goes on; if it was still queued, it never runs. Neither will do for closing, leaving or rolling
back, which is what this module is for.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, TypeVar

from .bridge import on_worker

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
    hop = _Unstoppable(
        on_worker(func)(),
        loop=asyncio.get_running_loop(),
        context=own,
    )
    cancelled: asyncio.CancelledError | None = None
    while not hop.done():
        try:
            await asyncio.wait([hop])
        except asyncio.CancelledError as error:
            cancelled = error
    if context is None:
        carry_back(own)
    if cancelled is not None and hop.exception() is None:
        raise cancelled
    return hop.result()


def carry_back(
    context: contextvars.Context,
) -> dict[contextvars.ContextVar[Any], contextvars.Token[Any]]:
    """Set the variables of the current context to their values in `context`.

    Returns tokens with which those that had to be changed can be reset.
    """
    return {
        variable: variable.set(value)
        for variable, value in context.items()
        if variable.get(_missing) is not value
    }


_missing = object()
