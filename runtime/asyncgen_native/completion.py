"""What has to come to its end, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Unstoppable(asyncio.Task[T]):
    """A task that nobody can cancel: asyncio.run() cancels every task that it finds at its end."""

    def cancel(self, msg: object = None) -> bool:
        return False


async def to_end(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine that a cancellation does not reach.

    One that arrives meanwhile is raised afterwards, unless the coroutine itself raises.
    """
    task = _Unstoppable(coroutine, loop=asyncio.get_running_loop())
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and task.exception() is None:
        raise cancelled
    return task.result()
