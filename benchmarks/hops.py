"""Async iteration, and the hops that it makes to the worker thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future

from asgiref.sync import SyncToAsync


async def exhaust(rows: AsyncIterator[object]) -> None:
    async for _ in rows:
        pass


def count_hops() -> list[object]:
    """A list to which everything is added that is sent to the worker thread from now on."""
    sent: list[object] = []
    executor = SyncToAsync.single_thread_executor
    submit = executor.submit

    def counting(func: Callable[..., object], *args: object) -> Future[object]:
        sent.append(func)
        return submit(func, *args)

    executor.submit = counting
    return sent
