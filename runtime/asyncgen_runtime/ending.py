"""What is iterated over on the thread of a request, when the request ends and the thread with it.

An iterator can be closed on its own thread only, where its cursor and its transaction are. Whoever
drops an iteration, or carries it out of its request, comes too late for that; so the thread closes
what is open on it before it ends.
"""

from __future__ import annotations

import asyncio
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from asgiref.sync import SyncToAsync

from . import connections
from .reading import THREAD_GONE, close_iterators
from .threads import current_executor


def close_at_the_end() -> None:
    """Have the thread of the current context close what is iterated over on it before it ends."""
    executor = current_executor()
    if not isinstance(executor, ThreadPoolExecutor):
        return  # A block's own thread does so, and that of a sync caller goes on.
    if executor is not SyncToAsync.single_thread_executor and "shutdown" not in vars(executor):
        # Without a reference from there to the executor, which would be a cycle.
        vars(executor)["shutdown"] = partial(_shut_down, weakref.ref(executor))


def _shut_down(
    reference: weakref.ref[ThreadPoolExecutor], wait: bool = True, *, cancel_futures: bool = False
) -> None:
    executor = reference()
    assert executor is not None  # It is being asked to.
    with suppress(RuntimeError):  # It has been shut down before.
        type(executor).submit(executor, _close)
    # asgiref before 3.13 waits on the event loop, to which what is closed may come back.
    waits = wait and asyncio._get_running_loop() is None
    type(executor).shutdown(executor, waits, cancel_futures=cancel_futures)


def _close() -> None:
    close_iterators(THREAD_GONE)
    connections.close()  # What finalisers have opened again after the end of the request.
