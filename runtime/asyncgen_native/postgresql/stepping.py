"""psycopg's generators, driven by callbacks of the event loop.

A generator of psycopg's yields what it waits for, the socket being readable or writable, and is
sent which it is. `psycopg.waiting.wait_async` does so in a coroutine with a timer, and wakes its
task for each step. Here the callback makes the step, and the task wakes once, when the generator is
done.
"""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn
from psycopg.waiting import Ready, Wait


class Stepper:
    """Steps of one generator at a time, over one socket.

    The socket is registered only while a step is waited for. libpq closes it in a step, when the
    server is gone; uvloop forgets a reader whose socket has an error. Neither tells anybody.
    """

    def __init__(self, pgconn: PGconn, loop: asyncio.AbstractEventLoop) -> None:
        self._pgconn = pgconn
        self._loop = loop
        self._socket = -1
        self._wanted = 0
        self._gen: PQGen[Any] | None = None
        self._done: asyncio.Future[Any] | None = None

    def complete(self, gen: PQGen[Any], wanted: int) -> asyncio.Future[Any]:
        """Return the future of what `gen` returns; it has begun, and waits for `wanted`."""
        self._gen, self._done = gen, self._loop.create_future()
        self._wait(wanted)
        return self._done

    def _wait(self, wanted: int) -> None:
        self._socket = self._pgconn.socket
        self._wanted = wanted
        if wanted & Wait.R:
            self._loop.add_reader(self._socket, self._step, Ready.R)
        if wanted & Wait.W:
            self._loop.add_writer(self._socket, self._step, Ready.W)

    def stop(self) -> None:
        """Leave the socket to others, and the generator where it is."""
        wanted, self._wanted = self._wanted, 0
        if not wanted or self._loop.is_closed():
            return
        if wanted & Wait.R:
            self._loop.remove_reader(self._socket)
        if wanted & Wait.W:
            self._loop.remove_writer(self._socket)

    def _step(self, ready: Ready) -> None:
        self.stop()
        gen, done = self._gen, self._done
        if gen is None or done is None or done.done():  # It was cancelled meanwhile.
            return
        try:
            self._wait(gen.send(ready))
        except StopIteration as result:
            done.set_result(result.value)
        except BaseException as error:
            done.set_exception(error)
            if not isinstance(error, Exception):
                raise
