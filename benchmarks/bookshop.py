"""The bookshop over HTTP, on threads and natively: `python benchmarks/bookshop.py [rounds]`.

Each side is a copy of `examples/bookshop` that `asyncgen build` has built, served by one process of
uvicorn, with PostgreSQL behind (ASYNCGEN_POSTGRES_HOST, …_PORT, …_USER and …_PASSWORD say where).
wrk asks for each page over 50 connections; the sides take turns. Printed are medians: requests a
second, the 99th percentile, processor time of the server for each request, and how much of a
processor it had. Where that is far from 1, others were in the way, and rates say little: a server
with many threads gets more from a busy machine than one with a single thread.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from measure import ROOT, table
from native import SERVER, administer

DATABASE = f"asyncgen_bookshop_{os.getpid()}"
BOOKS = 200
CONNECTIONS = 50
SECONDS = 4
POOL = 20
MODULE = "measured_settings"
SAID = re.compile(
    r"99% +(?P<p99>[\d.]+)(?P<unit>\w+).* (?P<count>\d+) requests in .*"
    r"Requests/sec: +(?P<rate>[\d.]+)",
    re.DOTALL,
)

SETTINGS = """
from bookshop.settings import *

DATABASES["default"] |= {{"ENGINE": "{engine}", "OPTIONS": {options}}}
INSTALLED_APPS = [*INSTALLED_APPS, *{apps}]
"""
FILL = f"""
from shop.models import Author, Book, Publisher, Stock

publisher = Publisher.objects.create(name="Blackwood", city="Edinburgh")
author = Author.named("Margaret Oliphant")
for number in range({BOOKS}):
    book = Book.objects.create(
        isbn=f"{{number:013}}", title=f"Book {{number}}", publisher=publisher, price=9,
        published_on="1880-01-01",
    )
    book.authors.add(author)
Stock.objects.update(quantity=1_000_000)
"""
# What wrk runs before each request; the books take turns.
ROTATE = """
local number = 0
function request()
  number = (number + 7) % {books}
  local isbn = string.format("%013d", number)
  {body}
end
"""
PAGES = {
    "a book: 5 queries": 'return wrk.format("GET", "/books/" .. isbn .. "/")',
    f"the {BOOKS} books: 1 query": 'return wrk.format("GET", "/books/")',
    "an order: a transaction of 5 queries": (
        """local order = '{"customer": "a@example.com", "copies": {"' .. isbn .. '": 1}}'
  return wrk.format("POST", "/orders/", nil, order)"""
    ),
}


@dataclass(frozen=True)
class Side:
    """One way to run the same application."""

    name: str
    engine: str
    options: str
    apps: tuple[str, ...] = ()
    bridge: str = ""


SIDES = (
    Side("threads", "django.db.backends.postgresql", "{}"),
    Side(
        "threads, Django's pool",
        "django.db.backends.postgresql",
        f'{{"pool": {{"max_size": {POOL}, "timeout": 60}}}}',
    ),
    Side(
        "native",
        "asyncgen_native.postgresql",
        f'{{"native_pool": {{"max_size": {POOL}}}}}',
        ("asyncgen_native",),
        'bridge = "asyncgen_native.bridge"',
    ),
)


@dataclass(frozen=True)
class Load:
    """What came of one run of wrk."""

    rate: float
    p99: float  # in ms
    cpu: float  # in µs, for each request


def build(side: Side, folder: Path) -> None:
    """Make the application of one side."""
    shutil.copytree(ROOT / "examples" / "bookshop", folder)
    configuration = folder / "pyproject.toml"
    text = configuration.read_text().replace('extend = "../../pyproject.toml"\n', "")
    configuration.write_text(text.replace("[tool.asyncgen]", f"[tool.asyncgen]\n{side.bridge}"))
    settings = SETTINGS.format(engine=side.engine, options=side.options, apps=side.apps)
    (folder / f"{MODULE}.py").write_text(settings)
    asyncgen = [sys.executable, "-m", "asyncgen", "build"]
    subprocess.run(asyncgen, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def environment() -> dict[str, str]:
    server = {f"PG{key.upper()}": value for key, value in SERVER.items()}
    return {
        **os.environ,
        **server,
        "PGDATABASE": DATABASE,
        "BOOKSHOP_DATABASE": "postgres",
        "DJANGO_SETTINGS_MODULE": MODULE,
        "PYTHONPATH": os.pathsep.join([".", os.environ.get("PYTHONPATH", "")]),
    }


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve an application; the process and the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "bookshop.asgi:application"),
            *("--port", str(port), "--log-level", "warning"),
        ],
        cwd=folder,
        env=environment(),
    )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                break
        yield server.pid, port
    finally:
        server.terminate()
        server.wait(30)


def load(process: int, port: int, script: Path, seconds: float) -> Load:
    """Have wrk ask for one page."""
    before = cpu_seconds(process)
    said = subprocess.run(
        [
            *("wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--timeout", "30"),
            *("--duration", str(seconds), "--latency", "--script", script),
            f"http://127.0.0.1:{port}/",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    used = cpu_seconds(process) - before
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    found = SAID.search(said)
    if found is None:
        raise RuntimeError(said)
    in_ms = {"us": 1e-3, "ms": 1.0, "s": 1e3}[found["unit"]]
    count = max(int(found["count"]), 1)
    return Load(float(found["rate"]), float(found["p99"]) * in_ms, used / count * 1e6)


def cpu_seconds(process: int) -> float:
    """What a process has used of processors; Linux says it so."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks: int = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks


def measure(rounds: int, directory: Path) -> dict[str, dict[str, list[Load]]]:
    """Load every page of every side, `rounds` times."""
    scripts = {}
    for number, (page, body) in enumerate(PAGES.items()):
        scripts[page] = directory / f"{number}.lua"
        scripts[page].write_text(ROTATE.format(books=BOOKS, body=body))
    found: dict[str, dict[str, list[Load]]] = {
        page: {side.name: [] for side in SIDES} for page in PAGES
    }
    for number in range(rounds):
        for side in SIDES if number % 2 == 0 else SIDES[::-1]:
            with serving(directory / side.name) as (process, port):
                for page, script in scripts.items():
                    load(process, port, script, 2)
                    found[page][side.name].append(load(process, port, script, SECONDS))
            print(".", end="", flush=True, file=sys.stderr)
    return found


def report(found: dict[str, dict[str, list[Load]]]) -> None:
    rows = []
    for page, sides in found.items():
        for name, loads in sides.items():
            rate, p99, cpu = (
                statistics.median(getattr(each, of) for each in loads)
                for of in ("rate", "p99", "cpu")
            )
            threads = statistics.median(each.rate for each in sides[SIDES[0].name])
            ratio = rate / threads if threads else float("nan")
            had = statistics.median(each.rate * each.cpu * 1e-6 for each in loads)
            row = [f"{rate:.0f}", f"{ratio:.2f}", f"{p99:.0f}", f"{cpu:.0f}", f"{had:.2f}"]
            rows.append([page, name, *row])
    head = ["page", "side", "requests/s", f"to {SIDES[0].name}", "p99 ms"]
    head += ["CPU µs a request", "of a processor"]
    print(table(head, rows))


def main(rounds: int) -> None:
    if shutil.which("wrk") is None or find_spec("psycopg_pool") is None:
        sys.exit("This needs psycopg_pool, and wrk: https://github.com/wg/wrk")
    administer(f"CREATE DATABASE {DATABASE}")
    try:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            for side in SIDES:
                build(side, directory / side.name)
            manage = [sys.executable, "manage.py"]
            for arguments in (["migrate", "-v0"], ["shell", "-v0", "-c", FILL]):
                where = directory / SIDES[0].name
                subprocess.run([*manage, *arguments], cwd=where, env=environment(), check=True)
            report(measure(rounds, directory))
    finally:
        administer(f"DROP DATABASE {DATABASE} WITH (FORCE)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
