"""What has to come to its end, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Ended(Generic[T]):
    """A result, and the cancellation that arrived before it was there."""

    value: T
    cancelled: asyncio.CancelledError | None


class _Unstoppable(asyncio.Task[T]):
    """A task that nobody can cancel: asyncio.run() cancels every task that it finds at its end."""

    def cancel(self, msg: object = None) -> bool:
        return False


async def to_end(coroutine: Coroutine[Any, Any, T], context: Context | None = None) -> Ended[T]:
    """Await a coroutine that no cancellation reaches, in a task of its own with `context`.

    Raises what the coroutine raises, cancelled or not: as with any ``finally``, an error in the
    clean-up is not to be lost.
    """
    if isinstance(asyncio.current_task(), _Unstoppable):
        return Ended(await coroutine, None)
    task = _Unstoppable(coroutine, loop=asyncio.get_running_loop(), context=context)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    return Ended(task.result(), cancelled)
