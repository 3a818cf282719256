"""Threads that wait for another block, and what is iterated over on one of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext
from asyncgen_runtime import context_to_async, iterator_to_async, threads
from asyncgen_runtime.threads import end_idle_threads
from asyncgen_runtime.variables import set_variable
from django.db import transaction

from tests.testproject.library.models import Author

pytestmark = pytest.mark.usefixtures("nothing_left")
Run = Callable[[Any], Any]


@contextmanager
def plain() -> Iterator[None]:
    yield


own = context_to_async(plain, exclusive=True)


def idle() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == threads._Worker.IDLE_NAME]


async def until_none_is_idle() -> None:
    while idle():
        await asyncio.sleep(0.005)


def test_an_idle_thread_ends_by_itself(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.05)

    async def main() -> None:
        async with own():
            pass
        assert len(idle()) == 1
        await until_none_is_idle()

    run(main())


def test_threads_that_are_idle_for_less_wait_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "IDLE_SECONDS", 1000)

    async def main() -> None:
        entered = asyncio.Barrier(2)
        await asyncio.gather(entered_by_two(entered), entered_by_two(entered))
        pool = threads._pool()
        first, second = pool._idle
        first.idle_since -= 1000
        pool._expire()
        assert pool._idle == [second]
        assert pool._timer is not None
        await end_idle_threads()
        await until_none_is_idle()

    run(main())


async def entered_by_two(entered: asyncio.Barrier) -> None:
    async with own():
        await entered.wait()


def test_a_thread_that_was_idle_for_long_checks_its_connections(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may have closed them meanwhile."""
    checked: list[str] = []
    monkeypatch.setattr(threads, "FRESH_SECONDS", -1)
    monkeypatch.setattr(
        threads.connections, "check", lambda: checked.append(threading.current_thread().name)
    )

    async def main() -> None:
        async with own():
            pass
        assert checked == []
        async with own():
            pass

    run(main())
    assert checked == [threads._Worker.NAME]


def test_what_a_loop_had_is_forgotten_when_it_is_closed(run: Run) -> None:
    """Also where nobody closed its async generators, as `asyncio.run()` does."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(end_idle_threads())
    assert loop in threads._pools
    loop.close()
    run(end_idle_threads())
    assert loop not in threads._pools


def drained() -> Iterator[str]:
    with transaction.atomic():
        for name in "ab":
            Author.objects.create(name=name)
        yield from Author.objects.order_by("name").values_list("name", flat=True)


adrained = iterator_to_async(drained, exclusive=True)


async def names() -> list[str]:
    return [each.name async for each in Author.objects.order_by("name")]


def test_a_generators_transaction_is_committed_at_its_end(run: Run) -> None:
    async def main() -> None:
        assert [name async for name in adrained()] == ["a", "b"]
        assert await names() == ["a", "b"]

    run(main())


def test_a_generator_is_carried_into_another_request(run: Run) -> None:
    """It is read on its own thread all the same."""

    async def main() -> None:
        rows = adrained()
        async with ThreadSensitiveContext():
            assert await anext(rows) == "a"
        async with ThreadSensitiveContext():
            assert [name async for name in rows] == ["b"]
        assert await names() == ["a", "b"]

    run(main())


def test_a_variable_is_taken_back_in_a_copy_of_the_context() -> None:
    variable = contextvars.ContextVar[str]("variable")
    variable.set("before")
    undo = set_variable(variable, "inside")
    copied = contextvars.copy_context()
    copied.run(undo)
    assert copied[variable] == "before"
    assert variable.get() == "inside"


# What fails while it is left too late, when nobody is there to raise it to.


class Failing:
    """Its `__exit__` raises: the error that it is given, or another."""

    def __init__(self, raises: str) -> None:
        self.raises = raises

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if self.raises == "another" or error is None:
            raise ValueError("while leaving")
        raise error


@pytest.mark.parametrize("raises", ["same", "another"])
def test_an_error_of_a_block_that_its_outer_block_ends_is_logged(
    run: Run, caplog: pytest.LogCaptureFixture, raises: str
) -> None:
    async def main() -> None:
        inside, go_on = asyncio.Event(), asyncio.Event()

        async def inner() -> None:
            async with context_to_async(Failing)(raises):
                inside.set()
                await go_on.wait()

        async with own():
            task = asyncio.create_task(inner())
            await inside.wait()
        go_on.set()
        with pytest.raises(RuntimeError, match="has ended"):
            await task

    run(main())
    logged = [record.getMessage() for record in caplog.records]
    ended = "Error while leaving a block whose outer block has ended"
    assert logged == ([ended] if raises == "another" else [])


@pytest.mark.parametrize("raises", ["same", "another"])
@pytest.mark.parametrize("fails", [True, False])
def test_an_error_of_a_block_that_outlives_its_request_is_logged(
    run: Run, caplog: pytest.LogCaptureFixture, raises: str, fails: bool
) -> None:
    async def main() -> BaseException:
        inside, go_on = asyncio.Event(), asyncio.Event()

        async def use() -> None:
            async with context_to_async(Failing)(raises):
                inside.set()
                await go_on.wait()
                if fails:
                    raise KeyError("inside")

        async with ThreadSensitiveContext():
            task = asyncio.create_task(use())
            await inside.wait()
        go_on.set()
        with pytest.raises(KeyError if fails else RuntimeError) as raised:
            await task
        return raised.value

    error = run(main())
    logged = [record.getMessage() for record in caplog.records]
    if fails:
        gone = "Error while leaving a block whose thread is gone"
        assert logged == ([gone] if raises == "another" else [])
    else:
        assert "their request" in str(error)
        assert isinstance(error.__cause__, ValueError)
        assert logged == []
