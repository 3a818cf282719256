"""Context managers: one thread, exceptions, suppression, cancellation at every stage."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar

import pytest
from asgiref.local import Local
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from asyncgen_runtime import context_to_async


async def settle():
    """Let what the event loop has to do at once be done; each step of it is one turn or two."""
    for _ in range(10):
        await asyncio.sleep(0)


class Lock:
    """A sync context manager that writes down what happens to it; it can be held up anywhere."""

    def __init__(self, suppresses=False, stop_at=None, fails_at=None):
        self.suppresses = suppresses
        self.stop_at = stop_at
        self.fails_at = fails_at
        self.events = []
        self.threads = set()
        self.go_on = threading.Event()

    def listen(self):
        self.loop = asyncio.get_running_loop()
        self.arrived = asyncio.Event()
        return self

    def note(self, event):
        self.threads.add(threading.get_ident())
        if event == self.stop_at:
            self.loop.call_soon_threadsafe(self.arrived.set)
            assert self.go_on.wait(20)
        self.events.append(event)
        if event == self.fails_at:
            raise self.error()

    error = ValueError

    def __call__(self, *args, **kwargs):
        self.note("call")
        self.arguments = args, kwargs
        return self

    def __enter__(self):
        self.note("enter")
        return "value"

    def __exit__(self, kind, error, traceback):
        self.left_with = kind, error, traceback
        self.handling = sys.exc_info()[1]
        self.note("exit")
        return self.suppresses

    def check_on_one_thread(self):
        assert len(self.threads) == 1
        assert threading.get_ident() not in self.threads


def test_value_arguments_and_thread(run):
    lock = Lock()

    async def main():
        manager = context_to_async(lock)(1, key=2)
        assert lock.events == []
        async with manager as value:
            assert value == "value"
            assert lock.events == ["call", "enter"]
            assert await sync_to_async(threading.get_ident)() in lock.threads

    run(main())
    assert lock.arguments == ((1,), {"key": 2})
    assert lock.events == ["call", "enter", "exit"]
    assert lock.left_with == (None, None, None)
    assert lock.handling is None
    lock.check_on_one_thread()


@pytest.mark.parametrize("suppresses", [True, False])
def test_exceptions_and_suppression(run, suppresses):
    lock = Lock(suppresses)
    error = KeyError("body")

    async def main():
        async with context_to_async(lock)():
            raise error

    with suppress(KeyError) if suppresses else pytest.raises(KeyError) as caught:
        run(main())
    assert suppresses or caught.value is error
    assert lock.left_with[:2] == (KeyError, error)
    assert lock.left_with[2] is not None
    assert lock.handling is error
    lock.check_on_one_thread()


@pytest.mark.parametrize("body", [ValueError("caught"), KeyError("passed on"), StopIteration()])
def test_generator_based(run, body):
    seen = []

    @contextmanager
    def manager():
        try:
            yield
        except ValueError as error:
            seen.append(error)
        finally:
            seen.append("left")

    async def main():
        async with context_to_async(manager)():
            raise body

    if isinstance(body, ValueError):
        run(main())
        assert seen == [body, "left"]
    else:
        # A StopIteration cannot leave a coroutine: PEP 479.
        with pytest.raises(RuntimeError if isinstance(body, StopIteration) else KeyError):
            run(main())
        assert seen == ["left"]


@pytest.mark.parametrize("stage", ["call", "enter", "exit"])
@pytest.mark.parametrize("error", [ValueError, StopIteration])
def test_errors_of_the_manager(run, stage, error):
    lock = Lock(fails_at=stage)
    lock.error = error

    async def main():
        async with context_to_async(lock)():
            lock.events.append("body")

    with pytest.raises(RuntimeError if error is StopIteration else ValueError):
        run(main())
    whole = ["call", "enter", "body", "exit"]
    assert lock.events == whole[: whole.index(stage) + 1]


def test_not_a_context_manager(run):
    async def main():
        async with context_to_async(lambda: 3)():
            raise AssertionError

    with pytest.raises((TypeError, AttributeError)):
        run(main())


@pytest.mark.parametrize("cancellations", [1, 3])
@pytest.mark.parametrize("stage", ["call", "enter", "exit"])
def test_cancel_while_the_worker_is_in_it(run, stage, cancellations):
    lock = Lock(stop_at=stage, suppresses=True)

    async def main():
        lock.listen()

        async def use():
            async with context_to_async(lock)():
                lock.events.append("body")
            lock.events.append("after")

        task = asyncio.create_task(use())
        await lock.arrived.wait()
        for _ in range(cancellations):
            task.cancel()
            await settle()
        assert not task.done()
        lock.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    body = ["body"] if stage == "exit" else []
    assert lock.events == ["call", "enter", *body, "exit"]
    assert (lock.left_with[0] is asyncio.CancelledError) == (stage != "exit")
    lock.check_on_one_thread()


def test_cancel_while_waiting_for_the_worker(run):
    lock = Lock()

    async def main():
        busy, loop, release = asyncio.Event(), asyncio.get_running_loop(), threading.Event()

        def block():
            loop.call_soon_threadsafe(busy.set)
            assert release.wait(20)

        blocker = asyncio.create_task(sync_to_async(block)())
        await busy.wait()
        task = asyncio.create_task(context_to_async(lock)().__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        await settle()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await blocker

    run(main())
    assert lock.events == []


@pytest.mark.parametrize("suppresses", [True, False])
def test_cancel_in_the_body(run, suppresses):
    lock = Lock(suppresses)

    async def main():
        inside = asyncio.Event()

        async def use():
            async with context_to_async(lock)():
                inside.set()
                await asyncio.Event().wait()
            return "suppressed"

        task = asyncio.create_task(use())
        await inside.wait()
        task.cancel()
        if suppresses:
            assert await task == "suppressed"
        else:
            with pytest.raises(asyncio.CancelledError):
                await task

    run(main())
    assert lock.events == ["call", "enter", "exit"]
    assert lock.left_with[0] is asyncio.CancelledError


def test_error_while_leaving_wins_over_cancellation(run):
    lock = Lock(stop_at="exit", fails_at="exit")

    async def main():
        lock.listen()

        async def use():
            async with context_to_async(lock)():
                pass

        task = asyncio.create_task(use())
        await lock.arrived.wait()
        task.cancel()
        await settle()
        lock.go_on.set()
        with pytest.raises(ValueError):  # noqa: PT011
            await task

    run(main())


def test_the_end_of_the_program_leaves_too():
    lock = Lock(stop_at="enter")

    async def main():
        lock.listen()

        async def use():
            async with context_to_async(lock)():
                raise AssertionError

        task = asyncio.create_task(use())
        await lock.arrived.wait()
        task.cancel()
        await settle()
        main.release = asyncio.create_task(release_when_cancelled())
        await settle()

    async def release_when_cancelled():
        try:
            await asyncio.Event().wait()
        finally:
            await settle()
            lock.go_on.set()

    asyncio.run(main())
    assert lock.events == ["call", "enter", "exit"]


def test_state_kept_per_thread_is_seen_in_the_block(run):
    state = threading.local()

    @contextmanager
    def language(name):
        before = getattr(state, "name", None)
        state.name = name
        try:
            yield
        finally:
            state.name = before

    def current():
        return state.name

    async def main():
        async with context_to_async(language)("de"):
            outer = await sync_to_async(current)()
            async with context_to_async(language)("fr"):
                inner = await sync_to_async(current)()
            return outer, inner, await sync_to_async(current)()

    assert run(main()) == ("de", "fr", "de")


def test_left_on_the_thread_entered_on_from_elsewhere(run):
    """An exit stack may be closed inside a thread-sensitive context it was not filled in."""
    lock = Lock()

    async def main():
        manager = context_to_async(lock)()
        await manager.__aenter__()
        async with ThreadSensitiveContext():
            await manager.__aexit__(None, None, None)

    run(main())
    assert lock.events == ["call", "enter", "exit"]
    lock.check_on_one_thread()


def test_entered_twice(run):
    lock = Lock()

    async def main():
        manager = context_to_async(lock)()
        async with manager:
            with pytest.raises(RuntimeError, match="already entered"):
                await manager.__aenter__()
        async with manager:
            pass

    run(main())
    assert lock.events == ["call", "enter", "exit"] * 2


def test_as_a_decorator(run):
    lock = Lock()

    @context_to_async(lock)()
    async def work(a, *, b):
        "Doc."
        assert lock.events.count("enter") > lock.events.count("exit")
        return a, b

    async def main():
        return await work(1, b=2), await asyncio.gather(work(3, b=4), work(5, b=6))

    assert work.__doc__ == "Doc."
    assert run(main()) == ((1, 2), [(3, 4), (5, 6)])
    assert lock.events.count("exit") == 3


@pytest.mark.parametrize("had_a_value", [True, False])
def test_context_variables_that_the_manager_sets(run, had_a_value):
    """As any manager does that keeps the token for its end."""
    variable = ContextVar("variable")

    @contextmanager
    def setting(value):
        token = variable.set(value)
        try:
            yield
        finally:
            variable.reset(token)

    async def main():
        if had_a_value:
            variable.set("outside")
        async with context_to_async(setting)("inside"):
            assert variable.get() == "inside"
            assert await sync_to_async(variable.get)() == "inside"
            async with context_to_async(setting)("further inside"):
                assert variable.get() == "further inside"
            assert variable.get() == "inside"
        assert variable.get(None) == ("outside" if had_a_value else None)

    run(main())


def test_context_variables_that_the_block_sets(run):
    variable = ContextVar("variable")
    seen = []

    @contextmanager
    def looking():
        seen.append(variable.get())
        yield
        seen.append(variable.get())
        variable.set("by exit")

    async def main():
        variable.set("before")
        async with context_to_async(looking)():
            variable.set("in the block")
        return variable.get()

    assert run(main()) == "by exit"
    assert seen == ["before", "in the block"]


def test_asgiref_local(run):
    """Django keeps the active language and time zone so."""
    local = Local()

    @contextmanager
    def setting(value):
        before = getattr(local, "value", None)
        local.value = value
        try:
            yield
        finally:
            local.value = before

    async def main():
        async with context_to_async(setting)("inside"):
            assert local.value == "inside"
            assert await sync_to_async(lambda: local.value)() == "inside"
        assert local.value is None

    run(main())


@pytest.mark.parametrize("stage", ["enter", "exit"])
def test_anyios_cancellation_does_not_spin(run, stage):
    """anyio repeats a cancellation on every turn of the loop until the task has reacted."""
    anyio = pytest.importorskip("anyio", reason="anyio is not installed")
    lock = Lock(stop_at=stage)
    turns = 0

    async def main():
        nonlocal turns
        loop = asyncio.get_running_loop()
        lock.listen()

        def count():
            nonlocal turns
            turns += 1

        async def use(scope):
            with scope:
                async with context_to_async(lock)():
                    pass

        scope = anyio.CancelScope()
        task = asyncio.create_task(use(scope))
        await lock.arrived.wait()
        scope.cancel()
        await settle()
        call_soon = loop.call_soon
        loop.call_soon = lambda *args, **kwargs: (count(), call_soon(*args, **kwargs))[1]
        try:
            await settle()
            before = turns
            for _ in range(100):
                await asyncio.sleep(0)
            assert turns - before <= 110  # One a turn is this task's own.
        finally:
            del loop.call_soon
        lock.go_on.set()
        await task

    run(main())
    assert lock.events[-1] == "exit"
