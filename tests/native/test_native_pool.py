"""The pool by itself, with connections that are none: who gets what, and what is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("greenlet")

from asyncgen_native.pool import Pool, PoolOptions, Statistics

Main = Callable[[Pool], Coroutine[Any, Any, None]]


@dataclass(eq=False)
class Connection:
    """What the pool asks of one."""

    before: Connection | None = None
    opened: float | None = None
    dropped: bool = False

    def is_idle(self) -> bool:
        return not self.dropped

    is_alive = is_idle

    def is_held(self) -> bool:
        return False

    def renew(self) -> Connection:
        return Connection(before=self)

    def drop(self) -> None:
        self.dropped = True


class Wrapper:
    """What the pool asks of Django's, with a connection in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection: Connection | None = connection

    def detach(self) -> Connection:
        connection, self.connection = self.connection, None
        assert connection is not None
        return connection


async def connect() -> Connection:
    return Connection()


def run(main: Main, max_size: int) -> None:
    async def whole() -> None:
        options = PoolOptions(max_size=max_size)
        async with asyncio.timeout(10):
            await main(Pool("default", options, asyncio.get_running_loop()))

    asyncio.run(whole())


def test_what_was_handed_on_in_another_object_is_nobodys_any_more() -> None:
    """Whoever still has the first object may close it, or give it back: nobody gets that one."""

    async def main(pool: Pool) -> None:
        first: Any = await pool.connection(connect)
        wrapper: Any = Wrapper(first)
        pool.give_shared(wrapper)
        pool.give_connection(first)
        assert pool.statistics() == Statistics(open=1, out=0, waiting=0)
        renewed: Any = await pool.connection(connect)
        other: Any = await pool.connection(connect)
        assert renewed.before is first
        assert other.before is None
        assert other is not first
        assert pool.statistics() == Statistics(open=2, out=2, waiting=0)

    run(main, 2)


def test_a_connection_handed_to_one_who_is_cancelled_meanwhile_goes_to_the_next() -> None:
    async def main(pool: Pool) -> None:
        only = await pool.connection(connect)
        first, second = (asyncio.ensure_future(pool.connection(connect)) for _ in range(2))
        await asyncio.sleep(0)
        assert pool.statistics() == Statistics(open=1, out=1, waiting=2)
        pool.give_connection(only)
        first.cancel()
        assert await second is only
        assert first.cancelled()
        assert pool.statistics() == Statistics(open=1, out=1, waiting=0)

    run(main, 1)


def test_the_right_to_open_one_goes_to_the_next_if_it_is_not_used() -> None:
    async def main(pool: Pool) -> None:
        only: Any = await pool.connection(connect)
        first, second = (asyncio.ensure_future(pool.connection(connect)) for _ in range(2))
        await asyncio.sleep(0)
        wrapper: Any = Wrapper(only)
        pool.drop(wrapper)
        first.cancel()
        assert await second is not only
        assert first.cancelled()
        assert pool.statistics() == Statistics(open=1, out=1, waiting=0)

    run(main, 1)
