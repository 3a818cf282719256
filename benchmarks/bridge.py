"""What a hop costs beside asgiref's: `python benchmarks/bridge.py`.

asgiref's sync_to_async and the bridges of asyncgen_runtime take turns, each made and crossed as
every twin does it; median ratios are printed, with the interval of 95 % confidence.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import asgiref.sync
import asyncgen_runtime
from measure import Ratio, table

PAIRS = 20_000


class Subject:
    def get(self) -> int:
        return 1


async def crossing(bridge: Callable[..., Any]) -> float:
    """Seconds for one call."""
    subject = Subject()
    start = time.perf_counter()
    await bridge(subject.get)()
    return time.perf_counter() - start


async def beside_asgiref(bridge: Callable[..., Any]) -> Ratio:
    bridges = [bridge, asgiref.sync.sync_to_async]
    pairs = []
    for number in range(PAIRS):
        first = number % 2
        took = await crossing(bridges[first]), await crossing(bridges[1 - first])
        pairs.append((took[first], took[1 - first]))
    return Ratio.of_pairs(pairs)


async def main() -> None:
    bridges = [asyncgen_runtime.on_worker, asyncgen_runtime.sync_to_async]
    rows = [[each.__name__, str(await beside_asgiref(each))] for each in bridges]
    print(table(["bridge", "to asgiref's"], rows))


if __name__ == "__main__":
    asyncio.run(main())
