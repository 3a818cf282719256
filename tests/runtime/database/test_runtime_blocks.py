"""Which thread a block is on, whose queries belong to it, and what happens when tasks meet."""

# ruff: noqa: PT012  what a block raises is raised by `async with`, of which the block is part

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import signal
import sqlite3
import threading
from contextlib import aclosing, contextmanager, suppress

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, async_to_sync, sync_to_async
from asyncgen_runtime import context_to_async, iterator_to_async
from asyncgen_runtime.test import aclose_connections
from asyncgen_runtime.transaction import aatomic, aon_commit
from django.db import OperationalError, connection, transaction

from tests.testproject.library.models import Author

CONCURRENT = pytest.mark.skipif(
    connection.settings_dict["NAME"] == ":memory:",
    reason="connections to a shared in-memory SQLite database fail at once where others wait",
)
SERVER = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite has one writer at a time, without row locks"
)
pytestmark = pytest.mark.usefixtures("nothing_left")


class Failure(Exception):
    pass


@contextmanager
def locked(name):
    """A context manager of somebody's project, that holds a transaction."""
    with transaction.atomic():
        yield Author.objects.filter(name=name).first()


def drained():
    """A generator of somebody's project, that holds a transaction between two rows."""
    with transaction.atomic():
        yield from list(Author.objects.order_by("name").select_for_update())


alocked = context_to_async(locked, exclusive=True)
adrained = iterator_to_async(drained, exclusive=True)


async def create(name):
    await Author.objects.acreate(name=name)


async def names():
    return sorted([author.name async for author in Author.objects.all()])


async def in_transaction():
    return await sync_to_async(lambda: connection.in_atomic_block)()


async def thread():
    return await sync_to_async(threading.get_ident)()


async def settle():
    """Let what the event loop has to do at once be done; each step of it is one turn or two."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.fixture(params=["process", "request", "lent"])
def anywhere(request, run):
    """Run a coroutine where the thread is the process's, a request's, or a sync caller's."""

    async def limited(coroutine):
        async with asyncio.timeout(30):  # No task of its own: what is left in the context counts.
            return await coroutine

    async def in_request(coroutine):
        async with ThreadSensitiveContext():
            try:
                return await limited(coroutine)
            finally:
                await aclose_connections()

    return {
        "process": run,
        "request": lambda coroutine: run(in_request(coroutine)),
        "lent": async_to_sync(limited),
    }[request.param]


# What holds a transaction


@SERVER
def test_what_others_save_is_not_in_a_contexts_transaction(anywhere):
    async def main():
        inside, saved = asyncio.Event(), asyncio.Event()

        async def other():
            await inside.wait()
            assert not await in_transaction()
            await create("saved")
            saved.set()

        task = asyncio.create_task(other())
        with pytest.raises(Failure):
            async with alocked("a"):
                await create("lost")
                inside.set()
                await saved.wait()
                raise Failure
        await task
        assert await names() == ["saved"]

    anywhere(main())


@SERVER
def test_two_contexts_that_hold_transactions(anywhere):
    async def main():
        barrier = asyncio.Barrier(2)

        async def use(name, fails):
            async with alocked(name):
                await create(name)
                await barrier.wait()
                if fails:
                    await left.wait()
                    raise Failure

        left = asyncio.Event()

        async def first():
            await use("kept", False)
            left.set()

        results = await asyncio.gather(first(), use("lost", True), return_exceptions=True)
        assert [type(each) for each in results] == [type(None), Failure]
        assert await names() == ["kept"]

    anywhere(main())


def test_a_context_that_holds_a_savepoint(anywhere):
    async def main():
        async with aatomic():
            outer = await thread()
            with suppress(Failure):
                async with alocked("a"):
                    assert await thread() == outer
                    await create("lost")
                    raise Failure
            await create("kept")
        assert await names() == ["kept"]

    anywhere(main())


@SERVER
def test_the_consumer_of_a_generator_is_in_its_transaction(anywhere):
    """As in sync code; on another connection it would wait for the generator's row locks."""

    async def main():
        for name in "abc":
            await create(name)
        rows = []
        async for author in adrained():
            rows.append(author.name)
            assert await in_transaction()
            author.name += author.name
            await author.asave()
        assert not await in_transaction()
        assert rows == ["a", "b", "c"]
        assert await names() == ["aa", "bb", "cc"]

    anywhere(main())


@SERVER
def test_after_break_the_consumer_is_outside_at_once(anywhere):
    async def main():
        for name in "abc":
            await create(name)
        before = await thread()
        async for author in adrained():
            await Author.objects.filter(pk=author.pk).aupdate(name="lost")
            break
        assert await thread() == before
        assert not await in_transaction()
        await create("kept")
        async with aatomic():
            await create("kept too")
        assert await names() == ["a", "b", "c", "kept", "kept too"]

    anywhere(main())


@pytest.mark.parametrize("dropped_by", ["consumer", "other"])
def test_after_break_a_sync_caller_has_its_thread_back(run, dropped_by):
    """What it calls next may be on another loop, where nobody lends a thread any more."""

    async def main():
        await create("a")
        rows = adrained()
        await anext(rows)
        if dropped_by == "other":  # Its context goes, and this one's still names the thread.
            held = [rows]
            del rows
            await asyncio.create_task(asyncio.to_thread(held.clear))

    async def after(*added):
        assert not await in_transaction()
        await create(added[0])
        async with aatomic():
            await create(added[1])
        return await names()

    def caller():
        async_to_sync(main)()
        if dropped_by == "consumer":
            assert SyncToAsync.thread_sensitive_context.get(None) is None
        assert run(after("b", "c")) == ["a", "b", "c"]
        assert async_to_sync(after)("d", "e") == ["a", "b", "c", "d", "e"]

    contextvars.copy_context().run(caller)


@SERVER
@pytest.mark.parametrize("dropped_by", ["consumer", "other"])
def test_after_break_blocks_keep_others_out_of_the_thread_of_a_request(run, dropped_by):
    """The generator's own block is still being left when these are."""
    inside, left = asyncio.Event(), threading.Event()

    @contextmanager
    def plain():
        yield

    def slowly():
        try:
            yield from drained()
        finally:
            assert left.wait(20)

    async def main():
        async with ThreadSensitiveContext():
            await create("a")
            task = asyncio.create_task(other())
            rows = iterator_to_async(slowly, exclusive=True)()
            await anext(rows)
            held = [rows]
            del rows
            if dropped_by == "other":
                await asyncio.create_task(asyncio.to_thread(held.clear))
            held.clear()
            async with context_to_async(plain)(), aatomic():
                await create("b")
                inside.set()
                await settle()
                assert await names() == ["a", "b"]
            left.set()
            assert await task == ["a", "b", "c"]
            await aclose_connections()

    async def other():
        await inside.wait()
        await create("c")
        return await names()

    run(main())


@pytest.mark.parametrize("how", ["raise", "aclosing", "athrow"])
def test_a_generators_transaction_is_rolled_back(anywhere, how):
    async def main():
        await create("a")
        await create("b")
        rows = adrained()
        with suppress(Failure):
            async with aclosing(rows):
                async for author in rows:
                    await Author.objects.filter(pk=author.pk).aupdate(name="lost")
                    if how == "athrow":
                        await rows.athrow(Failure())
                    if how == "raise":
                        raise Failure
                    break
        assert not await in_transaction()
        assert await names() == ["a", "b"]

    anywhere(main())


@pytest.mark.parametrize("anywhere", ["request", "lent"], indirect=True)
def test_a_transaction_that_was_not_announced_is_refused(anywhere):
    """A context manager that one cannot see into, on a thread that others use."""

    async def main():
        for make in (transaction.atomic, functools.partial(locked, "a")):
            with pytest.raises(RuntimeError, match="exclusive=True"):
                async with context_to_async(make)():
                    raise AssertionError
        assert not await in_transaction()
        async with aatomic(), context_to_async(transaction.atomic)():
            await create("a")
        assert await names() == ["a"]

    anywhere(main())


def test_a_transaction_between_two_rows_that_was_not_announced_is_refused(anywhere):
    async def main():
        for name in "abc":
            await create(name)
        with pytest.raises(RuntimeError, match="exclusive=True"):
            async for _ in iterator_to_async(drained, chunk_size=1)():
                raise AssertionError
        assert not await in_transaction()

    anywhere(main())


# What was entered around a block


def test_a_block_inside_a_context_sees_what_it_set(anywhere):
    state, seen = threading.local(), []

    @contextmanager
    def acting_as(user):
        def note(execute, sql, params, many, context):
            seen.append(sql)
            return execute(sql, params, many, context)

        state.user = user
        with connection.execute_wrapper(note):
            yield
        del state.user

    async def main():
        async with context_to_async(acting_as)("ann"):
            outside = await thread()
            async with aatomic():
                assert await thread() == outside
                assert await sync_to_async(lambda: state.user)() == "ann"
                await create("a")
                async with alocked("a"), aatomic():
                    assert await sync_to_async(lambda: state.user)() == "ann"
        assert any("INSERT" in sql for sql in seen)
        assert await names() == ["a"]

    anywhere(main())


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL has a search path")
def test_a_block_inside_a_tenants_context_writes_to_the_tenant(anywhere):
    table = Author._meta.db_table

    def execute(*statements):
        with connection.cursor() as cursor:
            for each in statements:
                cursor.execute(each)

    @contextmanager
    def schema(name):
        execute(f"SET search_path TO {name}")
        try:
            yield
        finally:
            execute("SET search_path TO public")

    async def main():
        async with context_to_async(schema)("tenant"):
            async with aatomic():
                await create("of the tenant")
            await create("too")
        assert await names() == []

    execute(
        "CREATE SCHEMA tenant",
        f"CREATE TABLE tenant.{table} (LIKE public.{table} INCLUDING ALL)",
    )
    try:
        anywhere(main())
    finally:
        execute("DROP SCHEMA tenant CASCADE")


@pytest.mark.parametrize("anywhere", ["request", "lent"], indirect=True)
@pytest.mark.parametrize("fails", [True, False])
def test_a_block_on_a_shared_thread_keeps_others_out(anywhere, fails):
    """Inside of a context it has to be there; queries of other tasks wait until it is over."""

    @contextmanager
    def plain():
        yield

    async def main():
        inside = asyncio.Event()

        async def other():
            await inside.wait()
            await create("b")
            return await names()

        task = asyncio.create_task(other())
        with suppress(Failure):
            async with context_to_async(plain)(), aatomic():
                await create("a")
                inside.set()
                await settle()
                if fails:
                    raise Failure
        assert await task == (["b"] if fails else ["a", "b"])

    anywhere(main())


def test_contexts_with_a_blocking_lock(run):
    """Two tasks want it: whoever waits must not wait on the thread of who has it."""
    lock = threading.Lock()

    @contextmanager
    def holding():
        with lock:
            yield

    async def main():
        async def use():
            async with context_to_async(holding)():
                await names()
                await asyncio.sleep(0)

        await asyncio.gather(*[use() for _ in range(4)])

    run(main())


# Who waits for whom


@CONCURRENT
@pytest.mark.parametrize("nested", [True, False])
def test_sync_code_that_comes_back_to_async_code(anywhere, nested):
    """The thread waits for a block; that block must not wait for one that waits for the thread."""

    async def main():
        loop, started, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        async def service():
            async with aatomic():
                await create("service")

        def legacy():
            loop.call_soon_threadsafe(started.set)
            assert go_on.wait(20)
            async_to_sync(service)()

        async def other():
            await started.wait()
            entering = asyncio.create_task(block())
            await settle()
            go_on.set()
            await entering

        async def block():
            async with aatomic():
                await create("other")

        async def both():
            await asyncio.gather(sync_to_async(legacy)(), other())

        if nested:
            async with aatomic():
                await both()
        else:
            await both()
        assert await names() == ["other", "service"]

    anywhere(main())


@CONCURRENT
def test_entering_does_not_wait_for_the_shared_thread(run):
    async def main():
        loop, busy, release = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def block():
            loop.call_soon_threadsafe(busy.set)
            assert release.wait(20)

        blocker = asyncio.create_task(sync_to_async(block)())
        await busy.wait()
        async with aatomic():
            await create("a")
        async with alocked("a") as author:
            assert author.name == "a"
        release.set()
        await blocker

    run(main())


def test_giving_up_does_not_wait_for_a_thread_on_which_nothing_began(run):
    @contextmanager
    def never():
        raise AssertionError
        yield

    async def main():
        loop, busy, release = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def block():
            loop.call_soon_threadsafe(busy.set)
            assert release.wait(20)

        async with ThreadSensitiveContext():
            blocker = asyncio.create_task(sync_to_async(block)())
            await busy.wait()
            entering = asyncio.create_task(context_to_async(never)().__aenter__())
            await settle()
            entering.cancel()
            with pytest.raises(asyncio.CancelledError):
                await entering
            release.set()
            await blocker

    run(main())


def test_cancelling_reaches_what_entering_waits_for(anywhere):
    """Sync code that waits for a coroutine, which is told."""
    log = []

    @contextmanager
    def waiting(started):
        async def wait():
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                log.append("told")

        async_to_sync(wait)()
        yield

    async def main():
        async def use():
            async with context_to_async(waiting)(started):
                raise AssertionError

        started = asyncio.Event()
        task = asyncio.create_task(use())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert log == ["told"]

    anywhere(main())


@pytest.mark.parametrize("fails", [True, False])
def test_a_query_waits_for_a_siblings_nested_block(run, fails):
    async def main():
        inside = asyncio.Event()

        async def nested():
            async with aatomic():
                await create("nested")
                inside.set()
                await settle()
                if fails:
                    raise Failure

        async def plain():
            await inside.wait()
            await create("plain")

        async with aatomic():
            results = await asyncio.gather(nested(), plain(), return_exceptions=True)
        assert isinstance(results[0], Failure if fails else type(None))
        assert await names() == (["plain"] if fails else ["nested", "plain"])

    run(main())


def test_nobody_waits_for_a_block_that_was_entered_in_a_task_of_its_own(run):
    """As by wait_for() before Python 3.12: the context that is inside is gone with the task."""

    async def main():
        async with aatomic():
            nested = aatomic()
            await asyncio.create_task(nested.__aenter__())
            await create("a")
            await nested.__aexit__(None, None, None)
            await create("b")
        assert await names() == ["a", "b"]

    run(main())


@pytest.mark.parametrize("ends", ["error", "timeout"])
def test_the_error_that_ends_a_block_is_not_replaced(run, ends):
    """Who tries again looks for it; the nested block of a child is rolled back all the same."""

    async def main():
        inside = asyncio.Event()

        async def child():
            async with aatomic():
                await create("child")
                inside.set()
                await asyncio.Event().wait()

        async def fails():
            await inside.wait()
            raise OperationalError("deadlock detected")

        task = None
        with pytest.raises(OperationalError if ends == "error" else TimeoutError):
            async with asyncio.timeout(None) as timeout, aatomic():
                task = asyncio.create_task(child())
                if ends == "error":
                    await asyncio.gather(task, fails())
                await inside.wait()
                timeout.reschedule(0)
                await asyncio.Event().wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await names() == []

    run(main())


# What outlives its request


def test_an_iteration_that_outlives_its_request(run):
    async def main():
        got, go_on = [], asyncio.Event()

        async def iterate():
            async for row in iterator_to_async(lambda: iter(range(6)), chunk_size=2)():
                got.append(row)
                if row == 1:
                    await go_on.wait()

        async with ThreadSensitiveContext():
            task = asyncio.create_task(iterate())
            while got != [0, 1]:
                await asyncio.sleep(0)
        # Other threads come to life, so that none has the identity of the one that is gone.
        async with ThreadSensitiveContext():
            await thread()
            go_on.set()
            with pytest.raises(RuntimeError, match="before the request ends"):
                await task
        assert got == [0, 1]

    run(main())


@pytest.mark.parametrize("own", [None, Failure])
def test_a_context_that_outlives_its_request(run, own):
    left = []

    @contextmanager
    def manager():
        try:
            yield
        finally:
            left.append(True)

    async def main():
        inside, go_on = asyncio.Event(), asyncio.Event()

        async def use():
            async with context_to_async(manager)():
                inside.set()
                await go_on.wait()
                if own:
                    raise own

        async with ThreadSensitiveContext():
            task = asyncio.create_task(use())
            await inside.wait()
        async with ThreadSensitiveContext():
            await thread()
            go_on.set()
            with pytest.raises(own or RuntimeError, match=None if own else "their request"):
                await task
        assert left == [True]

    run(main())


# What is to happen after a commit


@CONCURRENT
@pytest.mark.parametrize("in_block", [True, False])
def test_others_can_query_while_an_async_callback_waits(run, in_block):
    async def main():
        asked, answered = asyncio.Event(), asyncio.Event()

        async def other():
            await asked.wait()
            await names()
            answered.set()

        async def callback():
            asked.set()
            await answered.wait()

        task = asyncio.create_task(other())
        if in_block:
            async with aatomic():
                await aon_commit(callback)
        else:
            await aon_commit(callback)
        await task

    run(main())


def test_an_async_callback_can_be_cancelled(run):
    async def main():
        waiting, log = asyncio.Event(), []

        async def callback():
            try:
                waiting.set()
                await asyncio.Event().wait()
            finally:
                log.append("cancelled")

        async def work():
            async with aatomic():
                await create("a")
                await aon_commit(callback)
                await aon_commit(lambda: log.append("not called"))

        task = asyncio.create_task(work())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert log == ["cancelled"]
        assert await names() == ["a"]

    run(main())


@pytest.mark.parametrize("where", ["block", "callback"])
def test_an_interrupt_ends_what_waits_in_a_block(run, where):
    """As Ctrl-C does: asyncio.run() cancels the main task."""

    async def interrupted():
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()

    async def main():
        async with aatomic():
            await create("a")
            if where == "block":
                await interrupted()
            await aon_commit(interrupted)

    # Where tests run in the background, the shell has interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(main())
    finally:
        signal.signal(signal.SIGINT, before)
    assert run(names()) == (["a"] if where == "callback" else [])


def test_sync_and_async_callbacks_keep_their_order(run):
    async def main():
        log = []

        async def asynchronous(name):
            await asyncio.sleep(0)
            log.append(name)

        async with aatomic():
            await aon_commit(functools.partial(asynchronous, 1))
            await sync_to_async(transaction.on_commit)(lambda: log.append(2))
            await aon_commit(functools.partial(asynchronous, 3))
            await aon_commit(lambda: asynchronous(4))
            await aon_commit(lambda: log.append(5))
        assert log == [1, 2, 3, 4, 5]

    run(main())


def test_callbacks_are_handed_on_as_they_are(run):
    class Notify:
        def __call__(self):
            pass

    async def asynchronous():
        pass

    def registered():
        return [hook for _, hook, _ in connection.run_on_commit]

    async def main():
        given = [Notify(), functools.partial(print, end=""), print]
        async with aatomic():
            for each in given:
                await aon_commit(each)
            await aon_commit(asynchronous)
            *same, wrapped = await sync_to_async(registered)()
        assert same == given
        assert wrapped.__qualname__ == asynchronous.__qualname__
        assert repr(wrapped) == repr(asynchronous)

    run(main())


@pytest.mark.parametrize("in_block", [True, False])
@pytest.mark.parametrize("kind", ["sync", "async", "partial", "object"])
def test_the_log_names_the_callback_that_failed(run, caplog, kind, in_block):
    def notify(number=1):
        raise Failure

    async def anotify():
        raise Failure

    class Notify:
        def __call__(self):
            raise Failure

    given, name = {
        "sync": (notify, "notify"),
        "async": (anotify, "anotify"),
        "partial": (functools.partial(notify, 2), "notify"),
        "object": (Notify(), "Notify object"),
    }[kind]

    async def main():
        if not in_block:
            await aon_commit(given, robust=True)
            return
        async with aatomic():
            await aon_commit(given, robust=True)

    run(main())
    (record,) = caplog.records
    assert record.name == "django.db.backends.base"
    assert name in record.getMessage()
    assert record.getMessage().startswith("Error calling ")
    assert ("during transaction" in record.getMessage()) == in_block


# What is left


@pytest.mark.skipif(
    connection.settings_dict["NAME"] != ":memory:", reason="others are closed by Django, too"
)
def test_a_block_closes_its_connection_to_a_database_in_memory(run):
    """Django's close() leaves these open, and the end of a thread to the garbage collector."""
    held = []

    async def main():
        for make in (aatomic, functools.partial(alocked, "a")):
            async with make():
                await sync_to_async(lambda: held.append(connection.connection))()

    run(main())
    for each in held:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            each.execute("SELECT 1")


def test_break_inside_a_block_logs_nothing(run):
    async def main():
        errors = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
        for name in "abcdef":
            await create(name)
        for _ in range(5):
            async with aatomic():
                async for _ in iterator_to_async(Author.objects.iterator, chunk_size=2)():
                    break
            await settle()
        rows = iterator_to_async(Author.objects.iterator, chunk_size=2)()
        async with aclosing(rows), aatomic():
            async for _ in rows:
                break
        gc.collect()
        await settle()
        assert errors == []

    run(main())


def test_a_block_leaves_no_reference_cycles(run):
    async def plain():
        await names()

    async def block():
        async with aatomic():
            await names()

    async def context():
        async with alocked("a"):
            pass

    async def collected(func):
        for _ in range(3):
            await func()
        gc.collect()
        for _ in range(20):
            await func()
        return gc.collect()

    async def main():
        gc.disable()
        try:
            base = await collected(plain)
            assert await collected(block) <= base
            assert await collected(context) <= base
        finally:
            gc.enable()

    run(main())
