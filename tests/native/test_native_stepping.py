"""Steps of psycopg's generators over sockets of our own, on asyncio's loop and on uvloop."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable, Coroutine, Generator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("psycopg")

from asyncgen_native.postgresql.stepping import Stepper
from psycopg.waiting import Ready, Wait

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    loops = pytest.importorskip(request.param, reason=f"{request.param} is not installed")
    base: Any = loops.SelectorEventLoop if request.param == "asyncio" else loops.Loop

    class Loop(base):  # type: ignore[misc]  # whichever it is
        """Knows what it watches."""

        def __init__(self) -> None:
            super().__init__()
            self.watched: set[int] = set()

        def add_reader(self, number: int, *call: Any) -> None:
            self.watched.add(number)
            super().add_reader(number, *call)

        def remove_reader(self, number: int) -> bool:
            self.watched.discard(number)
            removed: bool = super().remove_reader(number)
            return removed

    def main(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(asyncio.wait_for(coroutine, 30))
            assert not watched(runner.get_loop())

    return main


def watched(loop: Any = None) -> set[int]:
    """Return the sockets that the loop watches."""
    numbers: set[int] = (loop or asyncio.get_running_loop()).watched
    return numbers


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection: ours, and that of the server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def steps(*wanted: Wait) -> Generator[Wait, Ready, list[Ready]]:
    """Wait for each in turn, and return what came; what is there is left there."""
    seen = []
    for each in wanted:
        ready = yield each
        seen.append(ready)
    return seen


@pytest.fixture
def make(ends: tuple[socket.socket, socket.socket]) -> Callable[[], Stepper]:
    pgconn: Any = SimpleNamespace(socket=ends[0].fileno())
    return lambda: Stepper(pgconn, asyncio.get_running_loop())


async def complete(stepper: Stepper, *wanted: Wait) -> list[Ready]:
    gen = steps(*wanted)
    came: list[Ready] = await stepper.complete(gen, next(gen))  # type: ignore[arg-type]
    return came


def test_each_step_is_told_what_the_socket_is_ready_for(run: Run, ends: Any, make: Any) -> None:
    _, theirs = ends

    async def main() -> None:
        before = len(os.listdir("/dev/fd"))
        stepper = make()
        assert await complete(stepper, Wait.W, Wait.RW) == [Ready.W, Ready.W]
        theirs.sendall(b"answer")
        assert await complete(stepper, Wait.R, Wait.R, Wait.W) == [Ready.R, Ready.R, Ready.W]
        stepper.close()
        assert len(os.listdir("/dev/fd")) == before

    run(main())


def test_a_socket_with_an_error_wakes_who_waits_as_often_as_it_is_waited_for(
    run: Run, ends: Any, make: Any
) -> None:
    """uvloop reports an error once, and forgets the reader."""
    _, theirs = ends
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def main() -> None:
        stepper = make()
        waiting = asyncio.ensure_future(complete(stepper, Wait.R, Wait.R, Wait.R))
        await asyncio.sleep(0)
        theirs.close()  # with a reset
        assert len(await waiting) == 3
        assert await complete(stepper, Wait.R) == [Ready.R]
        stepper.close()

    run(main())


def test_who_is_cancelled_leaves_the_socket_to_others(run: Run, ends: Any, make: Any) -> None:
    _, theirs = ends

    async def main() -> None:
        stepper, gen = make(), steps(Wait.R)
        done = stepper.complete(gen, next(gen))
        done.cancel()
        theirs.sendall(b"late")
        other = make()
        assert await complete(other, Wait.R) == [Ready.R]
        for each in (stepper, other):
            each.close()

    run(main())


def test_what_comes_while_nobody_waits_does_not_keep_the_loop_busy(
    run: Run, ends: Any, make: Any
) -> None:
    ours, theirs = ends

    async def main() -> None:
        stepper = make()
        theirs.sendall(b"answer")
        assert await complete(stepper, Wait.R) == [Ready.R]
        ours.recv(99)
        theirs.sendall(b"the server says that it ends")
        theirs.close()
        while watched():
            await asyncio.sleep(0)
        assert await complete(stepper, Wait.R) == [Ready.R]
        stepper.close()

    run(main())


def test_libpq_may_close_its_socket_in_a_step(run: Run, ends: Any, make: Any) -> None:
    """The number of a socket that is closed is the next one's."""
    ours, theirs = ends

    def closing() -> Generator[Wait, Ready, None]:
        yield Wait.R
        ours.close()
        yield Wait.R

    async def main() -> None:
        stepper, gen = make(), closing()
        waiting = stepper.complete(gen, next(gen))
        theirs.sendall(b"answer")
        await waiting
        stepper.close()

    run(main())


def test_a_thread_may_close_it(run: Run, ends: Any, make: Any) -> None:
    _, theirs = ends

    async def main() -> None:
        stepper = make()
        theirs.sendall(b"answer")
        await complete(stepper, Wait.R)
        await asyncio.to_thread(stepper.close)
        while watched():
            await asyncio.sleep(0)

    run(main())
