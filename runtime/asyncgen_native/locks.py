"""A lock for a driver whose own would block the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from .greenlets import in_bridge
from .owner import suspend


class SuspendingLock:
    """In the place of a ``threading.Lock``: a call that has to wait suspends, a thread blocks.

    Two tasks share a connection, and a ``threading.Lock`` held over a query would stop the loop on
    which its holder waits; an RLock would exclude neither, for both are on one thread. It is handed
    from one to the next, and is free only when nobody waits.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._held = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    def locked(self) -> bool:
        """Tell whether somebody holds it, or has been handed it and has yet to go on."""
        return self._held

    async def acquire(self) -> bool:
        """Wait for it, on the loop."""
        if not self._held:
            self._held = True
            return True
        turn = self._loop.create_future()
        self._waiting.append(turn)
        try:
            await turn
        except BaseException:
            if not turn.cancel() and not turn.cancelled():  # It was handed over at the same time.
                self.release()
            raise
        return True

    def release(self) -> None:
        """Hand it to the first who still waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._held = False

    def __enter__(self) -> bool:
        if not self._held and in_bridge():
            self._held = True
            return True
        return suspend(self._loop, self.acquire)

    def __exit__(self, *_: object) -> None:
        if threading.get_ident() == self._thread:
            self.release()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.release)
