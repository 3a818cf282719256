"""The short way to a thread of our own and back.

asgiref's way to any executor takes three futures, and as many turns of the event loop. This one
puts the work into the thread's queue and takes one: half of the time. What sync code finds on the
thread is the same: the context, with asgiref's own variables, and the loop to which `async_to_sync`
goes back.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import SyncToAsync, _restore_context

from .bridge import call

T = TypeVar("T")


def _nothing() -> None:
    pass


# What asgiref does on a thread around a call. Subclasses override it: it is as good as public.
_on_thread = SyncToAsync(_nothing).thread_handler
_NOTHING_HANDLED = (None, None, None)


def as_asgiref_does(
    work: Callable[[], T],
    context: contextvars.Context,
    tasks: list[asyncio.Task[Any]],
) -> Callable[[], T]:
    """Return `work` as a thread has to call it, so that it runs in `context`.

    A task in which it waits for a coroutine is in `tasks` meanwhile.
    """
    loop = asyncio.get_running_loop()
    inside = partial(_inside, context, work)
    return partial(_on_thread, loop, _NOTHING_HANDLED, tasks, context.run, inside)


def _inside(context: contextvars.Context, work: Callable[[], T]) -> T:
    __traceback_hide__ = True
    _restore_context(context)  # What asgiref's Local keeps is of one thread, so it has to move.
    return call(work)


class Reply:
    """Takes what a call gave from its thread to a future of the event loop.

    To the thread it is what a concurrent future would be. The call ran in a context of its own,
    `inside`, for nobody may wait for it and `outside` be in use again; what it set goes there.
    """

    def __init__(
        self,
        future: asyncio.Future[Any],
        inside: contextvars.Context,
        outside: contextvars.Context,
    ) -> None:
        self._future = future
        self._inside = inside
        self._outside = outside
        self._loop = future.get_loop()

    def set_running_or_notify_cancel(self) -> bool:
        return not self._future.cancelled()

    def set_result(self, value: object) -> None:
        self._send(self._future.set_result, value)

    def set_exception(self, error: BaseException) -> None:
        self._send(self._future.set_exception, error)

    def _send(self, settle: Callable[[Any], None], value: object) -> None:
        with suppress(RuntimeError):  # The loop is closed, and with it went whoever waited.
            self._loop.call_soon_threadsafe(self._settle, settle, value)

    def _settle(self, settle: Callable[[Any], None], value: object) -> None:
        if not self._future.done():
            self._outside.run(_restore_context, self._inside)
            settle(value)
