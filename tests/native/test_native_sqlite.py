"""SQLite connections on threads of their own, without Django."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

import pytest

pytest.importorskip("greenlet")

from asyncgen_native.sqlite3.connection import ThreadConnection


def test_a_cancellation_while_connecting_closes_what_was_opened() -> None:
    connecting, go_on = threading.Event(), threading.Event()
    opened: list[sqlite3.Connection] = []

    def connect() -> sqlite3.Connection:
        connecting.set()
        assert go_on.wait(20)
        opened.append(sqlite3.connect(":memory:", check_same_thread=False))
        return opened[0]

    async def main() -> None:
        task = asyncio.create_task(ThreadConnection.open(connect))
        await asyncio.to_thread(connecting.wait, 20)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    for thread in threading.enumerate():
        if thread.name.startswith("asyncgen_native.sqlite3"):
            thread.join(20)
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        opened[0].execute("SELECT 1")
