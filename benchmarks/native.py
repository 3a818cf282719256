"""The ORM on the event loop, beside what else there is: `python benchmarks/native.py [rounds]`.

Every side is a process of its own, for settings are for a process; the sides take turns, round by
round, in one order and then in the other, so that a busy machine slows all alike. Printed are
medians, and ratios to stock Django: medians of the ratios within rounds. PostgreSQL has to answer
(ASYNCGEN_POSTGRES_HOST, …_PORT, …_USER and …_PASSWORD say where), with room for 60 connections.
SQLAlchemy, asyncpg and django-async-backend take part where they are installed.
ASYNCGEN_BENCHMARK_SECONDS is how long each number of tasks is served (2).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.util import find_spec

from hops import exhaust
from measure import table
from native_sides import DATABASE, POOL, SERVER, SIDES, Side

ROWS = 20_000
BULK = 5000
SECONDS = float(os.environ.get("ASYNCGEN_BENCHMARK_SECONDS", "2"))
TASKS = (1, 10, 50, 200)
QUERIES = (1, 5)  # ms that the server takes for one
FIGURES = ("/s", "p50 ms", "p99 ms", "CPU µs")


async def measure(side: Side) -> dict[str, float]:
    """Take all measurements of one side."""
    await side.prepare()
    found: dict[str, float] = {}
    await serve(side, 1, 0.1, sleeping(side, 5))
    before = _memory()
    await serve(side, POOL, 0.1, sleeping(side, 5))
    if side.has_many_connections:
        found["memory KB"] = (_memory() - before) / POOL
    await asyncio.create_task(one_after_another(side, found))
    for ms, tasks in itertools.product(QUERIES, TASKS):
        request = sleeping(side, ms)
        await serve(side, tasks, 0.1, request)  # opens what connections it will use
        served = await serve(side, tasks, SECONDS, request)
        found |= {f"{ms} ms, {tasks} tasks {name}": value for name, value in served.items()}
    for name, request in (("aget", side.aget), ("transaction", side.transaction)):
        served = await serve(side, 50, SECONDS, request)
        found[f"{name}, 50 tasks /s"] = served["/s"]
    return found


def sleeping(side: Side, ms: int) -> Callable[[int], Awaitable[object]]:
    """A request that gets a row, and then has the server take its time."""

    async def request(number: int) -> None:
        await side.aget(number)
        await side.sleep(ms / 1000)

    return request


async def one_after_another(side: Side, found: dict[str, float]) -> None:
    """Time calls of one task, of which none waits for another."""

    async def timed(name: str, call: Callable[[int], Awaitable[object]], times: int) -> None:
        for number in range(times // 5):
            await call(number)
        cpu, start = _cpu(), time.perf_counter()
        for number in range(times):
            await call(number)
        found[f"{name} µs"] = (time.perf_counter() - start) / times * 1e6
        found[f"{name} CPU µs"] = (_cpu() - cpu) / times * 1e6

    async with side.task():
        await timed("aget", side.aget, 1000)
        await timed("acreate", side.acreate, 500)
        await timed("transaction", side.transaction, 500)
        await timed(f"iterate {ROWS}", lambda _: exhaust(side.rows()), 3)
        await timed(f"bulk {BULK}", lambda _: side.bulk(BULK), 3)


async def serve(
    side: Side, tasks: int, seconds: float, request: Callable[[int], Awaitable[object]]
) -> dict[str, float]:
    """Serve requests for so long, so many at a time; each is a task, as with a server."""
    latencies: list[float] = []
    numbers = itertools.cycle(range(ROWS))
    start, cpu = time.perf_counter(), _cpu()

    async def one(number: int) -> None:
        async with side.task():
            await request(number)

    async def client() -> None:
        while (asked := time.perf_counter()) < start + seconds or len(latencies) < 2:
            await asyncio.create_task(one(next(numbers)))
            latencies.append(time.perf_counter() - asked)

    await asyncio.gather(*(client() for _ in range(tasks)))
    took, used = time.perf_counter() - start, _cpu() - cpu
    cuts = statistics.quantiles(latencies, n=100)
    figures = (len(latencies) / took, cuts[49] * 1e3, cuts[98] * 1e3, used / len(latencies) * 1e6)
    return dict(zip(FIGURES, figures, strict=True))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _memory() -> float:
    """What the process has needed at most so far, in KB: a task of 50 has a connection of its own,
    and a thread, where its side gives it one."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform == "darwin" else 1
    )


def administer(*statements: str, database: str = "postgres") -> None:
    import psycopg

    with psycopg.connect(dbname=database, autocommit=True, **SERVER) as connection:
        for statement in statements:
            connection.execute(statement)


def create_database() -> None:
    administer(f"CREATE DATABASE {DATABASE}")
    columns = "id bigserial PRIMARY KEY, name varchar(50), number integer, at timestamptz"
    administer(
        f"CREATE TABLE row ({columns})",
        f"CREATE TABLE sink ({columns})",
        "INSERT INTO row (name, number, at) "
        f"SELECT 'row ' || i, i, now() FROM generate_series(1, {ROWS}) i",
        "ANALYZE",
        database=DATABASE,
    )


def run_side(name: str) -> dict[str, float]:
    """Measure a side in a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", __file__, "--side", name],
        env={**os.environ, "ASYNCGEN_BENCHMARK": DATABASE.rpartition("_")[2]},
        capture_output=True,
        text=True,
        timeout=600,
    )
    administer("TRUNCATE sink", database=DATABASE)
    if ran.returncode:
        raise RuntimeError(f"{name}: {ran.stderr[-2000:]}")
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


Results = dict[str, list[dict[str, float]]]


def main(rounds: int) -> None:
    sides = [name for name, (_, needs) in SIDES.items() if all(map(find_spec, needs))]
    print("left out, not installed:", ", ".join(SIDES.keys() - set(sides)) or "none")
    create_database()
    try:
        results: Results = {name: [] for name in sides}
        for number in range(rounds):
            for name in sides if number % 2 == 0 else sides[::-1]:
                results[name].append(run_side(name))
                print(".", end="", flush=True, file=sys.stderr)
    finally:
        administer(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    report(results)


def report(results: Results) -> None:
    """Print the medians, and the medians of the ratios to stock within rounds, a table a topic."""
    measures = list(results["native"][0])
    print(f"\nMedians of {len(results['stock'])} rounds")
    for topic in topics(measures):
        print(
            f"\n{table(['', *topic], [[name, *medians(results[name], topic)] for name in results])}"
        )
    print("\nRatios to stock: of times (µs, ms) less is better, of rates (/s) more")
    for topic in topics(measures):
        compared = [of for of in topic if of in results["stock"][0]]
        rows = [[name, *ratios(results, name, compared)] for name in results if name != "stock"]
        print(f"\n{table(['', *compared], rows)}")


def topics(measures: list[str]) -> list[list[str]]:
    """The columns of each table: calls one after another, and each figure of requests at once."""
    alone = [each for each in measures if " tasks " not in each]
    at_once = [each for each in measures if each not in alone]
    return [alone, *([each for each in at_once if each.endswith(figure)] for figure in FIGURES)]


def medians(found: list[dict[str, float]], measures: list[str]) -> list[str]:
    return [
        f"{statistics.median(each[of] for each in found):.0f}" if of in found[0] else "-"
        for of in measures
    ]


def ratios(results: Results, name: str, measures: list[str]) -> list[str]:
    pairs = list(zip(results[name], results["stock"], strict=True))
    return [
        f"{statistics.median(one[of] / stock[of] for one, stock in pairs):.2f}" for of in measures
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        print(json.dumps(asyncio.run(measure(SIDES[sys.argv[2]][0]()))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
