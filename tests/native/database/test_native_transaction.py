"""aatomic() on the loop: what commits, who is inside, what a cancellation leaves."""

# ruff: noqa: PT012  what a block raises is raised by `async with`, of which the block is part

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
import threading
from collections.abc import Callable, Coroutine
from contextlib import nullcontext, suppress
from contextvars import Context, ContextVar
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asyncgen_native import aatomic, await_, bridge
from asyncgen_native.owner import begin, current
from asyncgen_native.pool import Pool, Statistics, pools
from asyncgen_native.wrapper import NativeWrapper
from asyncgen_runtime.transaction import aatomic as aatomic_on_thread
from asyncgen_runtime.transaction import aon_commit
from django.core.exceptions import SynchronousOnlyOperation
from django.db import (
    Error,
    IntegrityError,
    OperationalError,
    connection,
    connections,
    models,
    transaction,
)
from django.test import TestCase
from django.views.debug import ExceptionReporter

from tests.testproject.library.models import Book, Tag

Run = Callable[[Coroutine[Any, Any, Any]], Any]
create = bridge(Tag.objects.create)
CONCURRENT = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer at a time"
)


SLEEP = "pg_sleep(60)" if connection.vendor == "postgresql" else "sleep(60)"


def names() -> list[str]:
    return sorted(Tag.objects.values_list("name", flat=True))


anames = bridge(names)


def test_a_block_commits(run: Run) -> None:
    async def main() -> None:
        async with aatomic():
            await create(name="a")
            assert await anames() == ["a"]
        assert await anames() == ["a"]

    run(main())
    assert names() == ["a"]


def test_a_block_rolls_back(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            async with aatomic():
                await create(name="a")
                raise ZeroDivisionError
        assert await anames() == []

    run(main())


def test_nested_blocks_are_savepoints(run: Run) -> None:
    async def main() -> None:
        async with aatomic():
            await create(name="a")
            with pytest.raises(ZeroDivisionError):
                async with aatomic():
                    await create(name="b")
                    raise ZeroDivisionError
            async with aatomic():
                await create(name="c")
            await bridge(transaction.atomic(names))()
            assert await anames() == ["a", "c"]

    run(main())
    assert names() == ["a", "c"]


def test_a_database_error_inside_a_nested_block(run: Run) -> None:
    async def main() -> None:
        async with aatomic():
            tag = await create(name="a")
            with pytest.raises(IntegrityError):
                async with aatomic():
                    await create(pk=tag.pk, name="b")
            await create(name="c")

    run(main())
    assert names() == ["a", "c"]


@pytest.mark.parametrize("block", [False, True])
def test_djangos_error_page_has_no_frame_of_the_bridge(run: Run, block: bool) -> None:
    def fail() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM of_nobody")

    async def main() -> None:
        with pytest.raises(Error) as caught:
            async with aatomic() if block else nullcontext():
                await bridge(fail)()
        reporter = ExceptionReporter(None, caught.type, caught.value, caught.tb)
        frames = [frame["filename"] for frame in reporter.get_traceback_frames()]
        assert __file__ in frames
        assert not [each for each in frames if "asyncgen_native" in each]

    run(main())


def test_durable_blocks_and_misuse(run: Run) -> None:
    async def main() -> None:
        async with aatomic():
            with pytest.raises(RuntimeError, match="durable"):
                async with aatomic(durable=True):
                    raise AssertionError
        block = aatomic()
        async with block:
            with pytest.raises(RuntimeError, match="already entered"):
                await block.__aenter__()
        with pytest.raises(TypeError, match="async with"), aatomic():
            pass
        with pytest.raises(TypeError, match="coroutine functions"):
            aatomic(names)  # type: ignore[type-var]

    run(main())


def test_as_a_decorator(run: Run) -> None:
    @aatomic
    async def both(fail: bool) -> None:
        await create(name="a")
        if fail:
            raise ZeroDivisionError

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await both(True)
        await both(False)

    run(main())
    assert names() == ["a"]


def test_sync_code_on_a_worker_thread_is_in_the_transaction(run: Run) -> None:
    threads: set[int] = set()

    def on_thread() -> None:
        threads.add(threading.get_ident())
        assert names() == ["a"]
        with transaction.atomic():
            Tag.objects.create(name="b")
        with suppress(ZeroDivisionError), transaction.atomic():
            Tag.objects.create(name="c")
            raise ZeroDivisionError

    def in_call() -> None:
        await_(sync_to_async(on_thread)())
        assert names() == ["a", "b"]

    async def main() -> None:
        for body in (sync_to_async(on_thread), bridge(in_call)):
            with pytest.raises(KeyError):
                async with aatomic():
                    await create(name="a")
                    await body()
                    assert await anames() == ["a", "b"]
                    raise KeyError
            assert await anames() == []

    run(main())
    assert threading.get_ident() not in threads


def test_djangos_own_async_methods_are_in_the_transaction(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(KeyError):
            async with aatomic():
                await Tag.objects.acreate(name="a")
                assert [tag.name async for tag in Tag.objects.all()] == ["a"]
                raise KeyError
        assert await anames() == []

    run(main())


def test_other_tasks_are_outside_and_those_begun_inside_are_inside(run: Run) -> None:
    async def main() -> None:
        begun, end = asyncio.Event(), asyncio.Event()

        async def outside() -> list[str]:
            await begun.wait()
            found = await anames()
            end.set()
            return list(found)

        other = asyncio.create_task(outside())
        async with aatomic():
            await create(name="a")
            begun.set()
            await end.wait()
            await asyncio.gather(*(create(name=f"b{each}") for each in range(5)))
            inside = await asyncio.create_task(anames())
        assert await other == []
        assert len(inside) == 6

    run(main())


def test_calls_of_tasks_that_share_a_transaction_take_turns(run: Run) -> None:
    """Two calls with `atomic` in them would mix up their savepoints otherwise."""

    def atomic(name: str, fail: bool) -> None:
        with transaction.atomic():
            Tag.objects.create(name=name)
            names()
            if fail:
                raise ZeroDivisionError

    async def main() -> None:
        async with aatomic():
            calls = (bridge(atomic)(f"{each}", each % 2 == 1) for each in range(10))
            await asyncio.gather(*calls, return_exceptions=True)

    run(main())
    assert names() == ["0", "2", "4", "6", "8"]


def test_nested_blocks_of_tasks_wait_for_one_another(run: Run) -> None:
    async def nested(name: str, fail: bool) -> None:
        async with aatomic():
            await create(name=name)
            await asyncio.sleep(0)
            if fail:
                raise ZeroDivisionError

    async def main() -> None:
        async with aatomic():
            blocks = (nested(f"{each}", each % 2 == 1) for each in range(10))
            await asyncio.gather(*blocks, return_exceptions=True)

    run(main())
    assert names() == ["0", "2", "4", "6", "8"]


def test_what_outlives_its_block_is_refused(run: Run) -> None:
    async def main() -> None:
        over = asyncio.Event()

        async def task() -> None:
            await over.wait()
            with pytest.raises(RuntimeError, match="has ended"):
                await create(name="late")
            with pytest.raises(RuntimeError, match="has ended"):
                await sync_to_async(Tag.objects.create)(name="late")

        async with aatomic():
            late = asyncio.create_task(task())
            await create(name="a")
        over.set()
        await late

    run(main())
    assert names() == ["a"]


@CONCURRENT
def test_a_thread_that_outlives_its_block_never_meets_the_next_user(run: Run) -> None:
    """It has the wrapper, and a cursor with the driver's connection in it."""
    go, used = threading.Event(), threading.Event()
    insert = "INSERT INTO library_tag (name) VALUES ('late')"
    errors: list[str] = []

    def insert_late(execute: Callable[[str], object]) -> None:
        try:
            execute(insert)
        except (RuntimeError, Error) as error:
            errors.append(type(error).__name__)

    def on_thread() -> None:
        own = connection._connections[connection._alias]  # type: ignore[attr-defined]
        cursor = own.cursor()
        cursor.execute("SELECT 1")
        cursor.fetchall()
        driver = own.connection
        used.set()
        go.wait(30)
        insert_late(cursor.execute)
        insert_late(lambda sql: own.cursor().execute(sql))
        driver.close()

    async def main() -> None:
        async with aatomic():
            hop = asyncio.create_task(sync_to_async(on_thread, thread_sensitive=False)())
            await asyncio.to_thread(used.wait, 30)
            await create(name="a")
            before = await bridge(session)()
        async with aatomic():
            await create(name="b")
            assert await bridge(session)() == before  # That very connection.
            go.set()
            await hop
            await create(name="c")
        assert await anames() == ["a", "b", "c"]

    run(main())
    assert len(errors) == 2
    assert errors[1] == "RuntimeError"


def session() -> object:
    """What the server calls the connection."""
    with connection.cursor() as cursor:
        mysql = connection.vendor == "mysql"
        cursor.execute("SELECT connection_id()" if mysql else "SELECT pg_backend_pid()")
        return cursor.fetchone()


def test_what_lies_ready_is_taken_on_the_loop_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two threads that look what is there, both could get the same."""
    take = Pool.take
    threads: list[int] = []

    def noted(self: Pool) -> NativeWrapper | None:
        threads.append(threading.get_ident())
        return take(self)

    async def main() -> None:
        await bridge(Tag.objects.count)()
        monkeypatch.setattr(Pool, "take", noted)
        await bridge(Tag.objects.count)()
        owner = begin()
        await sync_to_async(Tag.objects.count)()
        owner.end()
        assert {*threads} == {threading.get_ident()}
        assert pools()["default"].statistics().open == 1

    run(main())


def test_a_thread_that_connects_when_its_call_ends_leaves_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = Pool.connection
    over = threading.Event()
    errors: list[BaseException] = []

    def count() -> None:
        try:
            Tag.objects.count()
        except RuntimeError as error:
            errors.append(error)
        finally:
            over.set()

    async def main() -> None:
        connecting, go_on = asyncio.Event(), asyncio.Event()

        async def slow(self: Pool, connect: Any) -> Any:
            connecting.set()
            await go_on.wait()
            return await take(self, connect)

        with monkeypatch.context() as patch:
            patch.setattr(Pool, "connection", slow)
            task = asyncio.create_task(bridge(lambda: await_(sync_to_async(count)()))())
            await connecting.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            go_on.set()
            assert await asyncio.to_thread(over.wait, 20)
        assert pools()["default"].statistics() == Statistics(open=1, out=0, waiting=0)
        assert await anames() == []

    run(main())
    assert len(errors) == 1


@CONCURRENT
def test_closing_a_call_cancels_at_the_server(run: Run) -> None:
    # MariaDB looks now and then whether anybody still waits for a sleep.
    marker = "SELECT benchmark(1000000000, md5('x'))"
    activity = "information_schema.processlist WHERE info"
    if connection.vendor == "postgresql":
        marker = f"SELECT {SLEEP}"
        activity = "pg_stat_activity WHERE state = 'active' AND query"

    def ask(sql: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    async def until(count: int) -> None:
        sql = f"SELECT count(*) FROM {activity} LIKE '{marker[:9]}%%'"
        async with asyncio.timeout(20):
            while await bridge(ask)(sql) != count:
                await asyncio.sleep(0.01)

    async def elsewhere(count: int) -> None:
        await asyncio.create_task(until(count), context=Context())

    async def main() -> None:
        await bridge(ask)("SELECT 1")  # A connection lies ready.
        call = bridge(ask)(marker)
        call.send(None)
        await elsewhere(1)
        call.close()
        await elsewhere(0)

    run(main())


@CONCURRENT
def test_a_thread_that_is_in_a_query_when_its_call_ends_is_cut_off(run: Run) -> None:
    """It would wait for ever, or read what is for the next who has the number of its socket."""
    over = threading.Event()
    used: list[Any] = []

    def ask() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {SLEEP}")
        finally:
            over.set()

    def call() -> None:
        Tag.objects.count()
        used.append(connection.connection)
        await_(sync_to_async(ask)())

    async def main() -> None:
        task = asyncio.create_task(bridge(call)())
        while not used or not used[0].lock.locked():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(over.wait, 20)
        assert await anames() == []

    run(main())


def test_hooks_run_after_the_commit_sync_and_async(run: Run) -> None:
    ran: list[object] = []

    async def later() -> None:
        await asyncio.sleep(0)
        ran.append(await anames())

    async def main() -> None:
        async with aatomic():
            await create(name="a")
            transaction.on_commit(lambda: ran.append(names()))
            await aon_commit(later)
            await bridge(transaction.on_commit)(lambda: ran.append("bridged"))
            assert ran == []
        assert ran == [["a"], ["a"], "bridged"]
        with pytest.raises(KeyError):
            async with aatomic():
                await aon_commit(later)
                raise KeyError
        assert len(ran) == 3

    run(main())


@pytest.mark.parametrize("fails", [True, False])
def test_a_query_waits_for_a_siblings_nested_block(run: Run, fails: bool) -> None:
    async def main() -> None:
        inside = asyncio.Event()

        async def nested() -> None:
            async with aatomic():
                await create(name="nested")
                inside.set()
                await asyncio.sleep(0.01)
                await create(name="later")
                if fails:
                    raise KeyError

        async def plain() -> None:
            await inside.wait()
            await create(name="plain")

        async with aatomic():
            results = await asyncio.gather(nested(), plain(), return_exceptions=True)
        assert isinstance(results[0], KeyError if fails else type(None))
        assert await anames() == (["plain"] if fails else ["later", "nested", "plain"])

    run(main())


def test_a_block_in_async_code_that_a_call_waits_for(run: Run) -> None:
    """The call has its turn meanwhile, and would wait for itself."""

    async def inner() -> None:
        async with aatomic():
            await create(name="inner")

    async def main() -> None:
        async with aatomic():
            await bridge(lambda: await_(inner()))()
            await create(name="outer")
        assert await anames() == ["inner", "outer"]

    run(main())


def test_context_variables_that_hooks_set_are_set_after_the_block(run: Run) -> None:
    variable: ContextVar[int] = ContextVar("variable", default=0)
    other: ContextVar[int] = ContextVar("other", default=0)

    async def later() -> None:
        other.set(variable.get() + 1)

    async def main() -> None:
        async with aatomic():
            await aon_commit(lambda: variable.set(1))
            await aon_commit(later)
        assert (variable.get(), other.get()) == (1, 2)

    run(main())


def test_an_async_hook_can_be_cancelled(run: Run) -> None:
    """As on threads: it holds what follows it, and nobody else."""
    log: list[str] = []

    async def main() -> None:
        waiting = asyncio.Event()

        async def hook() -> None:
            try:
                waiting.set()
                await asyncio.Event().wait()
            finally:
                log.append("cancelled")

        async def block() -> None:
            async with aatomic():
                await create(name="a")
                await aon_commit(hook)
                await aon_commit(lambda: log.append("not called"))

        task = asyncio.create_task(block())
        await waiting.wait()
        assert await anames() == ["a"]
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert pools()["default"].statistics().out == 0

    run(main())
    assert log == ["cancelled"]


def test_an_error_of_an_async_hook_is_raised_by_the_block(run: Run) -> None:
    async def hook() -> None:
        raise KeyError

    async def main() -> None:
        with pytest.raises(KeyError):
            async with aatomic():
                await create(name="a")
                await aon_commit(hook)
        assert await anames() == ["a"]
        assert pools()["default"].statistics().out == 0

    run(main())


def test_left_in_another_context_than_entered_in(run: Run) -> None:
    async def main() -> None:
        block = aatomic()
        loop = asyncio.get_running_loop()

        async def enter() -> None:
            await block.__aenter__()
            await create(name="a")

        await loop.create_task(enter(), context=Context())
        assert await anames() == []
        await loop.create_task(block.__aexit__(None, None, None), context=Context())
        assert await anames() == ["a"]

    run(main())


def test_an_atomic_left_open_by_a_call_stays_with_the_context(run: Run) -> None:
    async def main() -> None:
        atomic = transaction.atomic()
        await bridge(atomic.__enter__)()
        await create(name="a")
        assert await asyncio.create_task(anames()) == ["a"]
        await bridge(atomic.__exit__)(KeyError, KeyError(), None)
        assert await anames() == []

    run(main())


def test_a_forgotten_transaction_is_rolled_back_and_its_connection_closed(run: Run) -> None:
    async def main() -> None:
        async def forget() -> None:
            await bridge(transaction.atomic().__enter__)()
            await create(name="a")

        await asyncio.create_task(forget())
        for _ in range(5):
            gc.collect()
            await asyncio.sleep(0)
        assert pools()["default"].statistics().open == 0
        assert await anames() == []

    run(main())


def test_what_the_garbage_collector_found_serves_nobody(run: Run) -> None:
    """The finalizers of Django's wrapper have run: Django 6.1's takes its operations apart."""

    def hold() -> None:
        connection.force_debug_cursor = True  # the context keeps its wrapper for the next call
        owner = current()
        assert owner is not None
        owner.circle = owner  # type: ignore[attr-defined]  # so that the collector has to find it
        Tag.objects.count()

    async def main() -> None:
        before = pools()["default"].statistics().open if "default" in pools() else 0
        await asyncio.create_task(bridge(hold)())
        assert pools()["default"].statistics().open == before + 1
        for _ in range(5):
            gc.collect()
            await asyncio.sleep(0)
        assert pools()["default"].statistics().open == before
        assert await bridge(lambda: connection.ops.connection is not None)()  # type: ignore[attr-defined]

    run(main())


def test_a_wrapper_that_is_deleted_or_replaced_gives_its_connection_back(run: Run) -> None:
    def replace() -> None:
        Tag.objects.count()
        before = connections["default"]
        del connections["default"]
        assert before.connection is None
        Tag.objects.count()
        assert connections["default"] is not before
        connections["default"] = before
        Tag.objects.count()

    async def main() -> None:
        for _ in range(3):
            await bridge(replace)()
        assert pools()["default"].statistics() == Statistics(open=1, out=0, waiting=0)

    run(main())


# The garbage collector finds the connection and its owner together: Python 3.13 warns of that.
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite may block the loop")
def test_a_forgotten_connection_without_a_thread_is_closed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "native_on_loop", True)

    async def main() -> None:
        await asyncio.create_task(bridge(transaction.atomic().__enter__)())
        for _ in range(5):
            gc.collect()
            await asyncio.sleep(0)
        assert pools()["default"].statistics() == Statistics(open=0, out=0, waiting=0)

    run(main())


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite's connections have threads")
def test_a_forgotten_connection_is_closed_though_its_thread_went_with_it(run: Run) -> None:
    """Whoever still has the driver's own object, such as a debugger, does not keep the lock."""
    held: list[sqlite3.Connection] = []

    def enter() -> None:
        transaction.atomic().__enter__()
        held.append(connection.connection._connection)

    async def main() -> None:
        await asyncio.create_task(bridge(enter)())
        deadline = asyncio.get_running_loop().time() + 20
        while asyncio.get_running_loop().time() < deadline:
            gc.collect()
            await asyncio.sleep(0.01)
            try:
                held[0].execute("SELECT 1")
            except sqlite3.ProgrammingError:  # It is closed.
                return
        raise AssertionError

    run(main())


def test_inside_of_a_transaction_of_a_thread_everything_runs_there(run: Run) -> None:
    """As in a TestCase, whose data have to be seen."""

    async def main() -> None:
        assert await bridge(threading.get_ident)() == threading.main_thread().ident
        assert await anames() == ["a"]
        async with aatomic():
            await create(name="b")
        with pytest.raises(KeyError):
            async with aatomic():
                await create(name="c")
                raise KeyError
        assert await asyncio.create_task(anames()) == ["a", "b"]

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Tag.objects.create(name="a")
        async_to_sync(main)()
        assert names() == ["a", "b"]
        raise ZeroDivisionError
    assert names() == []
    # Outside of it, a sync caller lends its thread, and nothing runs on it.
    assert async_to_sync(bridge(threading.get_ident))() != threading.main_thread().ident


class InATestCase(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        Tag.objects.create(name="a")

    async def test_data_are_seen(self) -> None:
        assert await anames() == ["a"]
        async with aatomic():
            await create(name="b")
        assert await anames() == ["a", "b"]

    def test_and_rolled_back(self) -> None:
        assert names() == ["a"]


@CONCURRENT
def test_a_block_on_a_thread_takes_calls_on_the_loop_with_it(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(KeyError):
            async with aatomic_on_thread():
                await create(name="a")
                await sync_to_async(Tag.objects.create)(name="b")
                assert await anames() == ["a", "b"]
                raise KeyError
        assert await anames() == []

    run(main())


def test_plain_async_code_stays_refused_in_a_block(run: Run) -> None:
    async def main() -> None:
        async with aatomic():
            with pytest.raises(SynchronousOnlyOperation):
                names()
            assert connection.in_atomic_block
        assert not connection.in_atomic_block

    run(main())


@CONCURRENT
def test_a_cancellation_at_every_step_leaves_nothing(run: Run) -> None:
    async def both() -> None:
        async with aatomic():
            await create(name="x")
            async with aatomic():
                await bridge(Tag.objects.filter(name="x").update)(name="y")

    async def main() -> None:
        outcomes: set[str] = set()
        for steps in range(60):
            task = asyncio.create_task(both())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                outcomes.add("cancelled")
            assert await anames() in ([], ["y"])
            await bridge(Tag.objects.all().delete)()
        for tenths in range(60):
            task = asyncio.create_task(both())
            await asyncio.sleep(tenths / 10_000)
            task.cancel()
            try:
                await task
                outcomes.add("committed")
            except asyncio.CancelledError:
                pass
            assert await anames() in ([], ["y"])
            await bridge(Tag.objects.all().delete)()
        assert "cancelled" in outcomes

    run(main())


def test_a_cancellation_during_the_commit_is_raised_after_it_and_after_the_hooks(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []
        commit = type(connection._connections["default"]).commit  # type: ignore[attr-defined]

        def commit_and_be_cancelled(self: Any) -> None:
            tasks[0].cancel()
            commit(self)

        async def block() -> None:
            async with aatomic():
                await create(name="a")
                await aon_commit(lambda: ran.extend(names()))
                monkeypatch.setattr(
                    type(connection._connections["default"]),  # type: ignore[attr-defined]
                    "commit",
                    commit_and_be_cancelled,
                )

        tasks.append(asyncio.create_task(block()))
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        monkeypatch.undo()
        assert await anames() == ["a"]

    run(main())
    assert ran == ["a"]


@CONCURRENT
def test_transfers_with_cancellations_and_errors_keep_their_sum(run: Run) -> None:
    accounts = 6
    choose = random.Random(5)

    async def transfer(number: int) -> None:
        one, other = choose.sample(range(accounts), 2)
        if number % 20:  # PostgreSQL waits for a second before it looks for a deadlock
            one, other = min(one, other), max(one, other)
        async with aatomic():
            await move(one, -1)
            await asyncio.sleep(choose.random() * 0.003)
            async with aatomic():
                await move(other, 1)
            if number % 7 == 0:
                raise ValueError

    async def move(account: int, pages: int) -> None:
        books = Book.objects.filter(title=f"{account}")
        await bridge(books.update)(pages=models.F("pages") + pages)

    async def main() -> None:
        books = [Book(title=f"{each}", pages=100) for each in range(accounts)]
        await bridge(Book.objects.bulk_create)(books)
        loop = asyncio.get_running_loop()
        limit = asyncio.Semaphore(15)
        outcomes: dict[str, int] = {}

        async def one(number: int) -> None:
            async with limit:
                task = asyncio.create_task(transfer(number))
                if number % 3 == 0:
                    loop.call_later(choose.random() * 0.02, task.cancel)
                try:
                    await task
                    outcome = "done"
                except (ValueError, asyncio.CancelledError, OperationalError) as error:
                    outcome = type(error).__name__  # OperationalError: a deadlock of two
                outcomes[outcome] = outcomes.get(outcome, 0) + 1

        await asyncio.gather(*map(one, range(300)))
        assert outcomes["done"] > 50
        assert outcomes["CancelledError"] > 5
        assert await bridge(Book.objects.total_pages)() == 100 * accounts

    run(main())


@pytest.mark.parametrize("fails", [True, False])
def test_a_task_that_is_still_in_a_block_does_not_hide_what_failed(run: Run, fails: bool) -> None:
    """All is rolled back; the error is that of the block, as on threads."""

    async def main() -> None:
        inside, forever = asyncio.Event(), asyncio.Event()

        async def sibling() -> None:
            async with aatomic():
                await create(name="b")
                inside.set()
                await forever.wait()

        expected = pytest.raises(KeyError) if fails else pytest.raises(RuntimeError, match="still")
        with expected:
            async with aatomic():
                await create(name="a")
                task = asyncio.create_task(sibling())
                await inside.wait()
                if fails:
                    raise KeyError
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await anames() == []

    run(main())
