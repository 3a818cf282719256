"""Sockets that suspend, and where they connect to."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("greenlet")
pytest.importorskip("pymysql")

from asyncgen_native import bridge
from asyncgen_native.mysql.connection import SuspendingSocket


class Server:
    """A server that says nothing by itself; its other ends are closed with it."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self.port = self._listening.getsockname()[1]
        self._accepted: list[socket.socket] = []

    async def accept(self) -> tuple[socket.socket, str]:
        """Return the other end of a connection, and the address that it comes from."""
        other, (address, _) = await asyncio.get_running_loop().sock_accept(self._listening)
        self._accepted.append(other)
        return other, address

    def close(self) -> None:
        for each in (self._listening, *self._accepted):
            each.close()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    try:
        async with asyncio.timeout(20):
            yield server
    finally:
        server.close()


def test_the_addresses_of_a_host_are_tried_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host such as localhost has two, and a server may listen on one."""

    async def main() -> None:
        async with serving() as server:
            loop = asyncio.get_running_loop()
            answering = [1, server.port]

            async def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
                tcp = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
                return [(*tcp, ("127.0.0.1", each)) for each in answering]

            monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
            found = await SuspendingSocket.connect("localhost", server.port, None, 5)
            await server.accept()
            found.close()
            answering.remove(server.port)
            with pytest.raises(ConnectionRefusedError):
                await SuspendingSocket.connect("localhost", server.port, None, 5)

    asyncio.run(main())


def test_it_comes_from_the_address_that_was_asked_for() -> None:
    async def main() -> None:
        async with serving() as server:
            found = await SuspendingSocket.connect("127.0.0.1", server.port, None, 5, "127.0.0.9")
            _, address = await server.accept()
            found.close()
            assert address == "127.0.0.9"

    asyncio.run(main())


@pytest.mark.parametrize("thread", [False, True])
def test_one_that_is_closed_while_it_is_waited_for_is_watched_no_more(thread: bool) -> None:
    """Its number is another's soon, for which the loop could not wait."""

    async def main() -> None:
        async with serving() as server:
            first = await SuspendingSocket.connect("127.0.0.1", server.port, None, 5)
            await server.accept()
            call = bridge(first.recv)(100)
            call.send(None)  # It waits.
            call.close()
            number = first._raw.fileno()
            await run(first.close, thread)
            second = await SuspendingSocket.connect("127.0.0.1", server.port, None, 5)
            assert second._raw.fileno() == number
            other, _ = await server.accept()
            receiving = asyncio.create_task(bridge(second.recv)(100))
            await asyncio.sleep(0)
            other.send(b"here")
            assert await receiving == b"here"
            second.close()

    asyncio.run(main())


async def run(func: Callable[[], None], thread: bool) -> None:
    if not thread:
        return func()
    worker = threading.Thread(target=func)
    worker.start()
    worker.join()
    await asyncio.sleep(0)
    return None
