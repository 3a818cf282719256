"""What is particular to PostgreSQL: cancelling at the server, cursors there, COPY, sessions."""

# ruff: noqa: PT012  what a block raises is raised by `async with`, of which the block is part

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import pytest
from asgiref.sync import sync_to_async
from asyncgen_native import NotInBridge, aatomic, await_, bridge, close_pools
from asyncgen_native.pool import PoolOptions, Statistics, pools
from asyncgen_native.postgresql.connection import WaitingConnection
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError, OperationalError, connection, connections, transaction

from tests.testproject.library.models import Tag

if connection.vendor != "postgresql":
    pytest.skip("this is about PostgreSQL", allow_module_level=True)

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def ask(sql: str, *parameters: object) -> Any:
    """Return the first column of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


aask = bridge(ask)
PID = "SELECT pg_backend_pid()"
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE %s AND state = 'active'"


async def until(condition: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    deadline = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@pytest.fixture
def options() -> Iterator[dict[str, Any]]:
    """The OPTIONS of the database, for a test to change."""
    settings = connections.settings["default"]
    before = settings["OPTIONS"]
    settings["OPTIONS"] = dict(before)
    yield settings["OPTIONS"]
    settings["OPTIONS"] = before


def test_a_connection_goes_back_after_each_call_and_is_used_again(run: Run) -> None:
    async def main() -> None:
        pids = {await aask(PID) for _ in range(5)}
        assert len(pids) == 1
        statistics = pools()["default"].statistics()
        assert (statistics.open, statistics.out) == (1, 0)
        async with aatomic():
            assert await aask(PID) in pids
            assert await aask(PID) in pids
            assert pools()["default"].statistics().out == 1

    run(main())


def test_a_cancellation_cancels_at_the_server(run: Run) -> None:
    marker = "SELECT pg_sleep(60), 'cancelled at the server'"

    async def main() -> None:
        for block in (False, True):

            async def sleep(block: bool = block) -> None:
                if block:
                    async with aatomic():
                        await bridge(Tag.objects.create)(name="x")
                        await aask(marker)
                else:
                    await aask(marker)

            async def sleeps() -> bool:
                return bool(await aask(SLEEPING, f"{marker}%"))

            async def sleeps_no_more() -> bool:
                return not await sleeps()

            task = asyncio.create_task(sleep())
            await until(sleeps)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(sleeps_no_more)
        assert await bridge(Tag.objects.count)() == 0

    run(main())


def test_after_a_timeout_the_task_goes_on(run: Run) -> None:
    async def main() -> None:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.02):
                    await aask("SELECT pg_sleep(60)")
            assert await aask("SELECT 1") == 1
        with pytest.raises(TimeoutError):
            async with aatomic():
                await bridge(Tag.objects.create)(name="x")
                async with asyncio.timeout(0.02):
                    await aask("SELECT pg_sleep(60)")
        assert await bridge(Tag.objects.count)() == 0

    run(main())


def test_closing_a_call_drops_its_connection(run: Run) -> None:
    async def main() -> None:
        call = aask("SELECT pg_sleep(60)")
        call.send(None)
        call.close()
        for _ in range(1000):
            if pools()["default"].statistics().open == 0:
                break
            await asyncio.sleep(0.01)
        assert await aask("SELECT 1") == 1

    run(main())


def test_a_backend_that_was_killed_while_idle_is_not_used_again(run: Run) -> None:
    async def main() -> None:
        pid = await aask(PID)
        await sync_to_async(ask)("SELECT pg_terminate_backend(%s)", pid)
        gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"

        async def is_gone() -> bool:
            return not await sync_to_async(ask)(gone, pid)

        await until(is_gone)
        assert await aask(PID) != pid
        await sync_to_async(lambda: connection.close())()

    run(main())


def test_a_connection_that_is_lost_is_closed(run: Run) -> None:
    """Its loop watches the socket, and must keep neither the session nor a file open."""
    there = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"

    async def connect_and_lose() -> int:
        lost = await WaitingConnection.open(
            cursor_factory=psycopg.Cursor, **psycopg_parameters(), autocommit=True
        )
        pid: int = await bridge(lambda: lost.execute(PID).fetchone()[0])()
        assert await aask(there, pid) == 1
        return pid

    async def main() -> None:
        await aask(PID)
        files = len(os.listdir("/dev/fd"))
        pid = await connect_and_lose()
        gc.collect()
        assert len(os.listdir("/dev/fd")) == files

        async def is_gone() -> bool:
            return not await aask(there, pid)

        await until(is_gone)

    run(main())


def psycopg_parameters() -> dict[str, Any]:
    """Return what psycopg needs to connect to the database of the tests."""
    parameters: dict[str, Any] = connection.get_connection_params()
    return {name: parameters[name] for name in ("dbname", "user", "host", "port")}


def test_a_backend_that_said_that_it_ends_is_not_used_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end of the socket is open a little longer: here, by a proxy, until ours is closed."""
    settings = connections.settings["default"]
    host, port = settings["HOST"], int(settings["PORT"])
    said = asyncio.Event()
    serving: list[asyncio.Task[None] | None] = []

    async def forward(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
            if b"57P01" in data:  # admin_shutdown
                said.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        from_server, to_server = await asyncio.open_connection(host, port)
        with suppress(ConnectionError):
            asks = asyncio.create_task(forward(reader, to_server))
            await forward(from_server, writer)
            await asks
        for each in (to_server, writer):
            each.close()
            with suppress(ConnectionError):
                await each.wait_closed()

    def terminate(pid: int) -> None:
        name, user = settings["NAME"], settings["USER"]
        with psycopg.connect(dbname=name, user=user, host=host, port=port) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])

    async def main() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1") as server:
            with monkeypatch.context() as patch:
                patch.setitem(settings, "HOST", "127.0.0.1")
                patch.setitem(settings, "PORT", server.sockets[0].getsockname()[1])
                pid = await aask(PID)
                await sync_to_async(terminate)(pid)
                await said.wait()
                assert await aask(PID) != pid
                await close_pools()
            await asyncio.gather(*filter(None, serving))

    run(main())


def test_a_backend_that_is_killed_in_a_transaction_is_an_error_and_nothing_is_left(
    run: Run,
) -> None:
    async def main() -> None:
        with pytest.raises(OperationalError):
            async with aatomic():
                await bridge(Tag.objects.create)(name="x")
                pid = await aask(PID)
                await asyncio.create_task(kill(pid))
                await aask("SELECT 1")
        assert pools()["default"].statistics().out == 0
        assert await bridge(Tag.objects.count)() == 0

    run(main())


# Where the generator is closed, psycopg's cursor cannot say so to anybody.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("ends", [False, True])
def test_a_backend_that_is_killed_between_rows_leaves_nothing(run: Run, ends: bool) -> None:
    """The cursor at the server, which cannot be closed any more, holds the connection no longer."""
    Tag.objects.bulk_create([Tag(name=f"{each:04}") for each in range(500)])

    def begin() -> Generator[Tag, None, None]:
        rows = Tag.objects.iterator(chunk_size=100)
        next(rows)
        assert isinstance(rows, Generator)
        return rows

    async def main() -> None:
        rows = await bridge(begin)()
        pid = await aask(PID)
        assert pools()["default"].statistics().out == 1
        await asyncio.create_task(kill(pid))
        if ends:
            await bridge(rows.close)()
        else:
            with pytest.raises(OperationalError):
                await bridge(list)(rows)
        assert pools()["default"].statistics().out == 0
        assert await bridge(Tag.objects.count)() == 500

    run(main())


async def kill(pid: int) -> None:
    """End the session of a backend, from another one."""
    settings = connection.settings_dict
    async with await psycopg.AsyncConnection.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"],
    ) as other:
        await other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.parametrize("binding", [False, True])
def test_chunks_come_from_a_cursor_at_the_server(
    run: Run, options: dict[str, Any], binding: bool
) -> None:
    options["server_side_binding"] = binding
    Tag.objects.bulk_create([Tag(name=f"{each:04}") for each in range(500)])
    open_cursors = "SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_curs%%'"

    def begin() -> Iterator[Tag]:
        rows = Tag.objects.iterator(chunk_size=100)
        next(rows)
        return rows

    async def main() -> None:
        rows = await bridge(begin)()
        assert await aask(open_cursors) == 1
        assert pools()["default"].statistics().out == 1
        assert await bridge(len)([*await bridge(list)(rows)]) == 499
        assert await aask(open_cursors) == 0
        assert pools()["default"].statistics().out == 0

    run(main())


@pytest.mark.parametrize("block", [False, True])
def test_a_forgotten_cursor_is_closed_by_the_next_statement(run: Run, block: bool) -> None:
    """The garbage collector closes the generator where nothing can wait."""
    Tag.objects.bulk_create([Tag(name=f"{each:04}") for each in range(500)])
    open_cursors = "SELECT count(*) FROM pg_cursors WHERE name LIKE '_django_curs%%'"

    def begin() -> Iterator[Tag]:
        rows = Tag.objects.iterator(chunk_size=100)
        next(rows)
        return rows

    async def forget() -> None:
        rows = await bridge(begin)()
        del rows
        gc.collect()
        assert await aask(open_cursors) == 0

    async def main() -> None:
        if block:
            async with aatomic():
                await forget()
        else:
            await forget()
        assert pools()["default"].statistics().out == 0

    run(main())


def test_a_cursor_of_a_block_that_has_ended_is_closed(run: Run) -> None:
    Tag.objects.bulk_create([Tag(name=f"{each:04}") for each in range(500)])

    async def main() -> None:
        rows = Tag.objects.iterator(chunk_size=100)
        async with aatomic():
            await bridge(next)(rows)
        async with aatomic():
            await bridge(Tag.objects.create)(name="of another block")
            with pytest.raises(Exception, match="closed"):
                await bridge(list)(rows)
        assert await bridge(Tag.objects.count)() == 501

    run(main())


def test_copy(run: Run) -> None:
    def body() -> list[str]:
        with connection.cursor() as cursor:
            with cursor.copy("COPY library_tag (name) FROM STDIN") as copy:
                for each in range(1000):
                    copy.write_row([f"tag {each}"])
            with cursor.copy("COPY (SELECT name FROM library_tag ORDER BY id) TO STDOUT") as copy:
                return [row[0] for row in copy.rows()]

    async def main() -> None:
        assert await bridge(body)() == [f"tag {each}" for each in range(1000)]

    run(main())


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "read committed"), (4, "serializable"), (3, "repeatable read")]
)
def test_isolation_levels(
    run: Run, options: dict[str, Any], value: int | None, expected: str
) -> None:
    if value is not None:
        options["isolation_level"] = value

    async def main() -> None:
        async with aatomic():
            assert await aask("SHOW transaction_isolation") == expected

    run(main())


def test_server_side_binding_and_prepared_statements(run: Run, options: dict[str, Any]) -> None:
    options["server_side_binding"] = True
    options["prepare_threshold"] = 0

    async def main() -> None:
        for each in range(3):
            assert await aask("SELECT %s::int", each) == each

    run(main())


def test_the_time_zone_and_the_role_are_set(run: Run, options: dict[str, Any]) -> None:
    options["assume_role"] = "pg_read_all_data"

    async def main() -> None:
        assert await aask("SHOW timezone") == "UTC"
        assert await aask("SELECT current_user") == "pg_read_all_data"

    run(main())


def test_health_checks_ask_once_a_call(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "CONN_HEALTH_CHECKS", True)
    asked: list[None] = []
    monkeypatch.setattr(
        type(connection._connections["default"]),  # type: ignore[attr-defined]
        "is_usable",
        lambda self: asked.append(None) is None,
    )

    def twice() -> None:
        ask("SELECT 1")
        ask("SELECT 1")

    async def main() -> None:
        await bridge(twice)()  # The connection is new: there is nothing to ask.
        assert len(asked) == 0
        await bridge(twice)()
        assert len(asked) == 1

    run(main())


def test_autocommit_off_keeps_the_connection_in_its_task(run: Run) -> None:
    async def main() -> None:
        await bridge(transaction.set_autocommit)(False)
        await bridge(Tag.objects.create)(name="a")
        assert pools()["default"].statistics().out == 1
        await bridge(transaction.rollback)()
        await bridge(transaction.set_autocommit)(True)
        assert pools()["default"].statistics().out == 0
        assert await bridge(Tag.objects.count)() == 0

    run(main())


def test_closing_a_connection_closes_it(run: Run) -> None:
    async def main() -> None:
        pid = await aask(PID)
        await bridge(lambda: connection.close())()
        assert pools()["default"].statistics().open == 0
        assert await aask(PID) != pid

    run(main())


def test_errors_of_the_database_are_djangos_and_leave_nothing(run: Run) -> None:
    async def main() -> None:
        for _ in range(3):
            with pytest.raises(DataError):
                await aask("SELECT 1/0")
            assert pools()["default"].statistics().out == 0
        assert await aask("SELECT 1") == 1

    run(main())


def test_the_drivers_connection_refuses_to_wait_outside_of_a_call(run: Run) -> None:
    async def main() -> None:
        async with aatomic():
            await aask("SELECT 1")
            raw = connection.connection
            assert isinstance(raw, WaitingConnection)
            with pytest.raises(NotInBridge):
                raw.execute("SELECT 1")

    run(main())


@asynccontextmanager
async def full_pool(options: dict[str, Any], timeout: float) -> AsyncIterator[None]:
    """Both connections are in use until the end of the block."""
    options["native_pool"] = {"max_size": 2, "timeout": timeout}
    both, leave = asyncio.Barrier(3), asyncio.Event()

    async def hold() -> None:
        async with aatomic():
            await aask("SELECT 1")
            await both.wait()
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(hold())
        await both.wait()
        assert pools()["default"].statistics() == Statistics(open=2, out=2, waiting=0)
        yield
        leave.set()


def test_a_call_to_which_a_full_pool_gives_nothing_fails(run: Run, options: dict[str, Any]) -> None:
    async def main() -> None:
        async with full_pool(options, timeout=0.01):
            with pytest.raises(OperationalError, match="max_size"):
                await aask("SELECT 1")
        assert await aask("SELECT 1") == 1

    run(main())


def test_a_full_pool_makes_calls_wait(run: Run, options: dict[str, Any]) -> None:
    async def main() -> None:
        async with full_pool(options, timeout=60):
            cancelled, waiting = (asyncio.create_task(aask("SELECT 1")) for _ in range(2))
            while pools()["default"].statistics().waiting < 2:
                await asyncio.sleep(0)
            cancelled.cancel()
        assert await waiting == 1
        assert cancelled.cancelled()
        assert await asyncio.gather(*(aask("SELECT 1") for _ in range(20))) == [1] * 20

    run(main())


def test_pools_close_with_their_loop_and_when_asked(transactional_db: None) -> None:
    pids: set[object] = set()

    def is_open() -> bool:
        alive = "SELECT count(*) FROM pg_stat_activity WHERE pid IN (%s)"
        return bool(ask(alive % ", ".join(map(str, pids))))

    async def main(*, close: bool) -> None:
        asked = (aask("SELECT pg_backend_pid() FROM pg_sleep(0.01)") for _ in range(5))
        pids.update(await asyncio.gather(*asked))
        pool = pools()["default"]
        assert pool.statistics().open > 0
        if close:
            async with aatomic():
                await aask("SELECT 1")
                await close_pools()
            assert pool.statistics().open == 0
            assert await aask("SELECT 1") == 1

    for close in (False, True):
        asyncio.run(main(close=close))
        deadline = time.monotonic() + 20
        while is_open():
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_idle_connections_are_closed_after_a_while(run: Run, options: dict[str, Any]) -> None:
    options["native_pool"] = {"max_idle": 0.05, "min_size": 1}

    async def main() -> None:
        five = asyncio.Barrier(5)

        def together() -> None:
            ask("SELECT 1")
            await_(five.wait())

        await asyncio.gather(*(bridge(together)() for _ in range(5)))
        pool = pools()["default"]

        async def is_small() -> bool:
            return pool.statistics().open == 1

        await until(is_small)

    run(main())


def test_connections_do_not_get_older_than_they_may(run: Run, options: dict[str, Any]) -> None:
    options["native_pool"] = {"max_lifetime": 0}

    async def main() -> None:
        assert await aask(PID) != await aask(PID)
        assert pools()["default"].statistics().open == 0

    run(main())


@pytest.mark.parametrize(
    "wrong", [{"max_sizes": 3}, "large", {"max_size": 0}, {"min_size": 5, "max_size": 4}]
)
def test_wrong_options_are_named(wrong: object) -> None:
    with pytest.raises(ImproperlyConfigured, match="native_pool"):
        PoolOptions.of(wrong, "default")


def test_used_synchronously_it_is_djangos_own(transactional_db: None) -> None:
    connection.ensure_connection()
    assert type(connection.connection) is psycopg.Connection
