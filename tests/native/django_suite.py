"""Run folders of Django's own test suite in a call on the loop, and as they are, and compare.

    python tests/native/django_suite.py DJANGO_SOURCE [--database postgresql] FOLDER...

DJANGO_SOURCE is an unpacked source distribution of the Django that is installed. The whole run is
one call of one task: every query that the tests make on the main thread suspends it. Prints the
tests that fail natively alone, and exits with 1 if there are any.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import runpy
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SETTINGS = """
import os
server = {
    "USER": os.environ["SUITE_USER"], "PASSWORD": os.environ["SUITE_PASSWORD"],
    "HOST": os.environ["SUITE_HOST"], "PORT": os.environ["SUITE_PORT"],
}
engine = os.environ["SUITE_ENGINE"]
if "sqlite3" in engine:
    server = {}
if "mysql" in engine:
    import pymysql
    pymysql.install_as_MySQLdb()
    server["TEST"] = {"CHARSET": "utf8mb4"}
DATABASES = {
    alias: {"ENGINE": engine, "NAME": f"native_suite_{os.getppid()}_{alias}", **server}
    for alias in ("default", "other")
}
if "sqlite3" in engine:
    del DATABASES["default"]["NAME"], DATABASES["other"]["NAME"]
SECRET_KEY = "only for tests"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
"""
SERVERS = {"postgresql": ("postgres", "5432"), "mysql": ("root", "3306"), "sqlite3": ("", "")}
FAILED = re.compile(r"^(?:FAIL|ERROR): (\w+ \([\w.]+\))", re.MULTILINE)
RAN = re.compile(r"^Ran (\d+) tests", re.MULTILINE)
STATEMENTS = re.compile(r"^statements: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """One run: how many tests there were, which failed, and where the statements ran."""

    ran: int
    failed: frozenset[str]
    statements: str


def run(source: Path, database: str, folders: list[str], *, native: bool) -> Outcome:
    """Run folders in a process of their own."""
    engine = f"asyncgen_native.{database}" if native else f"django.db.backends.{database}"
    user, port = SERVERS[database]
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "native_suite_settings.py").write_text(SETTINGS)
        output = Path(directory, "output")
        with output.open("w") as file:
            subprocess.run(
                [sys.executable, __file__, "--inside", str(source), *folders],
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([directory, os.environ.get("PYTHONPATH", "")]),
                    "SUITE_ENGINE": engine,
                    "SUITE_HOST": os.environ.get("SUITE_HOST", "127.0.0.1"),
                    "SUITE_PASSWORD": os.environ.get("SUITE_PASSWORD", ""),
                    "SUITE_PORT": os.environ.get("SUITE_PORT", port),
                    "SUITE_USER": os.environ.get("SUITE_USER", user),
                },
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
            )
        text = output.read_text(errors="replace")
    ran, statements = RAN.search(text), STATEMENTS.search(text)
    if ran is None:
        sys.exit(f"The suite did not run:\n{text[-3000:]}")
    Path(tempfile.gettempdir(), f"django_suite_{'native' if native else 'stock'}.txt").write_text(
        text
    )
    found = frozenset(FAILED.findall(text))
    return Outcome(int(ran[1]), found, statements[1] if statements else "")


def inside(source: Path, folders: list[str]) -> None:
    """Be the process that runs the suite."""
    tests = source / "tests"
    os.chdir(tests)
    sys.path[:0] = [str(tests)]
    sys.argv = ["runtests.py", "--settings=native_suite_settings", "--parallel=1", "--noinput"]
    sys.argv += folders
    counts = {"in calls": 0, "elsewhere": 0}
    if os.environ["SUITE_ENGINE"].startswith("asyncgen_native"):
        main = native_main
    else:
        main = stock_main
    try:
        main(counts)
    finally:
        print("statements:", ", ".join(f"{count} {where}" for where, count in counts.items()))


def stock_main(counts: dict[str, int]) -> None:
    runpy.run_path("runtests.py", run_name="__main__")


def native_main(counts: dict[str, int]) -> None:
    from asyncgen_native import await_, bridge, in_bridge
    from django.db.backends.utils import CursorWrapper

    execute, run_loop, join = CursorWrapper._execute, asyncio.run, threading.Thread.join

    def count(self: Any, *arguments: Any) -> Any:
        counts["in calls" if in_bridge() else "elsewhere"] += 1
        return execute(self, *arguments)

    def run_or_await(coroutine: Any, **options: Any) -> Any:
        return await_(coroutine) if in_bridge() else run_loop(coroutine, **options)

    def join_or_await(self: threading.Thread, timeout: float | None = None) -> None:
        if in_bridge():
            await_(asyncio.to_thread(join, self, timeout))
        else:
            join(self, timeout)

    async def whole() -> None:
        await bridge(stock_main)(counts)

    CursorWrapper._execute = count  # type: ignore[method-assign]
    asyncio.run = run_or_await  # Tests that call it themselves: a loop is running already.
    # Tests that wait for threads which are given a connection: these wait for the loop.
    threading.Thread.join = join_or_await  # type: ignore[method-assign]
    run_loop(whole())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("--database", choices=SERVERS, default="postgresql")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    if options.inside:
        inside(options.source, options.folders)
        return
    source = options.source.resolve()
    stock = run(source, options.database, options.folders, native=False)
    print(f"stock: {stock.ran} tests, {len(stock.failed)} fail", flush=True)
    native = run(source, options.database, options.folders, native=True)
    print(f"native: {native.ran} tests, {len(native.failed)} fail; {native.statements}")
    only = sorted(native.failed - stock.failed)
    for each in only:
        print("natively alone:", each)
    sys.exit(bool(only))


if __name__ == "__main__":
    main()
