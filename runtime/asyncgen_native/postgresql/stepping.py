"""psycopg's generators, driven by callbacks of the event loop.

A generator of psycopg's yields what it waits for, the socket being readable or writable, and is
sent which it is. `psycopg.waiting.wait_async` does so in a coroutine that registers the socket for
each wait and wakes its task for each step. Here the socket stays registered from one query to the
next, and the task wakes once, when the generator is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait


class Stepper:
    """Steps of one generator at a time, over one socket.

    The loop refers to this while the socket is registered: `stop` it before the socket closes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._socket = -1
        self._reads = self._writes = False
        self._gen: PQGen[Any] | None = None
        self._done: asyncio.Future[Any] | None = None

    def complete(self, gen: PQGen[Any], socket: int, wanted: int) -> asyncio.Future[Any]:
        """Return the future of what `gen` returns; it has begun, and waits for `wanted`."""
        self._gen, self._done = gen, self._loop.create_future()
        self._socket = socket
        self._register(wanted)
        return self._done

    def _register(self, wanted: int) -> None:
        reads, writes = bool(wanted & Wait.R), bool(wanted & Wait.W)
        if reads != self._reads:
            self._reads = reads
            self._change(reads, self._loop.add_reader, self._loop.remove_reader, Ready.R)
        if writes != self._writes:
            self._writes = writes
            self._change(writes, self._loop.add_writer, self._loop.remove_writer, Ready.W)

    def _change(
        self, add: bool, adds: Callable[..., Any], removes: Callable[[int], Any], ready: Ready
    ) -> None:
        if add:
            # In a context of its own: the loop keeps the one in which a callback was registered,
            # and with it whatever the task has in its variables.
            Context().run(adds, self._socket, self._step, ready)
        else:
            removes(self._socket)

    def _step(self, ready: Ready) -> None:
        gen, done = self._gen, self._done
        if gen is None or done is None or done.done():
            self.stop()  # The server speaks, and nobody listens: cancelled, or between queries.
            return
        try:
            wanted = gen.send(ready)
        except StopIteration as result:
            self._gen = self._done = None
            self._register(Wait.R)
            done.set_result(result.value)
        except BaseException as error:
            self.stop()
            done.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            self._register(wanted)

    def stop(self) -> None:
        """Leave the socket to others, and the generator where it is."""
        self._gen = self._done = None
        if not self._loop.is_closed():
            self._register(0)
        self._reads = self._writes = False
