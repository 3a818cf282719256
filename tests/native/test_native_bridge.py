"""The bridge by itself: no database, and of Django only its settings' absence."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import sys
import threading
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from asyncgen_native import BridgeClosed, NotInBridge, await_, bridge, in_bridge
from asyncgen_native.locks import SuspendingLock
from greenlet import getcurrent, greenlet

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


async def soon(value: T) -> T:
    await asyncio.sleep(0)
    return value


def wait(value: T) -> T:
    """Something deep in synchronous code that has to wait."""
    return await_(soon(value))


def test_synchronous_code_waits_on_the_loop_and_stays_on_its_thread() -> None:
    def total(count: int, *, step: int) -> tuple[int, int]:
        return sum(wait(each) for each in range(0, count, step)), threading.get_ident()

    async def main() -> None:
        assert await bridge(total)(10, step=3) == (18, threading.get_ident())

    asyncio.run(main())


def test_calls_take_turns_while_they_wait() -> None:
    order: list[str] = []

    async def main() -> None:
        meet = asyncio.Barrier(2)

        def one(name: str) -> None:
            order.append(name)
            await_(meet.wait())
            order.append(name)

        await asyncio.gather(bridge(one)("a"), bridge(one)("b"))

    asyncio.run(main())
    assert sorted(order[:2]) == ["a", "b"] == sorted(order[2:])


def test_it_has_the_shape_of_sync_to_async() -> None:
    names: list[str] = []

    @bridge
    def plain() -> None:
        names.append(threading.current_thread().name)

    @bridge(thread_sensitive=False)
    def on_thread() -> None:
        names.append(threading.current_thread().name)

    async def main() -> None:
        await plain()
        await on_thread()
        with ThreadPoolExecutor(1, thread_name_prefix="own") as executor:
            await bridge(on_thread.__wrapped__, thread_sensitive=False, executor=executor)()

    assert iscoroutinefunction(plain)
    asyncio.run(main())
    assert names[0] == "MainThread"
    assert "MainThread" not in names[1:]
    assert names[2].startswith("own")


@pytest.mark.parametrize("func", [soon, 3])
def test_what_is_not_a_synchronous_callable_is_refused(func: Any) -> None:
    with pytest.raises(TypeError, match="sync functions"):
        bridge(func)


def test_waiting_outside_of_a_call_is_an_error() -> None:
    async def main() -> None:
        with pytest.raises(NotInBridge):
            wait(1)
        assert not in_bridge()

    asyncio.run(main())
    with pytest.raises(NotInBridge):
        wait(1)


def test_an_error_comes_out_as_it_went_in_with_a_traceback_to_where_it_was_raised() -> None:
    class Mine(Exception):
        pass

    error = Mine("one", 2)

    async def fail() -> None:
        await asyncio.sleep(0)
        raise error

    def body() -> None:
        for _ in range(3):
            wait(0)
        await_(fail())

    async def main() -> None:
        with pytest.raises(Mine) as caught:
            await bridge(body)()
        assert caught.value is error

    asyncio.run(main())
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names[-3:] == ["await_", "hand_over", "fail"]
    assert names.count("run") == 1  # once on the way out, and not once for the wait


def test_an_error_can_be_handled_inside_and_the_call_goes_on_waiting() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyError

    def body() -> int:
        try:
            await_(fail())
        except KeyError:
            return wait(1) + wait(2)
        return 0

    async def main() -> None:
        assert await bridge(body)() == 3
        assert sys.exc_info() == (None, None, None)

    asyncio.run(main())


def test_a_stop_iteration_is_a_runtime_error() -> None:
    def body() -> None:
        wait(0)
        raise StopIteration(3)

    async def main() -> None:
        with pytest.raises(RuntimeError) as caught:
            await bridge(body)()
        assert isinstance(caught.value.__cause__, StopIteration)

    asyncio.run(main())


def test_context_variables_go_in_and_come_out() -> None:
    variable = contextvars.ContextVar("variable", default=0)

    def body(value: int) -> int:
        before = variable.get()
        wait(0)
        assert variable.get() == before
        variable.set(before + value)
        wait(0)
        return variable.get()

    async def task(value: int) -> int:
        variable.set(value)
        result = await bridge(body)(100)
        assert variable.get() == result
        return result

    async def main() -> None:
        variable.set(7)
        assert await bridge(body)(1) == 8
        assert variable.get() == 8
        assert await asyncio.gather(*map(task, range(20))) == list(range(100, 120))
        assert variable.get() == 8

    asyncio.run(main())


def test_a_token_of_a_variable_can_be_reset_inside_and_outside() -> None:
    variable = contextvars.ContextVar("variable", default=0)

    def enter() -> contextvars.Token[int]:
        wait(0)
        return variable.set(1)

    async def main() -> None:
        token = await bridge(enter)()
        assert variable.get() == 1
        await bridge(variable.reset)(token)
        assert variable.get() == 0

    asyncio.run(main())


def test_a_cancellation_is_raised_where_the_call_waits_and_may_be_cleaned_up_after() -> None:
    seen: list[object] = []

    async def main() -> None:
        waiting = asyncio.Event()

        async def forever() -> None:
            waiting.set()
            await asyncio.Event().wait()

        def body() -> None:
            try:
                await_(forever())
            except asyncio.CancelledError as error:
                seen.append(type(error))
                seen.append(wait("cleaned up"))
                raise

        task = asyncio.create_task(bridge(body)())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == [asyncio.CancelledError, "cleaned up"]


def test_closing_the_coroutine_raises_generator_exit_where_the_call_waits() -> None:
    seen: list[type[BaseException]] = []

    def body() -> None:
        try:
            wait(0)
        except GeneratorExit:
            seen.append(GeneratorExit)
            try:
                wait(1)
            except BridgeClosed:
                seen.append(BridgeClosed)
            raise

    async def main() -> None:
        coroutine = bridge(body)()
        coroutine.send(None)
        coroutine.close()

    asyncio.run(main())
    assert seen == [GeneratorExit, BridgeClosed]


def test_a_call_that_ignores_generator_exit_is_an_error() -> None:
    def body() -> None:
        main = getcurrent().parent
        assert main is not None
        try:
            wait(0)
        except GeneratorExit:
            main.switch("not over")

    async def main() -> None:
        coroutine = bridge(body)()
        coroutine.send(None)
        with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
            coroutine.close()

    asyncio.run(main())


def test_a_forgotten_coroutine_ends_its_call() -> None:
    ended: list[bool] = []

    def body() -> None:
        try:
            wait(0)
        finally:
            ended.append(True)

    async def main() -> None:
        coroutine = bridge(body)()
        coroutine.send(None)
        del coroutine
        gc.collect()
        assert ended == [True]

    asyncio.run(main())


def test_calls_nest_through_coroutines() -> None:
    async def outer(depth: int) -> int:
        await asyncio.sleep(0)
        return await bridge(inner)(depth)

    def inner(depth: int) -> int:
        return depth if depth == 0 else wait(1) + await_(outer(depth - 1)) + wait(1)

    async def main() -> None:
        assert await bridge(inner)(20) == 40

    asyncio.run(main())


def test_async_to_sync_awaits_in_a_call_and_stays_forbidden_elsewhere() -> None:
    async def main() -> None:
        assert await bridge(async_to_sync(soon))(3) == 3
        assert await bridge(lambda: async_to_sync(soon)(wait(4)))() == 4
        with pytest.raises(RuntimeError, match="just await the async function"):
            async_to_sync(soon)(3)
        # On a thread it is as ever.
        assert await sync_to_async(lambda: async_to_sync(soon)(5))() == 5

    asyncio.run(main())


needs_eager_tasks = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="eager tasks are new in Python 3.12"
)


@needs_eager_tasks
def test_eager_tasks_begun_in_a_call_go_on_from_the_loop() -> None:
    """They are begun in the greenlet of the call, and resumed from another."""

    async def child(value: int) -> int:
        return await bridge(lambda: wait(value) + wait(value))()

    async def both(value: int) -> list[int]:
        return await asyncio.gather(child(value), child(value + 1))

    def body(value: int) -> tuple[list[int], int]:
        tasks = [asyncio.ensure_future(child(value + each)) for each in range(3)]
        own = wait(value)
        return [await_(each) for each in tasks], own

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        for value in range(30):
            results = await asyncio.gather(*(bridge(body)(value + each) for each in range(5)))
            for each, (children, own) in enumerate(results):
                start = value + each
                assert own == start
                assert children == [2 * (start + i) for i in range(3)]
            assert await both(value) == [2 * value, 2 * value + 2]

    asyncio.run(main())


@needs_eager_tasks
def test_plain_async_code_of_an_eager_task_is_not_in_the_call_that_began_it() -> None:
    seen: list[bool] = []

    async def child() -> None:
        seen.append(in_bridge())
        with pytest.raises(NotInBridge):
            wait(1)

    def body() -> None:
        assert in_bridge()
        await_(asyncio.ensure_future(child()))
        assert in_bridge()

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        await bridge(body)()

    asyncio.run(main())
    assert seen == [False]


def test_the_finaliser_of_an_async_generator_can_call() -> None:
    closed: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            for each in range(5):
                yield await bridge(wait)(each)
        finally:
            closed.append(await bridge(wait)(9))

    async def main() -> None:
        async for number in numbers():
            if number == 2:
                break
        gc.collect()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(main())
    assert closed == [9]


def test_wait_for_and_timeouts_end_a_call() -> None:
    def body() -> None:
        await_(asyncio.sleep(60))

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bridge(body)(), 0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await bridge(body)()
        assert await bridge(wait)(1) == 1

    asyncio.run(main())


def test_a_greenlet_of_somebody_else_is_not_a_call() -> None:
    def body() -> str:
        def other() -> str:
            with pytest.raises(NotInBridge):
                wait(1)
            return "refused"

        return str(greenlet(other).switch())

    async def main() -> None:
        assert await bridge(body)() == "refused"

    asyncio.run(main())


def test_many_calls_at_once_leave_nothing() -> None:
    def body(value: int) -> int:
        return sum(wait(value) for _ in range(10))

    async def main() -> None:
        results = await asyncio.gather(*(bridge(body)(each) for each in range(300)))
        assert results == [10 * each for each in range(300)]

    before = calls_alive()
    asyncio.run(main())
    assert calls_alive() == before


def calls_alive() -> int:
    gc.collect()
    return sum(type(each).__name__ == "_Call" for each in gc.get_objects())


def test_a_lock_that_was_handed_on_is_not_free() -> None:
    """Between its release and the step of its next holder somebody may come, who waits, too."""
    order: list[str] = []

    async def main() -> None:
        lock = SuspendingLock(asyncio.get_running_loop())
        entered, leave = asyncio.Event(), asyncio.Event()

        def twice() -> None:
            with lock:
                entered.set()
                await_(leave.wait())
            with lock:
                order.append("twice")

        def once() -> None:
            with lock:
                order.append("once")

        holder = asyncio.create_task(bridge(twice)())
        await entered.wait()
        waiter = asyncio.create_task(bridge(once)())
        await asyncio.sleep(0)
        leave.set()
        await asyncio.gather(holder, waiter)
        assert not lock.locked()

    asyncio.run(main())
    assert order == ["once", "twice"]


def test_debug_mode_names_the_line_that_blocks_the_loop() -> None:
    told = threading.Event()
    messages: list[str] = []

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())
            told.set()

    def block() -> None:
        assert told.wait(30)

    async def main() -> None:
        asyncio.get_running_loop().slow_callback_duration = 0.01
        await bridge(block)()

    logger, teller = logging.getLogger("asyncgen_native"), Teller()
    logger.addHandler(teller)
    try:
        asyncio.run(main(), debug=True)
    finally:
        logger.removeHandler(teller)
    line = block.__code__.co_firstlineno + 1
    assert f"{__file__}, line {line}, in {block.__qualname__}" in messages[0]


@pytest.mark.parametrize("debug", [True, False])
def test_waiting_is_not_blocking(debug: bool) -> None:
    """A timer runs while the call computes in debug mode, and none while it waits."""

    def running() -> int:
        timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
        return sum(not each.finished.is_set() for each in timers)

    async def arunning() -> int:
        await asyncio.sleep(0)
        return running()

    def work() -> list[int]:
        return [running(), await_(arunning()), running()]

    async def main() -> None:
        asyncio.get_running_loop().slow_callback_duration = 600
        assert await bridge(work)() == [int(debug), 0, int(debug)]
        assert running() == 0

    asyncio.run(main(), debug=debug)
