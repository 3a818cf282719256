"""Steps of psycopg's generators over sockets of our own, on asyncio's loop and on uvloop."""

from __future__ import annotations

import asyncio
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

    def main(coroutine: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=loops.new_event_loop) as runner:
            runner.run(asyncio.wait_for(coroutine, 30))

    return main


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


async def complete(ours: socket.socket, *wanted: Wait) -> list[Ready]:
    pgconn: Any = SimpleNamespace(socket=ours.fileno())
    gen = steps(*wanted)
    loop = asyncio.get_running_loop()
    found: list[Ready] = await Stepper(pgconn, loop).complete(gen, next(gen))  # type: ignore[arg-type]
    assert not loop.remove_reader(ours)
    assert not loop.remove_writer(ours)
    return found


def test_each_step_is_told_what_the_socket_is_ready_for(run: Run, ends: Any) -> None:
    ours, theirs = ends

    async def main() -> None:
        assert await complete(ours, Wait.W, Wait.RW) == [Ready.W, Ready.W]
        theirs.sendall(b"answer")
        assert await complete(ours, Wait.R, Wait.R, Wait.W) == [Ready.R, Ready.R, Ready.W]

    run(main())


def test_a_socket_with_an_error_wakes_who_waits_as_often_as_it_is_waited_for(
    run: Run, ends: Any
) -> None:
    """uvloop reports an error once, and forgets the reader."""
    ours, theirs = ends
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def main() -> None:
        waiting = asyncio.ensure_future(complete(ours, Wait.R, Wait.R, Wait.R))
        await asyncio.sleep(0)
        theirs.close()  # with a reset
        assert len(await waiting) == 3

    run(main())


def test_who_is_cancelled_leaves_the_socket_to_others(run: Run, ends: Any) -> None:
    ours, theirs = ends

    async def main() -> None:
        loop = asyncio.get_running_loop()
        pgconn: Any = SimpleNamespace(socket=ours.fileno())
        stepper, gen = Stepper(pgconn, loop), steps(Wait.R)
        done = stepper.complete(gen, next(gen))  # type: ignore[arg-type]
        done.cancel()
        theirs.sendall(b"late")
        assert await complete(ours, Wait.R) == [Ready.R]
        stepper.stop()
        assert not loop.remove_reader(ours)

    run(main())
