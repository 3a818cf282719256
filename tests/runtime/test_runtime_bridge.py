"""The guarded bridges, for twins and for everybody."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import asgiref.sync
import pytest
from asyncgen_runtime import no_stop_iteration, on_worker, sync_to_async


@pytest.fixture(params=[on_worker, sync_to_async])
def bridge(request):
    return request.param


def first_of_nothing():
    return next(iter(()))


class Callable:
    def __call__(self):
        raise StopIteration


@pytest.mark.parametrize(
    ("func", "name"),
    [
        (first_of_nothing, "first_of_nothing"),
        (partial(first_of_nothing), "functools.partial"),
        (Callable(), "Callable object"),
        (iter(()).__next__, "__next__"),
    ],
)
def test_stop_iteration_is_a_runtime_error(run, bridge, func, name):
    with pytest.raises(RuntimeError, match=f"{name}.* raised StopIteration") as caught:
        run(bridge(func)())
    assert isinstance(caught.value.__cause__, StopIteration)


def test_subclass_of_stop_iteration(run, bridge):
    class Exhausted(StopIteration):
        pass

    def func():
        raise Exhausted(7)

    with pytest.raises(RuntimeError) as caught:
        run(bridge(func)())
    assert caught.value.__cause__.value == 7


def test_stop_iteration_off_the_sensitive_thread(run):
    with ThreadPoolExecutor(1) as executor, pytest.raises(RuntimeError):
        run(sync_to_async(first_of_nothing, thread_sensitive=False, executor=executor)())


def test_guard_alone(run):
    assert no_stop_iteration(max)(1, 2) == 2
    with pytest.raises(RuntimeError, match="first_of_nothing raised StopIteration") as caught:
        no_stop_iteration(first_of_nothing)()
    assert isinstance(caught.value.__cause__, StopIteration)

    async def coroutine():
        pass

    class Async:
        async def __call__(self):
            pass

    for bad in (coroutine, Async()):
        with pytest.raises(TypeError, match="sync functions"):
            no_stop_iteration(bad)


def test_arguments_results_errors_and_thread(run, bridge):
    def func(a, /, *args, key, func="of that name"):
        if key == "bad":
            raise KeyError(key)
        return a, args, key, threading.get_ident()

    *rest, thread = run(bridge(func)(1, 2, key="k", func=3))
    assert rest == [1, (2,), "k"]
    assert thread != threading.get_ident()
    with pytest.raises(KeyError):
        run(bridge(func)(1, key="bad"))


def test_metadata_and_decorators(run):
    @sync_to_async
    def plain(a: int) -> int:
        "Doc."
        return a

    @sync_to_async(thread_sensitive=False)
    def with_options():
        return threading.current_thread().name

    class Owner:
        @sync_to_async
        def method(self, a):
            return self, a

    assert asgiref.sync.iscoroutinefunction(plain)
    assert (plain.__name__, plain.__doc__) == ("plain", "Doc.")
    assert run(plain(3)) == 3
    assert run(with_options()).startswith("asyncio")
    owner = Owner()
    assert run(owner.method(4)) == (owner, 4)


def test_rejects_what_asgiref_rejects(bridge):
    async def coroutine():
        pass

    class Async:
        async def __call__(self):
            pass

    for bad in (coroutine, Async(), 3, partial(coroutine)):
        with pytest.raises(TypeError, match=f"{bridge.__name__} can only be applied"):
            bridge(bad)


def test_an_executor_is_not_thread_sensitive():
    with ThreadPoolExecutor(1) as executor, pytest.raises(TypeError, match="executor"):
        sync_to_async(max, executor=executor)


def test_context_variables_travel_both_ways(run, bridge):
    from contextvars import ContextVar

    variable = ContextVar("variable")

    def func():
        seen = variable.get()
        variable.set("after")
        return seen

    async def main():
        variable.set("before")
        return await bridge(func)(), variable.get()

    assert run(main()) == ("before", "after")


def test_cancellation_returns_at_once(run, bridge):
    started, release = asyncio.Event(), threading.Event()

    async def main():
        loop = asyncio.get_running_loop()

        def work():
            loop.call_soon_threadsafe(started.set)
            release.wait(10)

        task = asyncio.create_task(bridge(work)())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not release.is_set()
        release.set()

    run(main())


def test_needs_no_django():
    code = (
        "import sys, asyncgen_runtime as runtime\n"
        "assert sorted(runtime.__all__) == runtime.__all__\n"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'django']\n"
        "known = sys.stdlib_module_names | {'asgiref', 'asyncgen_runtime', 'typing_extensions'}\n"
        "new = {m.split('.')[0] for m in set(sys.modules) - before} - known\n"
        "assert not new, new\n"
    )
    subprocess.run(
        [sys.executable, "-c", "import sys; before = set(sys.modules)\n" + code], check=True
    )


def test_error_reports_leave_out_the_frames_between_twin_and_callable(run, bridge):
    """Django's page for errors asks a frame's local variables for `__traceback_hide__`."""

    def func():
        raise KeyError("missing")

    with pytest.raises(KeyError) as caught:
        run(bridge(func)())
    frames = [entry.frame for entry in caught.traceback]
    (between,) = [frame for frame in frames if frame.code.name == "call"]
    assert between.f_locals["__traceback_hide__"] is True
