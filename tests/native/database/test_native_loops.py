"""Other event loops, and structured concurrency: uvloop and anyio, where they are installed."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Coroutine
from typing import Any

import pytest
from asyncgen_native import aatomic, await_, bridge
from asyncgen_native.pool import pools

from tests.testproject.library.models import Tag

create = bridge(Tag.objects.create)
count = bridge(Tag.objects.count)


async def work() -> None:
    """Queries at the same time, a transaction that is rolled back, and one that is cancelled."""
    await asyncio.gather(*(create(name=str(each)) for each in range(4)))
    with pytest.raises(KeyError):  # noqa: PT012
        async with aatomic():
            await create(name="rolled back")
            raise KeyError

    inside, forever = asyncio.Event(), asyncio.Event()

    def wait() -> None:
        Tag.objects.create(name="cancelled")
        inside.set()
        await_(forever.wait())

    async def cancelled() -> None:
        async with aatomic():
            await bridge(wait)()

    task = asyncio.create_task(cancelled())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await count() == 4
    assert pools()["default"].statistics().out == 0


@pytest.mark.usefixtures("transactional_db")
def test_what_a_loop_left_that_was_only_closed_goes_when_another_begins() -> None:
    loop = asyncio.new_event_loop()
    loop.run_until_complete(count())
    left = loop.run_until_complete(bridge(lambda: pools()["default"])())
    loop.close()
    assert left.statistics().open == 1
    gone = weakref.ref(loop)
    del loop
    asyncio.run(count())
    assert left.statistics().open == 0
    del left
    gc.collect()
    assert gone() is None


@pytest.mark.usefixtures("transactional_db")
def test_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")

    async def main() -> None:
        assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
        await work()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_anyio(run: Any) -> None:
    anyio = pytest.importorskip("anyio", reason="anyio is not installed")

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for each in range(4):
                group.start_soon(lambda name: create(name=name), str(each))
        assert await count() == 4
        inside, forever = anyio.Event(), anyio.Event()

        def wait() -> None:
            Tag.objects.create(name="cancelled")
            inside.set()
            await_(forever.wait())

        async def cancelled() -> None:
            async with aatomic():
                await bridge(wait)()

        async with anyio.create_task_group() as group:
            group.start_soon(cancelled)
            await inside.wait()
            group.cancel_scope.cancel()
        with anyio.move_on_after(0) as scope:
            async with aatomic():
                await create(name="never")
                await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert await count() == 4

    coroutine: Coroutine[Any, Any, None] = main()
    run(coroutine)
