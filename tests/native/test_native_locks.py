"""The lock of a connection by itself: who waits gets it, in turn, and nobody keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

pytest.importorskip("greenlet")

from asyncgen_native.locks import SuspendingLock

Main = Callable[[SuspendingLock], Coroutine[Any, Any, None]]


def run(main: Main) -> None:
    async def whole() -> None:
        lock = SuspendingLock(asyncio.get_running_loop())
        async with asyncio.timeout(10):
            await main(lock)
        assert not lock.locked()

    asyncio.run(whole())


async def hold(lock: SuspendingLock, held: list[str], name: str) -> None:
    """Hold the lock for one turn of the loop, and tell so."""
    await lock.acquire()
    held.append(name)
    await asyncio.sleep(0)
    lock.release()


async def waiting(lock: SuspendingLock, held: list[str], *names: str) -> list[asyncio.Task[None]]:
    """Return tasks that wait for the lock, which somebody holds."""
    tasks = [asyncio.ensure_future(hold(lock, held, name)) for name in names]
    await asyncio.sleep(0)
    assert held == []
    return tasks


def test_it_is_handed_on_in_the_order_in_which_it_was_asked_for() -> None:
    async def main(lock: SuspendingLock) -> None:
        held: list[str] = []
        await lock.acquire()
        tasks = await waiting(lock, held, "first", "second", "third")
        lock.release()
        assert lock.locked()  # Whoever comes now does not get before those.
        await asyncio.gather(hold(lock, held, "late"), *tasks)
        assert held == ["first", "second", "third", "late"]

    run(main)


def test_who_is_cancelled_while_waiting_is_passed_over() -> None:
    async def main(lock: SuspendingLock) -> None:
        held: list[str] = []
        await lock.acquire()
        first, second = await waiting(lock, held, "first", "second")
        first.cancel()
        await asyncio.sleep(0)
        lock.release()
        await second
        assert first.cancelled()
        assert held == ["second"]

    run(main)


@pytest.mark.parametrize("others", [[], ["second"], ["second", "third"]])
def test_what_was_handed_to_one_who_is_cancelled_meanwhile_goes_to_the_next(
    others: list[str],
) -> None:
    async def main(lock: SuspendingLock) -> None:
        held: list[str] = []
        await lock.acquire()
        first, *rest = await waiting(lock, held, "first", *others)
        lock.release()
        first.cancel()  # It was handed over, and has yet to go on.
        await asyncio.gather(*rest)
        with pytest.raises(asyncio.CancelledError):
            await first
        assert held == others

    run(main)


def test_a_thread_that_lets_go_wakes_a_task_that_waits() -> None:
    async def main(lock: SuspendingLock) -> None:
        held: list[str] = []

        def use() -> None:
            with lock:
                held.append("thread")

        await lock.acquire()
        thread = asyncio.ensure_future(asyncio.to_thread(use))
        while not lock._waiting:
            await asyncio.sleep(0.001)
        task = asyncio.ensure_future(hold(lock, held, "task"))
        lock.release()
        await asyncio.gather(thread, task)
        assert held == ["thread", "task"]

    run(main)
