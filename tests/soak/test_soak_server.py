"""The bookshop under uvicorn, natively, while clients hang up and PostgreSQL loses sessions.

The seed is printed; ASYNCGEN_SOAK_SEED sets it, ASYNCGEN_SOAK_SECONDS how long it goes on (a few
seconds by default). What has to hold: no copy of a book is lost or sold twice, an order that was
confirmed is there once, and when all is over the server has no task, thread or connection that it
had not before.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import require

SECONDS = float(os.environ.get("ASYNCGEN_SOAK_SECONDS", "6"))
SEED = int(os.environ.get("ASYNCGEN_SOAK_SEED", str(time.time_ns() % 100_000)))
BOOKSHOP = Path(__file__).parents[2] / "examples" / "bookshop"
DATABASE = f"asyncgen_soak_{os.getpid()}"
CLIENTS = 16
BOOKS = 12
COPIES = 1_000_000
POOL = 8
PATIENCE = 60.0  # in seconds: whoever waits so long waits for what never comes

SETTINGS = f"""
from bookshop.settings import *

DATABASES["default"] |= {{
    "ENGINE": "asyncgen_native.postgresql",
    "OPTIONS": {{"native_pool": {{"max_size": {POOL}}}}},
}}
INSTALLED_APPS = [*INSTALLED_APPS, "asyncgen_native"]
LOGGING = {{"version": 1, "disable_existing_loggers": False,
           "loggers": {{"django.request": {{"level": "CRITICAL"}}}}}}
"""
# The application, and at /left/ what there is of it.
APPLICATION = """
import asyncio, gc, json, threading
from asyncgen_native.asgi import with_pools
from asyncgen_native.pool import pools
from bookshop.asgi import application as bookshop
from greenlet import greenlet


def left():
    gc.collect()
    found = {alias: pool.statistics() for alias, pool in pools().items()}
    greenlets = (each for each in gc.get_objects() if isinstance(each, greenlet))
    calls = [each for each in greenlets if each and not each.dead]
    return {
        "out": sum(each.out for each in found.values()),
        "open": sum(each.open for each in found.values()),
        "waiting": sum(each.waiting for each in found.values()),
        "tasks": len(asyncio.all_tasks()),
        # Without those that the loop itself has for looking up the names of hosts.
        "threads": [
            each.name
            for each in threading.enumerate()
            if not each.name.startswith(("asyncio_", "uvloop_"))
        ],
        "calls": len(calls) - 1,
    }


async def inner(scope, receive, send):
    if scope["type"] != "http" or scope["path"] != "/left/":
        await bookshop(scope, receive, send)
        return
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(left()).encode()})


application = with_pools(inner)
"""
FILL = f"""
from shop.models import Author, Book, Publisher, Stock

publisher = Publisher.objects.create(name="Blackwood", city="Edinburgh")
for number in range({BOOKS}):
    book = Book.objects.create(
        isbn=f"{{number:013}}", title=f"Book {{number}}", publisher=publisher, price=9,
        published_on="1880-01-01",
    )
    book.authors.add(Author.named(f"author {{number % 3}}"))
Stock.objects.update(quantity={COPIES})
"""
# Each book with its copies in the stock and those that are ordered.
STOCK = """
SELECT s.quantity + COALESCE(SUM(l.quantity) FILTER (WHERE o.status <> 'cancelled'), 0)
FROM shop_stock s
LEFT JOIN shop_orderline l ON l.book_id = s.book_id
LEFT JOIN shop_order o ON o.id = l.order_id
GROUP BY s.book_id, s.quantity
"""
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = %s"


@dataclass
class Shop:
    """The server as its clients see it, and what they were told."""

    port: int
    seed: int
    confirmed: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    hung_up: int = 0
    killed: int = 0

    async def ask(
        self, method: str, path: str, body: object = None, patience: float = PATIENCE
    ) -> tuple[int, bytes] | None:
        """The status and the body; None for whoever lost patience and hung up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        sent = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.0\r\nHost: localhost\r\n"
        try:
            async with asyncio.timeout(patience):
                writer.write(f"{head}Content-Length: {len(sent)}\r\n\r\n".encode() + sent)
                await writer.drain()
                answer = await reader.read()
        except TimeoutError:
            assert patience < PATIENCE, f"no answer to {method} {path}"
            self.hung_up += 1
            return None
        finally:
            writer.transport.abort()
        if not answer:
            return None
        status = int(answer.split(b" ", 2)[1])
        self.statuses[status] += 1
        return status, answer.partition(b"\r\n\r\n")[2]

    async def client(self, number: int, end: float) -> None:
        choose = random.Random(f"{self.seed}/{number}")
        turn = 0
        while time.monotonic() < end:
            turn += 1
            tag = f"{self.seed}-{number}-{turn}@example.com"
            await self.order(choose, tag)

    async def order(self, choose: random.Random, tag: str) -> None:
        """Order, look around, perhaps exchange; and hang up in the middle of any of it."""
        isbns = [f"{each:013}" for each in choose.sample(range(BOOKS), 2)]
        copies = {isbn: choose.randint(1, 5) for isbn in isbns}
        answer = await self.ask(
            "POST", "/orders/", {"customer": tag, "copies": copies}, patience_of(choose)
        )
        order = None
        if answer is not None and answer[0] == 201:
            self.confirmed.add(tag)
            order = json.loads(answer[1])["order"]
        look = ["/books/", f"/books/{isbns[0]}/", "/pricelist/", "/bestsellers/", "/revenue/"]
        await self.ask("GET", choose.choice(look), patience=patience_of(choose))
        if order is not None and choose.random() < 0.4:
            await self.ask("POST", f"/orders/{order}/exchange/", copies, patience_of(choose))

    async def left(self) -> dict[str, Any]:
        answer = await self.ask("GET", "/left/")
        assert answer is not None
        found: dict[str, Any] = json.loads(answer[1])
        return found


def patience_of(choose: random.Random) -> float:
    """How long a client waits for an answer."""
    return choose.random() * 0.1 if choose.random() < 0.25 else PATIENCE


@pytest.fixture
def server() -> Iterator[dict[str, Any]]:
    """Where PostgreSQL is, with a database for the test."""
    require("postgres")
    psycopg = pytest.importorskip("psycopg")
    parameters = {
        "host": os.environ.get("ASYNCGEN_POSTGRES_HOST", "127.0.0.1"),
        "port": os.environ.get("ASYNCGEN_POSTGRES_PORT", "5432"),
        "user": os.environ.get("ASYNCGEN_POSTGRES_USER", "postgres"),
        "password": os.environ.get("ASYNCGEN_POSTGRES_PASSWORD", ""),
    }
    with psycopg.connect(dbname="postgres", autocommit=True, **parameters) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
        yield parameters
        connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@contextmanager
def served(folder: Path, server: dict[str, Any]) -> Iterator[int]:
    """The port of the bookshop, built for the event loop and served by uvicorn."""
    shutil.copytree(BOOKSHOP, folder)
    configuration = folder / "pyproject.toml"
    text = configuration.read_text()
    native = '[tool.asyncgen]\nbridge = "asyncgen_native.bridge"'
    configuration.write_text(text.replace("[tool.asyncgen]", native))
    (folder / "soaked.py").write_text(APPLICATION)
    (folder / "soak_settings.py").write_text(SETTINGS)
    environment = {
        **os.environ,
        **{f"PG{key.upper()}": value for key, value in server.items()},
        "PGDATABASE": DATABASE,
        "BOOKSHOP_DATABASE": "postgres",
        "DJANGO_SETTINGS_MODULE": "soak_settings",
        "PYTHONPATH": os.pathsep.join([".", os.environ.get("PYTHONPATH", "")]),
    }

    def run(*arguments: str) -> None:
        command = [sys.executable, *arguments]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)

    run("-m", "asyncgen", "build")
    run("manage.py", "migrate", "-v0")
    run("manage.py", "shell", "-c", FILL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = ["-m", "uvicorn", "soaked:application", "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen([sys.executable, *command], cwd=folder, env=environment)
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert process.poll() is None
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        assert process.wait(60) is not None


@asynccontextmanager
async def killing(shop: Shop, server: dict[str, Any]) -> AsyncIterator[None]:
    """Meanwhile end sessions of the server, one after another."""
    import psycopg

    choose = random.Random(shop.seed)

    async def kill() -> None:
        async with await psycopg.AsyncConnection.connect(
            dbname="postgres", autocommit=True, **server
        ) as connection:
            while True:
                await asyncio.sleep(0.2)
                found = await (await connection.execute(SESSIONS, [DATABASE])).fetchall()
                if found:
                    pid = choose.choice(found)
                    await connection.execute("SELECT pg_terminate_backend(%s)", pid)
                    shop.killed += 1

    task = asyncio.create_task(kill())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def play(shop: Shop, server: dict[str, Any], seconds: float) -> None:
    # Every client once, so that what is there is there.
    first = (shop.order(random.Random(each), f"{each}@example.com") for each in range(CLIENTS))
    await asyncio.gather(*first)
    before = await settled(shop)
    end = time.monotonic() + seconds
    async with killing(shop, server):
        await asyncio.gather(*(shop.client(each, end) for each in range(CLIENTS)))
    await settled(shop, before)


async def settled(shop: Shop, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is left when what was cancelled has come to its end: no more than there was `before`."""
    for _ in range(40):
        found = await shop.left()
        most = before or found
        is_over = not found["out"] and not found["waiting"] and not found["calls"]
        fewer_tasks = found["tasks"] <= most["tasks"]
        if is_over and fewer_tasks and len(found["threads"]) <= len(most["threads"]):
            return found
        await asyncio.sleep(0.25)
    raise AssertionError(f"left are {found}, before were {before}")


def test_clients_hang_up_and_sessions_are_lost(tmp_path: Path, server: dict[str, Any]) -> None:
    import psycopg

    print(f"ASYNCGEN_SOAK_SEED={SEED}")
    with served(tmp_path / "bookshop", server) as port:
        shop = Shop(port, SEED)
        asyncio.run(play(shop, server, SECONDS))
    print(dict(shop.statuses), f"{shop.hung_up} hung up, {shop.killed} sessions ended")
    assert shop.confirmed
    assert shop.statuses.keys() <= {200, 201, 500}
    assert shop.statuses[500] <= 4 * shop.killed
    with psycopg.connect(dbname=DATABASE, **server) as connection:
        assert {quantity for (quantity,) in connection.execute(STOCK)} == {COPIES}
        orders = Counter(tag for (tag,) in connection.execute("SELECT customer FROM shop_order"))
        sessions = connection.execute(SESSIONS, [DATABASE]).fetchall()
    # An exchange, confirmed or not, places one more of the same customer's.
    assert all(1 <= orders[tag] <= 2 for tag in shop.confirmed)
    assert len(sessions) == 1, "the server has left sessions"
