"""A lock for a driver whose own would block the event loop."""

from __future__ import annotations

import asyncio
import threading

from .greenlets import complete, in_bridge
from .owner import suspend


class SuspendingLock:
    """In the place of a ``threading.Lock``: a call that has to wait suspends, a thread blocks.

    Two tasks share a connection, and a ``threading.Lock`` held over a query would stop the loop on
    which its holder waits; an RLock would exclude neither, for both are on one thread.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._lock = asyncio.Lock()
        self._waiting = 0

    def locked(self) -> bool:
        """Tell whether somebody holds it, or has been handed it and has yet to go on."""
        return self._lock.locked() or self._waiting > 0

    async def acquire(self) -> bool:
        """Wait for it, on the loop."""
        self._waiting += 1
        try:
            return await self._lock.acquire()
        finally:
            self._waiting -= 1

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> bool:
        if in_bridge() and not self.locked():
            return complete(self._lock.acquire())
        return suspend(self._loop, self.acquire)

    def __exit__(self, *_: object) -> None:
        if threading.get_ident() == self._thread:
            self.release()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.release)
