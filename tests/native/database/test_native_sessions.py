"""What is set in a session of the database stays in its context, and reaches nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asyncgen_native import aatomic, bridge
from asyncgen_native.pool import pools
from asyncgen_native.sessions import sets
from asyncgen_runtime import context_to_async
from django.db import connection

from tests.testproject.library.models import Tag

Run = Callable[[Coroutine[Any, Any, Any]], Any]
SETTING = {
    "postgresql": ("SET application_name TO '%s'", "SHOW application_name"),
    "mysql": ("SET @tenant = '%s'", "SELECT COALESCE(@tenant, '')"),
}
HAS_SETTINGS = pytest.mark.skipif(
    connection.vendor not in SETTING, reason="SQLite's settings have no text"
)


@pytest.mark.parametrize(
    ("sql", "does"),
    [
        ("SET search_path TO tenant", True),
        ("  set role 'ann'", True),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", True),
        ("SET LOCAL search_path TO tenant", False),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", False),
        ("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", False),
        ("SELECT set_config('app.tenant', %s, false)", True),
        ("SELECT set_config('app.tenant', %s, true)", False),
        ("SELECT set_config('app.tenant', current_setting('a'), TRUE)", False),
        ("SELECT SET_CONFIG('app.tenant', %s, FALSE)", True),
        ("SELECT set_config('a', %s, true), set_config('b', %s, false)", True),
        ("SELECT 1 FROM widget_locks WHERE set_config = 1", False),
        ("/* a request */ SET search_path TO tenant", True),
        ("-- a request\nSET search_path TO tenant", True),
        ("SELECT 1; SET search_path TO tenant", True),
        ("PREPARE TRANSACTION 'a'", False),
        ("PREPARE a AS SELECT 1", True),
        ("LOCK TABLE a IN ACCESS EXCLUSIVE MODE", False),
        ("SELECT pg_advisory_lock(1)", True),
        ("SELECT pg_try_advisory_lock(1)", True),
        ("SELECT pg_advisory_xact_lock(1)", False),
        ("SELECT GET_LOCK('a', 1)", True),
        ("LISTEN orders", True),
        ("CREATE TEMPORARY TABLE a (b int)", True),
        ("create temp table a (b int)", True),
        ("LOCK TABLES a WRITE", True),
        ("PRAGMA synchronous = OFF", True),
        ("PRAGMA foreign_keys = OFF", False),
        ("SET foreign_key_checks=0", False),
        ("PRAGMA table_info(a)", False),
        ("UPDATE a SET b = 1", False),
        ("SELECT 1", False),
    ],
)
def test_which_statements_set_something(sql: str, does: bool) -> None:
    assert sets(sql) is does


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _value() -> str:
    with connection.cursor() as cursor:
        cursor.execute(SETTING[connection.vendor][1])
        return str(cursor.fetchone()[0])


execute, value = bridge(_execute), bridge(_value)


async def set_to(text: str) -> None:
    await execute(SETTING[connection.vendor][0] % text)


@pytest.mark.parametrize("debug", [False, True])
def test_cursors_are_still_those_of_djangos_backend(run: Run, debug: bool) -> None:
    """Django 6.1's PostgreSQL has some of its own where statements are logged."""

    def cursor_class() -> type[object]:
        connection.force_debug_cursor = debug
        try:
            with connection.cursor() as cursor:
                return type(cursor)
        finally:
            connection.force_debug_cursor = False

    djangos = cursor_class()

    async def main() -> None:
        assert issubclass(await bridge(cursor_class)(), djangos)

    run(main())


@HAS_SETTINGS
def test_it_holds_in_its_context_in_tasks_and_blocks(run: Run) -> None:
    async def request() -> None:
        await set_to("tenant")
        assert await value() == "tenant"
        assert await asyncio.gather(*(value() for _ in range(5))) == ["tenant"] * 5
        async with aatomic():
            assert await value() == "tenant"
        assert await asyncio.to_thread(_value) == "tenant"

    async def main() -> None:
        await asyncio.create_task(request())
        await asyncio.sleep(0)  # The task is over; who was told of that comes next.

    run(main())


@HAS_SETTINGS
def test_it_ends_with_its_task_and_says_so_to_those_who_go_on(run: Run) -> None:
    async def request(is_over: asyncio.Event) -> asyncio.Task[str]:
        async def later() -> str:
            await is_over.wait()
            return await value()

        await set_to("tenant")
        return asyncio.create_task(later())

    async def main() -> None:
        is_over = asyncio.Event()
        task = await asyncio.create_task(request(is_over))
        is_over.set()
        with pytest.raises(RuntimeError, match="set something in the session"):
            await task

    run(main())


@HAS_SETTINGS
def test_nobody_else_gets_it(run: Run) -> None:
    async def request(text: str) -> None:
        await set_to(text)
        await asyncio.sleep(0)
        assert await value() == text

    async def main() -> None:
        before = await value()
        await asyncio.gather(*(asyncio.create_task(request(f"t{each}")) for each in range(8)))
        assert pools()["default"].statistics().out == 0
        assert {await value() for _ in range(10)} == {before}

    run(main())


@HAS_SETTINGS
def test_in_a_block_it_ends_with_the_block(run: Run) -> None:
    async def main() -> None:
        before = await value()
        async with aatomic():
            await set_to("tenant")
            assert await value() == "tenant"
        assert await value() == before

    run(main())


@HAS_SETTINGS
def test_what_a_context_sets_on_a_thread_holds_for_calls_inside(run: Run) -> None:
    @contextmanager
    def tenant(text: str) -> Iterator[None]:
        before = _value()
        _execute(SETTING[connection.vendor][0] % text)
        try:
            yield
        finally:
            _execute(SETTING[connection.vendor][0] % before)

    async def main() -> None:
        before = await value()
        async with context_to_async(tenant)("tenant"):
            assert await value() == "tenant"
            async with aatomic():
                assert await value() == "tenant"
            await bridge(Tag.objects.count)()
        assert await value() == before

    run(main())
