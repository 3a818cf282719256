"""What `make demo` runs: the bookshop, from an empty database to answered requests.

It serves the project with uvicorn on a free port of this machine, sends it a few
requests and prints what comes back. The database is a temporary SQLite file. Anything
unexpected ends it with an error.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import socket
import tempfile
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from unittest.mock import patch

import django
import uvicorn

TIMEOUT = 30

# A sync expression and its twin: both are run, and have to give the same.
PAIRS = [
    (
        "Book.objects.published().total_revenue()",
        "await Book.objects.published().atotal_revenue()",
    ),
    (
        "Book.objects.get(title='Lord Jim').citation()",
        "await (await Book.objects.aget(title='Lord Jim')).acitation()",
    ),
    (
        "[book.title for book in Book.objects.bestsellers()]",
        "[book.title async for book in await Book.objects.abestsellers()]",
    ),
    (
        "[line for line in Order.objects.receipts()]",
        "[line async for line in Order.objects.areceipts()]",
    ),
]


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["BOOKSHOP_DATABASE"] = "sqlite"
        os.environ["BOOKSHOP_SQLITE"] = str(Path(folder, "bookshop.sqlite3"))
        os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
        django.setup()
        from django.core.management import call_command
        from django.db import connections

        call_command("migrate", verbosity=0)
        call_command("seed")
        compare()
        with served() as port:
            request(port)
        connections.close_all()


def compare() -> None:
    """Run each sync expression, and then its twin on an event loop."""
    from asyncgen_runtime.test import aclose_connections

    from shop.models import Book, Order

    names = {"Book": Book, "Order": Order}

    async def awaited(expression: str) -> Any:
        code = compile(expression, "", "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        try:
            return await eval(code, names)
        finally:
            await aclose_connections()

    print("\nWritten by hand, generated, and what both of them give:\n")
    for expression, twin in PAIRS:
        result = eval(expression, names)
        expect(result, asyncio.run(awaited(twin)))
        print(f"  {expression}\n  {twin}")
        for line in result if isinstance(result, list) else [result]:
            say(str(line))
        print()


def request(port: int) -> None:
    """Send requests, one at a time and several at a time."""
    from shop.managers import BookManager

    print(f"Served by uvicorn on 127.0.0.1:{port}:\n")
    show(port, 200, "GET", "/revenue/")
    show(port, 200, "GET", "/books/9780000000057/")
    show(port, 404, "GET", "/books/9780000000000/")
    show(port, 200, "GET", "/pricelist/")
    order = {"customer": "ada@example.com", "copies": {"9780000000064": 2}}
    show(port, 201, "POST", "/orders/", order)
    show(port, 200, "POST", "/orders/3/exchange/", {"9780000000040": 1})

    print("An override is run by its twin, once:\n")
    book = {
        "isbn": "9780000000088",
        "title": "The Invisible Man",
        "authors": ["H. G. Wells"],
        "publisher": 2,
        "price": "6.00",
    }
    create = BookManager.create
    with patch.object(
        BookManager, "create", autospec=True, side_effect=create
    ) as calls:
        show(port, 201, "POST", "/books/", book)
    expect(1, calls.call_count)
    say("BookManager.create() ran once")
    print()

    print("A context manager is entered and left on one worker thread:\n")
    show(port, 200, "POST", "/stocktaking/", {"9780000000088": 4})

    print("Requests are answered concurrently:\n")
    with meeting(5):
        together(port, {200: 5}, "GET", "/bestsellers/")
    say("each was in its query when all the others were")
    print()
    order = {"customer": "charles@example.com", "copies": {"9780000000026": 1}}
    together(port, {201: 2, 409: 6}, "POST", "/orders/", order)
    say("there were 2 copies left")


def show(port: int, expected: int, method: str, path: str, data: object = None) -> None:
    """Send a request and print it with its answer."""
    status, text = fetch(port, method, path, data)
    expect(expected, status)
    print(f"  {method} {path}")
    if data is not None:
        say(f"< {json.dumps(data)}")
    first, *rest = text.splitlines() if status < 400 else ["not found"]
    say(f"{status} {first}")
    for line in rest:
        say(f"    {line}")
    print()


def together(
    port: int, expected: dict[int, int], method: str, path: str, data: object = None
) -> None:
    """Send the same request several times at once; print how often each status came."""
    number = sum(expected.values())
    with ThreadPoolExecutor(number) as clients:
        sent = [clients.submit(fetch, port, method, path, data) for _ in range(number)]
        statuses = Counter(each.result()[0] for each in sent)
    expect(expected, statuses)
    print(f"  {number} x {method} {path}")
    for status, count in expected.items():
        say(f"{status}, {count} times")


def expect(expected: object, found: object) -> None:
    if found != expected:
        raise SystemExit(f"expected {expected}, not {found}")


def say(line: str) -> None:
    """Print an indented line, in several if it is long."""
    print(
        textwrap.fill(
            line,
            width=88,
            initial_indent="    ",
            subsequent_indent="        ",
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=not line.startswith(" "),
        )
    )


def fetch(port: int, method: str, path: str, data: object = None) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        body = None if data is None else json.dumps(data)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


@contextmanager
def meeting(number: int) -> Iterator[None]:
    """Let the next `number` connections wait for one another with their first query.

    They would wait in vain, and answer with an error, if requests were taken in turn.
    """
    from django.db.backends.signals import connection_created

    barrier = threading.Barrier(number)

    def install(connection: Any, **kwargs: object) -> None:
        met = False

        def meet(execute: Callable[..., Any], *arguments: Any) -> Any:
            nonlocal met
            if not met:
                barrier.wait(TIMEOUT / 2)
                met = True
            return execute(*arguments)

        connection.execute_wrappers.append(meet)

    connection_created.connect(install)
    try:
        yield
    finally:
        connection_created.disconnect(install)


@contextmanager
def served() -> Iterator[int]:
    """Serve the project from a thread, and give the port."""
    from bookshop.asgi import application

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(application, lifespan="off", log_level="error")
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            deadline = time.monotonic() + TIMEOUT
            while not server.started:
                if not thread.is_alive() or time.monotonic() > deadline:
                    raise SystemExit("uvicorn does not start")
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(TIMEOUT)


if __name__ == "__main__":
    main()
