"""What all tests share. Django is set up by pytest-django, with the settings of `testproject`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

import pytest
from _pytest.terminal import TerminalReporter
from asgiref.sync import SyncToAsync
from django.core.management.color import Style
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

T = TypeVar("T")
FIGURE = "figure"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seconds", action="store_true", help="print how long the tests of each folder took"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Side by side, tests of many modules share a process, and what one left may be collected in
    # another's: Python 3.13 tells of SQLite's connections then. Tests that are about connections
    # run in processes of their own as well, where such a warning is an error.
    if hasattr(config, "workerinput"):
        config.addinivalue_line("filterwarnings", "ignore:unclosed database:ResourceWarning")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what `make coverage` measured: pytest-xdist may end a process before it writes that."""
    if hasattr(session.config, "workerinput") and "coverage" in sys.modules:
        measured = sys.modules["coverage"].Coverage.current()
        if measured is not None:
            measured.save()


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Show a line below pytest's summary, also from a test that another process runs."""
    properties: list[tuple[str, object]] = request.node.user_properties
    return lambda line: properties.append((FIGURE, line))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    lines = {
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == FIGURE
    }
    if lines:
        terminalreporter.section("figures")
        for line in sorted(lines):
            terminalreporter.write_line(line)
    if terminalreporter.config.getoption("seconds"):
        terminalreporter.section("seconds, tests, folder")
        for folder, (seconds, tests) in sorted(time_by_folder(terminalreporter).items()):
            terminalreporter.write_line(f"{seconds:8.1f} {tests:6} {folder}")


def time_by_folder(terminalreporter: TerminalReporter) -> dict[str, tuple[float, int]]:
    """The seconds that the tests of a folder took, fixtures included, and how many there are; of
    tests that ran side by side the sum."""
    found: dict[str, tuple[float, int]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                folder = report.nodeid.partition("::")[0].rpartition("/")[0]
                seconds, tests = found.get(folder, (0.0, 0))
                found[folder] = (seconds + report.duration, tests + (report.when == "call"))
    return found


@pytest.fixture(scope="module")
def kept_readings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What was read is kept for all examples of a module: what is edited is a few lines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("ASYNCGEN_NO_CACHE", raising=False)
        yield


@pytest.fixture(scope="session")
def no_connection_left(django_db_setup: None) -> Iterator[None]:
    """Without this, PostgreSQL could not drop the test database."""
    from asyncgen_runtime.test import aclose_connections

    yield
    asyncio.run(aclose_connections())


@pytest.fixture(scope="session")
def quick_flush() -> Iterator[None]:
    """Empty tables by DELETE, as Django does on MariaDB: PostgreSQL takes half a second for its
    TRUNCATE of tables with three rows."""
    if connection.vendor != "postgresql":
        yield
        return
    operations = type(connection.ops)
    truncate = operations.sql_flush

    def delete(
        self: BaseDatabaseOperations,
        style: Style,
        tables: Sequence[str],
        *,
        reset_sequences: bool = False,
        allow_cascade: bool = False,
    ) -> list[str]:
        if reset_sequences:
            return truncate(self, style, tables, reset_sequences=True, allow_cascade=allow_cascade)
        return [f"DELETE FROM {self.quote_name(each)}" for each in tables]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", delete)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, quick_flush: None) -> None:
    """The same, for every test that asks for a database."""


@pytest.fixture
def database(no_connection_left: None, transactional_db: None) -> None:
    """A database that other threads see too."""


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect what is sent to asgiref's worker thread."""
    sent: list[object] = []
    executor = SyncToAsync.single_thread_executor
    submit = executor.submit

    def count(func: Callable[..., T], *args: object) -> Future[T]:
        sent.append(func)
        return submit(func, *args)

    monkeypatch.setattr(executor, "submit", count)
    return sent
