"""Synchronous code on the event loop's own thread, in a greenlet that can wait.

`run` is the outer half: a coroutine that drives one call. `await_` is the inner half: deep in the
call, where the driver of a database would block, it hands an awaitable to `run` and goes on with
its result. In between there may be any amount of code that knows nothing of either. SQLAlchemy's
asyncio extension and peewee's run their synchronous cores in the same way.
"""

from __future__ import annotations

import asyncio
import inspect
from asyncio import current_task
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec, TypeVar

from greenlet import getcurrent, greenlet

from .blocking import watching

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class NotInBridge(RuntimeError):
    """Something would have to wait where there is no bridge to wait on."""


class BridgeClosed(BaseException):
    """The coroutine that drives this call was closed: nothing can be awaited any more."""


class _Call(greenlet):
    """The greenlet of one call; its parent is whoever drives it at the moment."""

    closing = False
    late: BaseException | None = None

    def __init__(self, func: Callable[..., object], driver: greenlet) -> None:
        super().__init__(func, driver)
        # The same context, not a copy: variables that the call sets are set in its task.
        self.gr_context = driver.gr_context
        self.task = running_task()


def running_task() -> asyncio.Task[Any] | None:
    """Return the task whose step this thread is in, or None on a thread without a loop."""
    try:
        return current_task()
    except RuntimeError:
        return None


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs on this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def in_bridge() -> bool:
    """Tell whether the calling code may wait with `await_`."""
    call = getcurrent()
    # An eager task started in a call runs its first step in the call's greenlet, but is not it.
    try:
        return type(call) is _Call and call.task is current_task()
    except RuntimeError:  # It is closed when its loop has ended.
        return False


def await_(awaitable: Awaitable[T]) -> T:
    """Wait for `awaitable` from synchronous code that `run` runs, and return its result.

    Raises NotInBridge elsewhere, and BridgeClosed while the call is being closed.
    """
    if not in_bridge():
        _discard(awaitable)
        raise NotInBridge("await_() is for synchronous code that asyncgen_native.bridge runs.")
    return hand_over(awaitable)


def hand_over(awaitable: Awaitable[T]) -> T:
    """Do what `await_` does where it is known that the calling code is in a bridge."""
    call = getcurrent()
    assert isinstance(call, _Call)
    if call.closing:
        _discard(awaitable)
        raise BridgeClosed
    if call.late is not None:
        _discard(awaitable)
        late, call.late = call.late, None
        raise late
    assert call.parent is not None
    result: T = call.parent.switch(awaitable)
    return result


def raise_later(error: BaseException | None) -> None:
    """Raise `error` where the call waits next, or at its end if it does not."""
    call = getcurrent()
    if isinstance(call, _Call) and error is not None:
        call.late = error


def _discard(awaitable: Awaitable[object]) -> None:
    """Close a coroutine that will not be awaited, so that Python does not warn of it."""
    if inspect.iscoroutine(awaitable):
        awaitable.close()


async def run(func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run `func` in a greenlet on this thread and return what it returns.

    Wherever it calls `await_`, the task that awaits this coroutine waits. A cancellation is raised
    there, in `func`. When this coroutine is closed, GeneratorExit is raised there.
    """
    __traceback_hide__ = True  # Django's error page leaves the frame out, as it does asgiref's
    call = _Call(func, getcurrent())
    watch = watching()
    try:
        step: Any = call.switch(*args, **kwargs)
        while not call.dead:
            try:
                result = await (step if watch is None else watch.outside(step))
            except GeneratorExit:
                call.closing = True
                _driven_from_here(call).throw(GeneratorExit)
                if not call.dead:
                    raise RuntimeError(f"{func!r} ignored GeneratorExit") from None
                raise
            except BaseException as error:
                # Without this frame, which would be there once for every wait on the way.
                trace = error.__traceback__.tb_next if error.__traceback__ else None
                step = _driven_from_here(call).throw(type(error), error, trace)
            else:
                step = _driven_from_here(call).switch(result)
    finally:
        if watch is not None:
            watch.end()
    if call.late is not None:
        raise call.late
    returned: R = step
    return returned


def _driven_from_here(call: _Call) -> _Call:
    """Make the running greenlet the parent, to which the call returns.

    A coroutine can be resumed from another greenlet than it was begun in: an eager task begins in
    whoever makes it, and goes on from the event loop.
    """
    driver = getcurrent()
    if call.parent is not driver:
        call.parent = driver
    return call
