"""psycopg's generators, driven by callbacks of the event loop.

A generator of psycopg's yields what it waits for, the socket being readable or writable, and is
sent which it is. `psycopg.waiting.wait_async` does so in a coroutine with a timer, and wakes its
task for each step. Here the callback makes the step, and the task wakes once, when the generator is
done.
"""

from __future__ import annotations

import asyncio
import os
from contextvars import Context
from typing import Any

from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn
from psycopg.waiting import Ready, Wait

from ..greenlets import running_loop


class Stepper:
    """Steps of one generator at a time, over one socket.

    It is a duplicate of libpq's, which libpq closes in the middle of a step when the server is
    gone: the number of that one may be another's by then. asyncio goes on watching it from one
    query to the next, for to begin takes it longer than all else here; what comes while nobody
    waits ends that. uvloop forgets, without a word, a reader whose socket has an error: there it is
    watched for one step at a time.
    """

    def __init__(self, pgconn: PGconn, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lasting = isinstance(loop, asyncio.SelectorEventLoop)
        self._socket = os.dup(pgconn.socket)
        self._reading = False
        self._wanted = 0
        self._gen: PQGen[Any] | None = None
        self._done: asyncio.Future[Any] | None = None

    def complete(self, gen: PQGen[Any], wanted: int) -> asyncio.Future[Any]:
        """Return the future of what `gen` returns; it has begun, and waits for `wanted`."""
        self._gen, self._done = gen, self._loop.create_future()
        self._wait(wanted)
        return self._done

    def _wait(self, wanted: int) -> None:
        self._wanted = wanted
        if wanted & Wait.R and not self._reading:
            self._reading = True
            # Not in the context of whoever it is: the loop would keep that until then.
            Context().run(self._loop.add_reader, self._socket, self._step, Ready.R)
        if wanted & Wait.W:
            self._loop.add_writer(self._socket, self._step, Ready.W)

    def stop(self) -> None:
        """Leave the generator where it is, and the socket to others."""
        wanted, self._wanted = self._wanted, 0
        if self._socket < 0 or self._loop.is_closed():
            return
        if wanted & Wait.W:
            self._loop.remove_writer(self._socket)
        if not self._lasting:
            self._stop_reading()

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._socket)

    def _step(self, ready: Ready) -> None:
        if not self._wanted & ready:  # What comes is for others, or for later.
            self._stop_reading()
            return
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

    def close(self) -> None:
        """Close the duplicate, for good; on any thread."""
        if self._socket < 0:
            return
        if self._loop.is_closed():
            self._release()
        elif running_loop() is self._loop:
            self.stop()
            self._stop_reading()
            self._release()
        else:
            self._loop.call_soon_threadsafe(self.close)

    def _release(self) -> None:
        number, self._socket = self._socket, -1
        os.close(number)
