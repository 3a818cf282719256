"""What the guard of asyncgen_runtime's bridge costs: `python benchmarks/runtime_bridge.py`.

Compares asgiref's sync_to_async with the guarded one, making the bridge and crossing it as every
generated twin does. The two take turns, so that a busy machine slows both; the median is printed.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

import asgiref.sync
import asyncgen_runtime

ROUNDS = 60
CALLS = 300


class Subject:
    def get(self) -> int:
        return 1


async def crossing(bridge: Callable) -> float:
    subject = Subject()
    start = time.perf_counter()
    for _ in range(CALLS):
        await bridge(subject.get)()
    return (time.perf_counter() - start) / CALLS


async def main() -> None:
    bridges = {
        "asgiref": asgiref.sync.sync_to_async,
        "guarded": asyncgen_runtime.sync_to_async,
    }
    times: dict[str, list[float]] = {name: [] for name in bridges}
    for _ in range(ROUNDS):
        for name, bridge in bridges.items():
            times[name].append(await crossing(bridge))
    medians = {name: statistics.median(each) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{name}: {median * 1e6:.1f} µs a call (fastest {min(times[name]) * 1e6:.1f})")
    print(f"ratio: {medians['guarded'] / medians['asgiref']:.3f}")


if __name__ == "__main__":
    asyncio.run(main())
