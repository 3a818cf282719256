"""Connections of contexts that were dropped in a transaction count as long as they live."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

pytest.importorskip("greenlet")

from asyncgen_native.pool import Pool, PoolOptions, Statistics


class Connection:
    """What the pool asks of one."""

    opened: float | None = None

    def is_idle(self) -> bool:
        return True

    is_alive = is_idle

    def renew(self) -> Connection:
        return Connection()


class Forgotten:
    """Garbage in a circle that gives its connection back when it is found, as an owner does."""

    def __init__(self, pool: Pool, connection: Connection) -> None:
        self.pool, self.connection, self.me = pool, connection, self

    def detach(self) -> Connection:
        return self.connection

    def __del__(self) -> None:
        self.give_back()

    def give_back(self) -> None:
        self.pool.give_connection(self.connection)


class Shared(Forgotten):
    def give_back(self) -> None:
        wrapper: Any = self
        self.pool.give_shared(wrapper)


@pytest.mark.parametrize("kind", [Forgotten, Shared])
@pytest.mark.parametrize("is_awaited", [False, True])
def test_what_the_garbage_collector_gives_back_counts(
    kind: type[Forgotten], is_awaited: bool
) -> None:
    async def connect() -> Connection:
        return Connection()

    async def main() -> None:
        pool = Pool("default", PoolOptions(max_size=1), asyncio.get_running_loop())
        kind(pool, await pool.connection(connect))
        waits = [asyncio.ensure_future(pool.connection(connect))] if is_awaited else []
        await asyncio.sleep(0)
        gc.collect()
        async with asyncio.timeout(10):
            taken = await asyncio.gather(*waits)
        assert pool.statistics() == Statistics(open=1, out=len(taken), waiting=0)

    asyncio.run(main())
