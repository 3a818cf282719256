"""The ORM on the event loop, beside what else there is: `python benchmarks/native.py [rounds]`.

Every side is a process of its own, for settings are for a process; the sides take turns, round by
round, in one order and then in the other, so that a busy machine slows all alike. Printed are
medians, and ratios to stock Django: medians of the ratios within rounds. PostgreSQL has to answer
(ASYNCGEN_POSTGRES_HOST, …_PORT, …_USER and …_PASSWORD say where). SQLAlchemy, asyncpg and
django-async-backend take part where they are installed.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from importlib.util import find_spec
from typing import Any

from hops import exhaust
from measure import table

DATABASE = f"asyncgen_benchmark_{os.environ.get('ASYNCGEN_BENCHMARK', os.getpid())}"
SERVER = {
    "user": os.environ.get("ASYNCGEN_POSTGRES_USER", "postgres"),
    "password": os.environ.get("ASYNCGEN_POSTGRES_PASSWORD", ""),
    "host": os.environ.get("ASYNCGEN_POSTGRES_HOST", "127.0.0.1"),
    "port": os.environ.get("ASYNCGEN_POSTGRES_PORT", "5432"),
}
ROWS = 20_000
POOL = 50
SLEEP = 0.005


class Side:
    """What a side does for each measurement; `prepare` once before, in the loop."""

    async def prepare(self) -> None: ...

    def task(self) -> Any:
        """Return the context of one task, as a request has one."""
        return AsyncExitStack()

    aget: Callable[[int], Awaitable[object]]
    acreate: Callable[[int], Awaitable[object]]
    sleep: Callable[[], Awaitable[object]]
    rows: Callable[[], Any]
    bulk: Callable[[int], Awaitable[object]]
    transaction: Callable[[int], Awaitable[object]]


def django_side(engine: str, options: dict[str, Any], *apps: str) -> tuple[Any, Any]:
    """Set Django up, and return the model of the rows and that of what is created."""
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": engine,
                "NAME": DATABASE,
                "OPTIONS": options,
                **{key.upper(): value for key, value in SERVER.items()},
            }
        },
        INSTALLED_APPS=list(apps),
        USE_TZ=True,
    )
    django.setup()
    from django.db import models

    bases: tuple[type, ...] = (models.Model,)
    if "django_async_backend" in apps:
        from django_async_backend.db.models.base import AsyncModelMixin

        bases = (AsyncModelMixin, models.Model)

    def model(name: str) -> Any:
        meta = type("Meta", (), {"app_label": "benchmark", "db_table": name.lower()})
        fields = {
            "name": models.CharField(max_length=50),
            "number": models.IntegerField(),
            "at": models.DateTimeField(null=True),
        }
        return type(name, bases, {"__module__": __name__, "Meta": meta, **fields})

    return model("Row"), model("Sink")


class Django(Side):
    """Django's own async methods, whatever they run on."""

    def __init__(self, engine: str, options: dict[str, Any], *apps: str) -> None:
        self.row, self.sink = django_side(engine, options, *apps)
        self.objects, self.sinks = self.row.objects, self.sink.objects

    def ask_to_sleep(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [SLEEP])

    def update(self, number: int) -> None:
        from django.db import transaction

        with transaction.atomic():
            row = self.objects.select_for_update().get(pk=number + 1)
            self.sinks.create(name=row.name, number=number)

    def on(self, bridge: Callable[[Any], Any]) -> None:
        self.sleep = bridge(self.ask_to_sleep)
        self.transaction = bridge(self.update)

    async def prepare(self) -> None:
        self.aget = lambda number: self.objects.aget(pk=number + 1)
        self.acreate = lambda number: self.sinks.acreate(name="created", number=number)
        self.rows = lambda: aiter(self.objects.all())
        self.bulk = lambda count: self.sinks.abulk_create(
            [self.sink(name="bulk", number=number) for number in range(count)]
        )


class Blocking(Django):
    """The synchronous methods, on the loop, which waits: what a call costs by itself."""

    def __init__(self) -> None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        pool = {"min_size": POOL, "max_size": POOL, "timeout": 60}
        super().__init__("django.db.backends.postgresql", {"pool": pool})
        self.on(blocking)

    def task(self) -> Any:
        from django.db import connections

        stack = AsyncExitStack()
        stack.callback(connections.close_all)
        return stack

    async def prepare(self) -> None:
        async def rows() -> Any:
            for row in self.objects.all():
                yield row

        get, create = blocking(self.objects.get), blocking(self.sinks.create)
        bulk_create = blocking(self.sinks.bulk_create)
        self.aget = lambda number: get(pk=number + 1)
        self.acreate = lambda number: create(name="created", number=number)
        self.rows = rows
        self.bulk = lambda count: bulk_create(
            [self.sink(name="bulk", number=number) for number in range(count)]
        )


def blocking(func: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return call


class Stock(Django):
    def __init__(self) -> None:
        from asgiref.sync import sync_to_async

        super().__init__("django.db.backends.postgresql", {})
        self.on(sync_to_async)


class StockThreads(Django):
    """As under ASGI: every request has a thread, and takes a connection of Django's pool."""

    def __init__(self) -> None:
        from asgiref.sync import sync_to_async

        pool = {"min_size": POOL, "max_size": POOL, "timeout": 60}
        super().__init__("django.db.backends.postgresql", {"pool": pool})
        self.on(sync_to_async)

    def task(self) -> Any:
        from asgiref.sync import ThreadSensitiveContext, sync_to_async
        from django.db import connections

        stack = AsyncExitStack()

        async def enter() -> AsyncExitStack:
            await stack.enter_async_context(ThreadSensitiveContext())
            stack.push_async_callback(sync_to_async(connections.close_all))
            return stack

        return _Entering(enter, stack)


class _Entering:
    def __init__(self, enter: Callable[[], Awaitable[object]], stack: AsyncExitStack) -> None:
        self._enter, self._stack = enter, stack

    async def __aenter__(self) -> None:
        await self._enter()

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.aclose()


class Threads(Django):
    """asyncgen's twins on threads."""

    def __init__(self) -> None:
        from asyncgen_runtime import on_worker

        everywhere = "asyncgen_django.everywhere"
        super().__init__("django.db.backends.postgresql", {}, everywhere)
        self.on(on_worker)


class Native(Django):
    def __init__(self) -> None:
        from asyncgen_native import bridge

        pool = {"max_size": POOL, "timeout": 60}
        super().__init__("asyncgen_native.postgresql", {"native_pool": pool}, "asyncgen_native")
        self.on(bridge)


class NativeContexts(Native):
    """With a thread-sensitive context for every task, as under ASGI; nothing uses its thread."""

    def task(self) -> Any:
        from asgiref.sync import ThreadSensitiveContext

        return ThreadSensitiveContext()


class AsyncBackend(Django):
    """django-async-backend."""

    def __init__(self) -> None:
        pool = {"min_size": POOL, "max_size": POOL, "timeout": 60}
        engine = "django_async_backend.db.backends.postgresql"
        super().__init__(engine, {"pool": pool}, "django_async_backend")
        self.objects, self.sinks = self.row.async_objects, self.sink.async_objects

    async def prepare(self) -> None:
        from django_async_backend.db import async_connections
        from django_async_backend.db.transaction import async_atomic

        await super().prepare()

        async def sleep() -> None:
            async with await async_connections["default"].cursor() as cursor:
                await cursor.execute("SELECT pg_sleep(%s)", [SLEEP])

        async def transaction(number: int) -> None:
            async with async_atomic():
                row = await self.objects.select_for_update().aget(pk=number + 1)
                await self.sinks.acreate(name=row.name, number=number)

        self.sleep, self.transaction = sleep, transaction

    def task(self) -> Any:
        from django_async_backend.db import async_connections

        stack = AsyncExitStack()
        stack.push_async_callback(lambda: async_connections["default"].close())
        return stack


class Raw(Side):
    """psycopg without an ORM."""

    async def prepare(self) -> None:
        import psycopg

        places = asyncio.Semaphore(POOL)
        idle: list[Any] = []

        async def execute(sql: str, *parameters: object, many: bool = False) -> Any:
            async with places:
                connection = idle.pop() if idle else await connect()
                cursor = await connection.execute(sql, parameters)
                result = await cursor.fetchall()
                idle.append(connection)
                return result

        async def connect() -> Any:
            return await psycopg.AsyncConnection.connect(
                dbname=DATABASE, autocommit=True, cursor_factory=psycopg.AsyncClientCursor, **SERVER
            )

        async def rows() -> Any:
            for row in await execute("SELECT id, name, number, at FROM row"):
                yield row

        async def transaction(number: int) -> None:
            async with places:
                connection = idle.pop() if idle else await connect()
                async with connection.transaction():
                    select = "SELECT name FROM row WHERE id = %s FOR UPDATE"
                    name = await (await connection.execute(select, [number + 1])).fetchone()
                    insert = "INSERT INTO sink (name, number) VALUES (%s, %s) RETURNING id"
                    await (await connection.execute(insert, [name[0], number])).fetchone()
                idle.append(connection)

        select = "SELECT id, name, number, at FROM row WHERE id = %s"
        insert = "INSERT INTO sink (name, number) VALUES (%s, %s) RETURNING id"
        self.aget = lambda number: execute(select, number + 1)
        self.acreate = lambda number: execute(insert, "created", number)
        self.sleep = lambda: execute("SELECT pg_sleep(%s)", SLEEP)
        self.rows = rows
        self.bulk = lambda count: execute(
            f"INSERT INTO sink (name, number) VALUES {','.join(['(%s, %s)'] * count)} RETURNING id",
            *(each for number in range(count) for each in ("bulk", number)),
        )
        self.transaction = transaction


class Alchemy(Side):
    """SQLAlchemy's asyncio extension, which runs its ORM in greenlets too."""

    driver = "psycopg"

    async def prepare(self) -> None:
        from sqlalchemy import BigInteger, DateTime, Integer, String, select, text
        from sqlalchemy.engine import URL
        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
        from sqlalchemy.orm import DeclarativeBase, mapped_column

        class Base(DeclarativeBase):
            pass

        def model(name: str) -> Any:
            columns = {
                "id": mapped_column(BigInteger, primary_key=True),
                "name": mapped_column(String),
                "number": mapped_column(Integer),
                "at": mapped_column(DateTime(timezone=True), nullable=True),
            }
            return type(name, (Base,), {"__tablename__": name.lower(), **columns})

        row, sink = model("Row"), model("Sink")
        server = {key: value or None for key, value in SERVER.items() if key != "user"}
        url = URL.create(
            f"postgresql+{self.driver}",
            database=DATABASE,
            username=SERVER["user"],
            **{**server, "port": int(SERVER["port"])},  # type: ignore[arg-type]
        )
        engine = create_async_engine(
            url, pool_size=POOL, max_overflow=0, isolation_level="AUTOCOMMIT"
        )
        manual = create_async_engine(url, pool_size=POOL, max_overflow=0)
        sessions: Any = async_sessionmaker(engine, expire_on_commit=False)

        async def aget(number: int) -> Any:
            async with sessions() as session:
                return (await session.execute(select(row).where(row.id == number + 1))).scalar_one()

        async def sleep() -> None:
            async with sessions() as session:
                await session.execute(text("SELECT pg_sleep(:s)"), {"s": SLEEP})

        async def add(count: int) -> None:
            async with sessions() as session:
                session.add_all([sink(name="new", number=number) for number in range(count)])
                await session.commit()

        async def rows() -> Any:
            async with sessions() as session:
                for each in (await session.execute(select(row))).scalars():
                    yield each

        async def transaction(number: int) -> None:
            async with AsyncSession(manual) as session, session.begin():
                query = select(row).where(row.id == number + 1).with_for_update()
                found = (await session.execute(query)).scalar_one()
                session.add(sink(name=found.name, number=number))

        self.aget, self.sleep, self.rows, self.transaction = aget, sleep, rows, transaction
        self.acreate = lambda number: add(1)
        self.bulk = add


class AlchemyAsyncpg(Alchemy):
    driver = "asyncpg"


SIDES: dict[str, tuple[type[Side], tuple[str, ...]]] = {
    "stock": (Stock, ()),
    "synchronous, the loop waits": (Blocking, ()),
    "stock, a thread a request": (StockThreads, ("psycopg_pool",)),
    "asyncgen on threads": (Threads, ()),
    "native": (Native, ()),
    "native, a context a request": (NativeContexts, ()),
    "django-async-backend": (AsyncBackend, ("django_async_backend", "psycopg_pool")),
    "SQLAlchemy, psycopg": (Alchemy, ("sqlalchemy",)),
    "SQLAlchemy, asyncpg": (AlchemyAsyncpg, ("sqlalchemy", "asyncpg")),
    "psycopg, no ORM": (Raw, ()),
}


async def measure(side: Side) -> dict[str, float]:
    """Take all measurements of one side."""
    await side.prepare()
    found: dict[str, float] = {}

    async def timed(call: Callable[[int], Awaitable[object]], times: int) -> tuple[float, float]:
        for number in range(times // 5):
            await call(number)
        cpu, start = _cpu(), time.perf_counter()
        for number in range(times):
            await call(number)
        wall = (time.perf_counter() - start) / times * 1e6
        return wall, (_cpu() - cpu) / times * 1e6

    async def sequential() -> None:
        async with side.task():
            found["aget µs"], found["aget CPU µs"] = await timed(side.aget, 500)
            found["acreate µs"], _ = await timed(side.acreate, 200)
            found["transaction µs"], _ = await timed(side.transaction, 200)
            start = time.perf_counter()
            await exhaust(side.rows())
            found["iterate rows/s"] = ROWS / (time.perf_counter() - start)
            start = time.perf_counter()
            await side.bulk(5000)
            found["bulk 5000 ms"] = (time.perf_counter() - start) * 1e3

    await _at_once(side, 50, 1)
    before = _memory()
    await _at_once(side, 100, POOL)
    found["memory at 50 tasks KB"] = (_memory() - before) / POOL
    await asyncio.create_task(sequential())
    for tasks in (1, 10, 50, 200):
        await _at_once(side, 50, tasks)  # opens what connections it will use
        count = 100 if tasks == 1 else 300
        latencies, took = await _at_once(side, count, tasks)
        found[f"{tasks} tasks /s"] = count / took
        cuts = statistics.quantiles(latencies, n=100)
        for percent in (50, 99):
            found[f"{tasks} tasks p{percent} ms"] = cuts[percent - 1] * 1e3

    async def twenty(first: int) -> None:
        async with side.task():
            for number in range(20):
                await side.aget(first + number)

    start = time.perf_counter()
    await asyncio.gather(*(asyncio.create_task(twenty(each * 20)) for each in range(50)))
    found["aget, 50 tasks /s"] = 1000 / (time.perf_counter() - start)
    return found


async def _at_once(side: Side, count: int, tasks: int) -> tuple[list[float], float]:
    """Serve `count` requests, `tasks` at a time: each gets a row and waits 5 ms for the server."""
    places = asyncio.Semaphore(tasks)
    latencies: list[float] = []

    async def request(number: int) -> None:
        start = time.perf_counter()
        async with side.task():
            await side.aget(number)
            await side.sleep()
        latencies.append(time.perf_counter() - start)

    async def placed(number: int) -> None:
        async with places:
            await asyncio.create_task(request(number))

    start = time.perf_counter()
    await asyncio.gather(*map(placed, range(count)))
    return latencies, time.perf_counter() - start


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


def main(rounds: int) -> None:
    sides = [name for name, (_, needs) in SIDES.items() if all(map(find_spec, needs))]
    print("left out, not installed:", ", ".join(SIDES.keys() - set(sides)) or "none")
    create_database()
    try:
        results: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
        for number in range(rounds):
            for name in sides if number % 2 == 0 else sides[::-1]:
                results[name].append(run_side(name))
                print(".", end="", flush=True, file=sys.stderr)
    finally:
        administer(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    report(results)


def report(results: dict[str, list[dict[str, float]]]) -> None:
    """Print the medians, and the medians of the ratios to stock within rounds."""
    measures = list(results["stock"][0])

    def medians(name: str) -> list[str]:
        found = results[name]
        return [f"{statistics.median(each[of] for each in found):.0f}" for of in measures]

    def ratios(name: str) -> list[str]:
        pairs = list(zip(results[name], results["stock"], strict=True))
        return [
            f"{statistics.median(one[of] / (stock[of] or 1) for one, stock in pairs):.2f}"
            for of in measures
        ]

    head = ["", *measures]
    print(f"\nMedians of {len(results['stock'])} rounds\n")
    print(table(head, [[name, *medians(name)] for name in results]))
    print("\nRatios to stock: of times (µs, ms) less is better, of rates (/s) more\n")
    print(table(head, [[name, *ratios(name)] for name in results]))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        print(json.dumps(asyncio.run(measure(SIDES[sys.argv[2]][0]()))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
