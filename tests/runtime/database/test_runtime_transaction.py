"""aatomic() and aon_commit(): what commits, what does not, and what is left behind."""

# ruff: noqa: PT012  what a block raises is raised by `async with`, of which the block is part

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from contextvars import Context, ContextVar

import pytest
from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from asyncgen_runtime import context_to_async, iterator_to_async
from asyncgen_runtime.transaction import aatomic, aon_commit, explain_atomic
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection, connections, transaction

from tests.runtime.database.conftest import block_threads
from tests.testproject.library.models import Author, Book

VENDOR = connection.vendor
CONCURRENT = pytest.mark.skipif(
    connection.settings_dict["NAME"] == ":memory:",
    reason="connections to a shared in-memory SQLite database fail at once where others wait",
)


pytestmark = pytest.mark.usefixtures("nothing_left")


async def settle():
    """Let what the event loop has to do at once be done; each step of it is one turn or two."""
    for _ in range(10):
        await asyncio.sleep(0)


async def names():
    return sorted([author.name async for author in Author.objects.all()])


async def create(name):
    await Author.objects.acreate(name=name)


def state():
    """What a query would see: its thread, and whether it is in a transaction."""
    return threading.get_ident(), connection.in_atomic_block


async def in_block():
    return (await sync_to_async(state)())[1]


def test_commits(run):
    async def main():
        async with aatomic() as value:
            assert value is None
            await create("a")
            assert await in_block()
        assert not await in_block()
        assert await names() == ["a"]

    run(main())


def test_thread_and_connection_of_its_own(run):
    async def main():
        outside = await sync_to_async(threading.get_ident)()
        async with aatomic():
            inside = await sync_to_async(threading.get_ident)()
            assert await sync_to_async(threading.get_ident)() == inside
        assert inside not in (outside, threading.get_ident())
        assert await sync_to_async(threading.get_ident)() == outside
        async with ThreadSensitiveContext():
            request = await sync_to_async(threading.get_ident)()
            async with aatomic():
                assert await sync_to_async(threading.get_ident)() != request
            assert await sync_to_async(threading.get_ident)() == request

    run(main())


def test_thread_of_its_own_below_a_sync_caller():
    """A sync view or command lends its thread, and gets it back."""

    async def main():
        assert await sync_to_async(threading.get_ident)() == threading.main_thread().ident
        async with aatomic():
            assert await sync_to_async(threading.get_ident)() != threading.main_thread().ident
            await create("a")
        assert await sync_to_async(threading.get_ident)() == threading.main_thread().ident

    async_to_sync(main)()
    assert Author.objects.get().name == "a"


def test_a_lent_thread_deep_down_is_given_back(run):
    """Async code calls sync code that calls async code: it would wait for itself."""

    def sync():
        async def inner():
            async with aatomic():
                await create("a")
            return await sync_to_async(threading.get_ident)()

        return async_to_sync(inner)(), threading.get_ident()

    inner, outer = run(sync_to_async(sync)())
    assert inner == outer


class Failure(Exception):
    pass


def test_rolls_back_on_error(run):
    async def main():
        with pytest.raises(Failure):
            async with aatomic():
                await create("a")
                raise Failure
        assert await names() == []

    run(main())


def test_rolls_back_on_a_database_error(run):
    from django.db import DatabaseError

    def fail():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense FROM nowhere")

    async def main():
        with pytest.raises(DatabaseError):
            async with aatomic():
                await create("a")
                await sync_to_async(fail)()
        assert await names() == []

    run(main())


def test_rolls_back_on_cancellation(run):
    async def main():
        inside = asyncio.Event()

        async def work():
            async with aatomic():
                await create("a")
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert block_threads() == []
        assert await names() == []

    run(main())


def held_up(monkeypatch, stage):
    """Hold up `stage` ("__enter__" or "__exit__") of the outermost block."""
    loop, arrived, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    method = getattr(transaction.Atomic, stage)

    def wait(self, *args):
        if threading.current_thread().name.startswith("aatomic"):
            loop.call_soon_threadsafe(arrived.set)
            assert go_on.wait(20)
        return method(self, *args)

    monkeypatch.setattr(transaction.Atomic, stage, wait)
    return arrived, go_on


@pytest.mark.parametrize("cancellations", [1, 3])
@pytest.mark.parametrize("stage", ["__enter__", "__exit__"])
def test_cancelled_while_entering_or_leaving(run, monkeypatch, stage, cancellations):
    async def main():
        arrived, go_on = held_up(monkeypatch, stage)

        async def work():
            async with aatomic(savepoint=False):
                await create("a")

        task = asyncio.create_task(work())
        await arrived.wait()
        for _ in range(cancellations):
            task.cancel()
            await settle()
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert block_threads() == []
        # Once the commit has begun, it is too late.
        assert await names() == (["a"] if stage == "__exit__" else [])
        assert not await in_block()

    run(main())


def test_cancelled_before_it_is_its_turn(run):
    async def main():
        loop, busy, release = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def block():
            loop.call_soon_threadsafe(busy.set)
            assert release.wait(20)

        async def work():
            async with aatomic():  # which of them is inside when it is cancelled is open
                await asyncio.Event().wait()

        blocker = asyncio.create_task(sync_to_async(block)())
        await busy.wait()
        tasks = [asyncio.create_task(work()) for _ in range(3)]
        await settle()
        for task in tasks:
            task.cancel()
        await settle()
        release.set()
        await asyncio.gather(blocker, *tasks, return_exceptions=True)
        assert all(task.cancelled() for task in tasks)
        async with aatomic():
            await create("a")
        assert await names() == ["a"]

    run(main())


def test_the_end_of_the_program_rolls_back():
    async def main():
        inside = asyncio.Event()

        async def work():
            async with aatomic():
                await create("a")
                inside.set()
                await asyncio.Event().wait()

        main.task = asyncio.create_task(work())
        await inside.wait()

    asyncio.run(main())
    assert block_threads() == []
    assert not Author.objects.exists()


def test_no_connection_no_thread(run, monkeypatch):
    """The block's connection cannot be opened."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    connect = BaseDatabaseWrapper.connect

    def fail(self):
        if threading.current_thread().name.startswith("aatomic"):
            raise Failure
        return connect(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "connect", fail)

    async def main():
        with pytest.raises(Failure):
            async with aatomic():
                raise AssertionError
        assert block_threads() == []
        assert await names() == []

    run(main())


@pytest.fixture
def begun(monkeypatch):
    """Where there is a connection, and it is taken for good: a list of what was begun on it."""
    from asyncgen_runtime import threads

    entered, enter = [], transaction.Atomic.__enter__

    def noted(self):
        entered.append(self)
        enter(self)

    monkeypatch.setattr(threads, "FRESH_SECONDS", 1000)
    monkeypatch.setattr(transaction.Atomic, "__enter__", noted)
    return entered


async def connect(begun):
    """Have one connection in the pool."""
    async with aatomic():
        await names()
    begun.clear()


@CONCURRENT
def test_where_there_is_a_connection_the_first_work_begins(run, begun):
    async def main():
        async with aatomic():
            assert len(begun) == 1  # The first block is told at once that it can connect.
        await connect(begun)
        async with aatomic():
            await settle()
            assert begun == []
            assert await asyncio.gather(in_block(), in_block()) == [True, True]
            assert len(begun) == 1
            async with aatomic():
                assert len(begun) == 2
        async with aatomic():
            pass
        async with aatomic():
            async with aatomic():
                await create("a")
            assert len(begun) == 4
        with pytest.raises(Failure):
            async with aatomic():
                raise Failure
        assert len(begun) == 4
        assert await names() == ["a"]

    run(main())


@CONCURRENT
@pytest.mark.parametrize("own", [None, KeyError])
def test_nothing_is_outside_of_a_transaction_that_did_not_begin(run, begun, monkeypatch, own):
    from django.db.backends.base.base import BaseDatabaseWrapper

    def fail(self, *args, **kwargs):
        raise Failure

    async def main():
        await connect(begun)
        with monkeypatch.context() as patch:
            patch.setattr(BaseDatabaseWrapper, "set_autocommit", fail)
            with pytest.raises(own or Failure):
                async with aatomic():
                    for name in "ab":
                        with pytest.raises(Failure):
                            await create(name)
                    with pytest.raises(Failure):
                        async with aatomic():
                            raise AssertionError
                    if own:
                        raise own
        async with aatomic():
            await create("c")
        assert await names() == ["c"]

    run(main())


@CONCURRENT
def test_cancelled_while_the_first_work_begins(run, begun, monkeypatch):
    async def main():
        loop, busy, release = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
        await connect(begun)
        enter = transaction.Atomic.__enter__

        def slowly(self):
            loop.call_soon_threadsafe(busy.set)
            assert release.wait(20)
            enter(self)

        async def work():
            async with aatomic():
                await create("a")

        with monkeypatch.context() as patch:
            patch.setattr(transaction.Atomic, "__enter__", slowly)
            task = asyncio.create_task(work())
            await busy.wait()
            task.cancel()
            await settle()
            release.set()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await names() == []
        assert not await in_block()

    run(main())


def test_a_database_that_is_not_configured(run):
    from django.db.utils import ConnectionDoesNotExist

    async def main():
        with pytest.raises(ConnectionDoesNotExist):
            async with aatomic("nowhere"):
                raise AssertionError

    run(main())


def test_a_commit_that_fails(run, monkeypatch):
    from django.db import OperationalError
    from django.db.backends.base.base import BaseDatabaseWrapper

    def fail(self):
        raise OperationalError("lost")

    async def main():
        with pytest.raises(OperationalError):
            async with aatomic():
                await create("a")
                monkeypatch.setattr(BaseDatabaseWrapper, "_commit", fail)
        monkeypatch.undo()
        assert await names() == []

    run(main())


@pytest.fixture
def _short_lived():
    """Connections that Django closes at the end of a request, so a block in one does as well."""
    assert connection.settings_dict["CONN_MAX_AGE"] == 0


@pytest.mark.usefixtures("_short_lived")
def test_a_close_that_fails(run, monkeypatch):
    wrapper = type(connections["default"])
    close = wrapper._close

    def fail(self):
        close(self)
        raise Failure

    async def main():
        async with ThreadSensitiveContext():
            with pytest.raises(Failure):
                async with aatomic():
                    await create("a")
                    monkeypatch.setattr(wrapper, "_close", fail)
            monkeypatch.undo()
            assert block_threads() == []
            assert await names() == ["a"]
            await sync_to_async(connections.close_all)()

    run(main())


@pytest.mark.usefixtures("_short_lived")
def test_the_backends_own_close_is_called(run, monkeypatch):
    closed = []
    wrapper = type(connections["default"])
    close = wrapper.close
    monkeypatch.setattr(
        wrapper, "close", lambda self: (closed.append(threading.current_thread().name), close(self))
    )

    async def main():
        async with ThreadSensitiveContext():
            async with aatomic():
                await create("a")
            assert [name for name in closed if name.startswith("aatomic")]

    run(main())


@CONCURRENT
def test_a_connection_is_used_again(run):
    """Outside of requests, as Django keeps the worker's."""

    def where():
        return threading.get_ident(), connection.connection

    async def main():
        async with aatomic():
            first = await sync_to_async(where)()
        async with aatomic():
            assert await sync_to_async(where)() == first
            assert await in_block()

    run(main())


@pytest.mark.skipif(
    connection.settings_dict["NAME"] == ":memory:",
    reason="Django does not close a database in memory, and commits what it cannot roll back",
)
def test_a_lost_connection_is_not_used_again(run, monkeypatch):
    from django.db import OperationalError
    from django.db.backends.base.base import BaseDatabaseWrapper

    def lost(self):
        raise OperationalError("the server has gone away")

    def raw():
        return connection.connection

    async def main():
        with pytest.raises(Failure):
            async with aatomic():
                await create("a")
                before = await sync_to_async(raw)()
                monkeypatch.setattr(BaseDatabaseWrapper, "_rollback", lost)
                raise Failure
        monkeypatch.undo()
        async with aatomic():
            await create("b")
            assert await sync_to_async(raw)() is not before
        assert await names() == ["b"]

    run(main())


def test_nested_blocks_are_savepoints(run):
    async def main():
        async with aatomic():
            thread = await sync_to_async(threading.get_ident)()
            await create("a")
            with pytest.raises(Failure):
                async with aatomic():
                    assert await sync_to_async(threading.get_ident)() == thread
                    await create("b")
                    raise Failure
            async with aatomic(), aatomic():
                await create("c")
        assert await names() == ["a", "c"]

    run(main())


def test_nested_without_savepoint(run):
    async def main():
        with pytest.raises(transaction.TransactionManagementError):
            async with aatomic():
                await create("a")
                with suppress(Failure):
                    async with aatomic(savepoint=False):
                        raise Failure
                await names()
        assert await names() == []

    run(main())


def test_nested_in_sync_code_and_around_it(run):
    @transaction.atomic
    def sync_inner():
        Author.objects.create(name="b")
        raise Failure

    @transaction.atomic
    def sync_outer():
        Author.objects.create(name="c")

        async def inner():
            assert await in_block()
            async with aatomic():
                await create("d")
                raise Failure

        with suppress(Failure):
            async_to_sync(inner)()

    async def main():
        async with aatomic():
            await create("a")
            with suppress(Failure):
                await sync_to_async(sync_inner)()
        await sync_to_async(sync_outer)()
        assert await names() == ["a", "c"]

    run(main())


def test_nested_in_a_context_twin_of_atomic(run):
    async def main():
        with suppress(Failure):
            async with context_to_async(transaction.atomic)():
                thread = await sync_to_async(threading.get_ident)()
                async with aatomic():
                    assert await sync_to_async(threading.get_ident)() == thread
                    await create("a")
                raise Failure
        assert await names() == []

    run(main())


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_two_databases(run):
    """A block for one inside a block for the other leaves both in the transactions around them."""

    async def main():
        with suppress(Failure):
            async with aatomic():
                thread = await sync_to_async(threading.get_ident)()
                await create("a")
                async with aatomic(using="other"):
                    assert await sync_to_async(threading.get_ident)() == thread
                    await Author.objects.using("other").acreate(name="committed")
                    await create("b")
                raise Failure
        assert await names() == []
        assert await Author.objects.using("other").acount() == 1
        async with aatomic(using="other"):
            assert not await in_block()
            await aon_commit(lambda: None, using="other")

    run(main())


def test_durable(run):
    async def main():
        async with aatomic(durable=True):
            with pytest.raises(RuntimeError, match="durable"):
                async with aatomic(durable=True):
                    raise AssertionError
            async with aatomic():
                await create("a")
        assert await names() == ["a"]

    run(main())


def test_as_a_decorator(run):
    @aatomic
    async def bare(name, *, fail=False):
        "Doc."
        assert await in_block()
        await create(name)
        if fail:
            raise Failure
        return name

    @aatomic(using="default", durable=True)
    async def with_options(name):
        assert await in_block()
        await create(name)

    async def main():
        assert await bare("a") == "a"
        with pytest.raises(Failure):
            await bare("b", fail=True)
        await with_options("c")
        await with_options("d")
        assert await names() == ["a", "c", "d"]

    assert bare.__doc__ == "Doc."
    assert asyncio.iscoroutinefunction(bare)
    run(main())


def test_misuse(run):
    with pytest.raises(TypeError, match="async with"), aatomic():
        raise AssertionError
    for decorate in (aatomic, aatomic()):
        with pytest.raises(TypeError, match="atomic"):
            decorate(state)

    async def main():
        block = aatomic()
        async with block:
            with pytest.raises(RuntimeError, match="already entered"):
                await block.__aenter__()
        async with block:
            await create("a")
        assert await names() == ["a"]

    run(main())


def test_plain_atomic_still_refuses_and_can_say_what_to_use(run, monkeypatch):
    async def main():
        with transaction.atomic():
            raise AssertionError

    with pytest.raises(SynchronousOnlyOperation) as caught:
        run(main())
    assert "aatomic" not in str(caught.value)
    monkeypatch.setattr(transaction.Atomic, "__enter__", transaction.Atomic.__enter__)
    for _ in range(2):
        explain_atomic()
    with pytest.raises(SynchronousOnlyOperation, match="use a thread") as caught:
        run(main())
    assert str(caught.value).count("async with aatomic()") == 1
    with transaction.atomic():
        Author.objects.create(name="a")
    assert Author.objects.exists()


# Tasks


def test_queries_of_other_tasks_are_outside(run):
    async def main():
        inside, done = asyncio.Event(), asyncio.Event()

        async def other():
            await inside.wait()
            seen = await in_block(), await names()
            done.set()
            return seen

        task = asyncio.create_task(other())
        with suppress(Failure):
            async with aatomic():
                await create("a") if VENDOR != "sqlite" else await names()
                inside.set()
                await done.wait()
                raise Failure
        assert await task == (False, [])

    run(main())


def test_tasks_started_inside_are_inside(run):
    async def main():
        with suppress(Failure):
            async with aatomic():
                await asyncio.gather(*[create(str(n)) for n in range(5)])
                assert len(await names()) == 5
                raise Failure
        assert await names() == []
        async with aatomic(), asyncio.TaskGroup() as group:
            for n in range(5):
                group.create_task(create(str(n)))
        assert len(await names()) == 5

    run(main())


def test_a_task_that_outlives_its_block(run):
    """Its queries fail. In autocommit mode, or in somebody else's transaction, they would not."""

    async def main():
        over = asyncio.Event()

        async def outlive():
            await over.wait()
            with pytest.raises(RuntimeError, match=r"block .* has ended"):
                await create("b")
            with pytest.raises(RuntimeError, match=r"block .* has ended"):
                async with aatomic():
                    raise AssertionError

        async with aatomic():
            await create("a")
            task = asyncio.create_task(outlive())
        over.set()
        await task
        assert await names() == ["a"]

    run(main())


def test_a_query_that_waits_while_its_block_ends(run, monkeypatch):
    async def main():
        arrived, go_on = held_up(monkeypatch, "__exit__")

        async def late():
            await arrived.wait()
            query = asyncio.ensure_future(sync_to_async(Author.objects.create)(name="b"))
            await settle()
            go_on.set()
            with pytest.raises(RuntimeError, match=r"block .* has ended"):
                await query

        async with aatomic(savepoint=False):
            task = asyncio.create_task(late())
        await task
        assert await names() == []

    run(main())


def test_nested_blocks_of_sibling_tasks_wait_for_one_another(run):
    async def main():
        async def nested(name, fail):
            async with aatomic():
                await create(name)
                for _ in range(3):
                    await names()
                if fail:
                    raise Failure

        async with aatomic():
            results = await asyncio.gather(
                *[nested(str(n), fail=n % 2) for n in range(6)], return_exceptions=True
            )
        assert [type(each) for each in results] == [type(None), Failure] * 3
        assert await names() == ["0", "2", "4"]

    run(main())


def test_nested_block_of_a_child_outlives_the_parents(run):
    """Everything is rolled back: half of the child's work would be in the transaction."""

    async def main():
        inside, over = asyncio.Event(), asyncio.Event()

        async def child():
            async with aatomic():
                await create("b")
                inside.set()
                await over.wait()

        with pytest.raises(RuntimeError, match="still in a block of its own"):
            async with aatomic():
                await create("a")
                task = asyncio.create_task(child())
                await inside.wait()
        over.set()
        with pytest.raises(RuntimeError):
            await task
        assert await names() == []

    run(main())


def test_nested_block_of_a_child_outlives_a_nested_parents(run):
    async def main():
        inside, over = asyncio.Event(), asyncio.Event()

        async def child():
            async with aatomic():
                await create("c")
                inside.set()
                await over.wait()

        async with aatomic():
            await create("a")
            with pytest.raises(RuntimeError, match="still in a block of its own"):
                async with aatomic():
                    await create("b")
                    task = asyncio.create_task(child())
                    await inside.wait()
            over.set()
            with pytest.raises(RuntimeError, match="rolled back when the block around it"):
                await task
            await create("d")
        assert await names() == ["a", "d"]

    run(main())


def test_left_in_another_context_than_entered_in(run):
    """As async fixtures are, and async generators that were dropped."""

    async def main():
        async def generate():
            async with aatomic():
                await create("a")
                yield
                await create("b")

        iterator = generate()
        await anext(iterator)
        await asyncio.create_task(iterator.aclose(), context=Context())
        assert block_threads() == []

    run(main())
    assert list(Author.objects.all()) == []


def test_iterators_do_not_outlive_the_block(run):
    closed = []

    def generate():
        try:
            for author in Author.objects.iterator():
                yield author.name
        finally:
            closed.append(threading.current_thread().name)

    async def main():
        for n in range(4):
            await create(str(n))
        async with aatomic():
            iterator = iterator_to_async(generate, chunk_size=1)()
            await anext(iterator)
        assert len(closed) == 1
        assert closed[0].startswith("aatomic")
        with pytest.raises(RuntimeError, match=r"block .* has ended"):
            await anext(iterator)
        assert block_threads() == []

    run(main())


# aon_commit


def test_on_commit_order_and_kinds(run):
    async def main():
        log = []

        async def asynchronous():
            log.append(("async", await names(), await in_block()))

        async with aatomic():
            await create("a")
            await aon_commit(lambda: log.append("first"))
            async with aatomic():
                await aon_commit(asynchronous)
                await aon_commit(lambda: asynchronous())
            await aon_commit(lambda: log.append("last"))
            assert log == []
        assert log == ["first", *[("async", ["a"], False)] * 2, "last"]

    run(main())


def test_on_commit_after_a_rollback(run):
    async def main():
        log = []
        with suppress(Failure):
            async with aatomic():
                await aon_commit(lambda: log.append("outer"))
                raise Failure
        async with aatomic():
            with suppress(Failure):
                async with aatomic():
                    await aon_commit(lambda: log.append("inner"))
                    raise Failure
            await aon_commit(lambda: log.append("kept"))
        assert log == ["kept"]

    run(main())


def test_on_commit_outside_of_a_transaction_runs_at_once(run):
    async def main():
        log = []

        async def asynchronous():
            log.append(await names())

        await aon_commit(asynchronous)
        await aon_commit(lambda: log.append("sync"))
        assert log == [[], "sync"]
        with pytest.raises(TypeError):
            await aon_commit(None)

    run(main())


def test_on_commit_that_fails(run, caplog):
    async def main():
        log = []

        async def fail():
            raise Failure

        async with aatomic():
            await create("a")
            await aon_commit(fail, robust=True)
            await aon_commit(lambda: log.append("next"))
        assert log == ["next"]
        with pytest.raises(Failure):
            async with aatomic():
                await create("b")
                await aon_commit(fail)
                await aon_commit(lambda: log.append("not run"))
        assert log == ["next"]
        assert await names() == ["a", "b"]

    run(main())
    assert "fail" in caplog.text


@CONCURRENT
def test_on_commit_may_begin_a_transaction(run):
    async def main():
        async def begin():
            async with aatomic():
                await create("b")

        async with aatomic():
            await create("a")
            await aon_commit(begin)
        assert await names() == ["a", "b"]

    run(main())


def test_context_variables_of_a_callback(run):
    variable = ContextVar("variable")

    async def main():
        variable.set("before")
        async with aatomic():
            variable.set("in the block")
            await aon_commit(lambda: variable.set(variable.get() + ", by the callback"))
        assert variable.get() == "in the block, by the callback"

    run(main())


# Many at once


@CONCURRENT
@pytest.mark.parametrize("tasks", [50])
def test_many_transactions_at_once(run, tasks):
    """Each reads, waits and writes; some fail, some are cancelled. The sum has to be right."""

    async def main():
        counter = await Book.objects.acreate(title="counter", pages=0)
        waiting = [asyncio.Event() for _ in range(tasks)]

        async def work(n):
            async with aatomic():
                # The row is locked, so the others wait here, each on its own connection.
                locked = Book.objects.select_for_update()
                book = await locked.aget(pk=counter.pk)
                await Author.objects.acreate(name=str(n))
                waiting[n].set()
                await asyncio.sleep(0)
                if n % 5 == 1:
                    raise Failure
                if n % 5 == 2:
                    await asyncio.Event().wait()
                book.pages += 1
                await book.asave()

        async def cancel(n):
            await waiting[n].wait()
            running[n].cancel()

        running = [asyncio.create_task(work(n)) for n in range(tasks)]
        cancelling = [asyncio.create_task(cancel(n)) for n in range(tasks) if n % 5 == 2]
        results = await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*cancelling)

        kinds = {1: Failure, 2: asyncio.CancelledError}
        for n, result in enumerate(results):
            assert isinstance(result, kinds.get(n % 5, type(None))), (n, result)
        good = sorted(str(n) for n in range(tasks) if n % 5 not in kinds)
        assert (await Book.objects.aget(pk=counter.pk)).pages == len(good)
        assert await names() == good
        assert block_threads() == []

    run(main())


@CONCURRENT
@pytest.mark.skipif(VENDOR == "sqlite", reason="SQLite has one writer at a time, without row locks")
def test_transactions_are_open_at_the_same_time(run):
    async def main():
        barrier = asyncio.Barrier(10)

        async def work(n):
            async with aatomic():
                await create(str(n))
                await barrier.wait()
                assert await names() == [str(n)]
                await barrier.wait()

        await asyncio.gather(*[work(n) for n in range(10)])
        assert len(await names()) == 10

    run(main())
