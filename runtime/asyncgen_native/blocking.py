"""In asyncio's debug mode: which line of a call blocks the event loop, while it does.

asyncio itself says which task's step was slow, after it. A call has a stack of its own, of which
nothing is left by then.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

logger = logging.getLogger("asyncgen_native")


def watching() -> Watch | None:
    """Begin to watch the calling thread if its loop is in debug mode.

    https://docs.python.org/3/library/asyncio-dev.html#debug-mode
    """
    loop = asyncio.get_running_loop()
    return Watch(loop.slow_callback_duration) if loop.get_debug() else None


class Watch:
    """Logs where the thread is when a call has not let the loop go on for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._thread = threading.get_ident()
        self._begin()

    def _begin(self) -> None:
        self._timer = threading.Timer(self._seconds, self._tell)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        self._timer.cancel()

    async def outside(self, step: Awaitable[T]) -> T:
        """Wait for what the call waits for: that is no time in which it blocks."""
        self.end()
        try:
            return await step
        finally:
            self._begin()

    def _tell(self) -> None:
        from asyncgen_runtime.watch import of_project

        frame = sys._current_frames().get(self._thread)
        place = next(of_project(frame), frame)
        if frame is None or place is None:
            return
        logger.warning(
            "A call blocks the event loop, for %s seconds by now: %s, line %s, in %s. Have it run "
            "on a thread, by `bridges` or sync_to_async.\n%s",
            self._seconds,
            place.f_code.co_filename,
            place.f_lineno,
            place.f_code.co_qualname,
            "".join(traceback.format_stack(frame)),
        )
