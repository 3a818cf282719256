"""What takes part in `native.py`: ways of asking PostgreSQL from async code."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

DATABASE = f"asyncgen_benchmark_{os.environ.get('ASYNCGEN_BENCHMARK', os.getpid())}"
SERVER = {
    "user": os.environ.get("ASYNCGEN_POSTGRES_USER", "postgres"),
    "password": os.environ.get("ASYNCGEN_POSTGRES_PASSWORD", ""),
    "host": os.environ.get("ASYNCGEN_POSTGRES_HOST", "127.0.0.1"),
    "port": os.environ.get("ASYNCGEN_POSTGRES_PORT", "5432"),
}
POOL = 50


class Side:
    """What a side does for each measurement; `prepare` once before, in the loop."""

    # Whether each of several tasks has a connection of its own.
    has_many_connections = True

    async def prepare(self) -> None: ...

    def task(self) -> Any:
        """Return the context of one task, as a request has one."""
        return AsyncExitStack()

    aget: Callable[[int], Awaitable[object]]
    acreate: Callable[[int], Awaitable[object]]
    sleep: Callable[[float], Awaitable[object]]
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

    def ask_to_sleep(self, seconds: float) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [seconds])

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

    has_many_connections = False

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
    has_many_connections = False

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

    has_many_connections = False

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

        async def sleep(seconds: float) -> None:
            async with await async_connections["default"].cursor() as cursor:
                await cursor.execute("SELECT pg_sleep(%s)", [seconds])

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
        self.sleep = lambda seconds: execute("SELECT pg_sleep(%s)", seconds)
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

        async def sleep(seconds: float) -> None:
            async with sessions() as session:
                await session.execute(text("SELECT pg_sleep(:s)"), {"s": seconds})

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
