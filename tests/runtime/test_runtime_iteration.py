"""Iteration: hops, threads, and every way and place to stop."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import aclosing
from contextvars import ContextVar

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from asyncgen_runtime import iterator_to_async, read_rows
from asyncgen_runtime.iteration import DEFAULT_CHUNK_SIZE, close_iterators

ROWS = 6
POSITIONS = range(ROWS + 1)
CHUNKS = [1, 2, 3, ROWS, ROWS + 1, None]
OPTIONS = [
    *[{"chunk_size": chunk} for chunk in CHUNKS],
    *[{"chunk_size": chunk, "read_ahead": True} for chunk in (1, 2, 3, ROWS)],
]


async def settle():
    """Let what the event loop has to do at once be done; each step of it is one turn or two."""
    for _ in range(10):
        await asyncio.sleep(0)


class Rows:
    """A source of rows that writes down what happens to it, and on which thread."""

    def __init__(self, count=ROWS, error_at=None, stop_at=None):
        self.count = count
        self.error_at = error_at
        self.events = []
        self.threads = set()
        self.pulled = 0
        # At `stop_at` the generator says that it is there and waits to be told to go on.
        self.stop_at = stop_at
        self.arrived = None
        self.go_on = threading.Event()

    def note(self, event):
        self.events.append(event)
        self.threads.add(threading.get_ident())

    def __call__(self):
        self.note("called")
        return self.generate()

    def generate(self):
        self.note("started")
        try:
            for row in range(self.count):
                self.pause(row)
                if row == self.error_at:
                    raise ValueError(row)
                self.pulled += 1
                self.threads.add(threading.get_ident())
                yield row
            self.pause(self.count)
            if self.count == self.error_at:
                raise ValueError(self.count)
        finally:
            self.note("closed")

    def pause(self, row):
        if row == self.stop_at:
            self.loop.call_soon_threadsafe(self.arrived.set)
            assert self.go_on.wait(20)

    async def arrival(self):
        await self.arrived.wait()

    def listen(self):
        self.loop = asyncio.get_running_loop()
        self.arrived = asyncio.Event()
        return self

    def check_closed_once_on_the_worker(self):
        assert self.events == ["called", "started", "closed"]
        assert len(self.threads) == 1
        assert threading.get_ident() not in self.threads


@pytest.mark.parametrize(
    ("count", "chunk", "expected"),
    [
        (4000, 2000, 2),
        (3999, 2000, 2),
        (4001, 2000, 3),
        (2000, 2000, 1),
        (100, 10, 10),
        (99, 10, 10),
        (0, 10, 1),
        (4000, None, 2),
        (4000, 0, 2),
        (4000, -1, 2),
    ],
)
@pytest.mark.parametrize("kind", ["generator", "list", "iterator"])
@pytest.mark.parametrize("read_ahead", [False, True])
def test_as_many_hops_as_chunks_with_rows(run, hops, count, chunk, expected, kind, read_ahead):
    make = {
        "generator": lambda: (row for row in range(count)),
        "list": lambda: list(range(count)),
        "iterator": lambda: iter(range(count)),
    }[kind]

    async def main():
        rows = iterator_to_async(make, chunk_size=chunk, read_ahead=read_ahead)()
        return [row async for row in rows]

    assert run(main()) == list(range(count))
    assert len(hops) == expected


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_chunk_of_one_reads_exactly_one(run, hops, count):
    """So the end is found out by one hop more, as `for` finds it out by one next() more."""
    rows = Rows(count)

    async def main():
        seen = 0
        async for _ in iterator_to_async(rows, chunk_size=1)():
            seen += 1
            assert rows.pulled == seen
            await settle()
        assert seen == count

    run(main())
    assert len(hops) == count + 1


def test_what_the_consumer_does_is_seen_by_the_next_step(run):
    known = {"a"}

    def resolve():
        for name, needs in (("b", "a"), ("c", "b"), ("d", "c")):
            if needs not in known:
                raise LookupError(needs)
            yield name

    async def main():
        async for name in iterator_to_async(resolve, chunk_size=1)():
            known.add(name)

    run(main())
    assert known == set("abcd")


def test_default_chunk_size():
    assert DEFAULT_CHUNK_SIZE == 2000


def test_everything_on_one_thread(run):
    calls = {}

    class Iterable:
        def __init__(self):
            calls["init"] = threading.get_ident()

        def __iter__(self):
            calls["iter"] = threading.get_ident()
            return self

        def __next__(self):
            calls["next"] = threading.get_ident()
            return 1

        def close(self):
            calls["close"] = threading.get_ident()

    async def main():
        async with aclosing(iterator_to_async(Iterable, chunk_size=1)()) as rows:
            async for _ in rows:
                break

    run(main())
    assert list(calls) == ["init", "iter", "next", "close"]
    assert len(set(calls.values())) == 1
    assert calls["init"] != threading.get_ident()


def test_nothing_runs_before_the_first_step(run):
    rows = Rows()

    async def main():
        iterator = iterator_to_async(rows)()
        assert rows.events == []
        assert aiter(iterator) is iterator
        await iterator.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(iterator)

    run(main())
    assert rows.events == []


def test_call_now_raises_at_the_call_and_iterates_elsewhere(run):
    rows = Rows()

    def func(chunk, *, key):
        rows.note("called")
        if chunk <= 0:
            raise ValueError("chunk")
        assert key == "k"
        return rows.generate()

    with pytest.raises(ValueError, match="chunk"):
        iterator_to_async(func, call_now=True)(0, key="k")
    with pytest.raises(RuntimeError, match="raised StopIteration"):
        iterator_to_async(iter(()).__next__, call_now=True)()
    assert rows.threads == {threading.get_ident()}
    rows.threads.clear()

    async def main():
        return [row async for row in iterator_to_async(func, call_now=True)(1, key="k")]

    assert run(main()) == list(range(ROWS))
    caller, worker = rows.threads
    assert caller != worker


@pytest.mark.parametrize("read_ahead", [False, True])
def test_memory_is_bounded_by_the_chunk(run, read_ahead):
    rows = Rows(count=100)

    async def main():
        seen = 0
        async for _ in iterator_to_async(rows, chunk_size=10, read_ahead=read_ahead)():
            seen += 1
            assert rows.pulled <= seen + (20 if read_ahead else 10)
            await settle()

    run(main())


def test_reading_ahead_goes_on_while_the_consumer_waits(run):
    rows = Rows(stop_at=3)

    async def main():
        rows.listen()
        iterator = iterator_to_async(rows, chunk_size=1, read_ahead=True)()
        assert [await anext(iterator) for _ in range(2)] == [0, 1]
        await rows.arrival()  # At row 3; without reading ahead it would have stayed at row 2.
        rows.go_on.set()
        assert [row async for row in iterator] == [2, 3, 4, 5]

    run(main())
    rows.check_closed_once_on_the_worker()


def test_what_was_read_ahead_to_the_end_is_not_lost(run):
    """The worker is at the end before the consumer is through the first chunk."""
    rows = Rows()

    async def main():
        got = []
        async for row in iterator_to_async(rows, chunk_size=ROWS - 1, read_ahead=True)():
            got.append(row)
            while "closed" not in rows.events:
                await asyncio.sleep(0)
        return got

    assert run(main()) == list(range(ROWS))


def test_what_is_to_be_read_ahead_is_not_when_the_consumer_has_stopped(run):
    rows = Rows(stop_at=0)

    async def main():
        rows.listen()
        release = threading.Event()
        iterator = iterator_to_async(rows, chunk_size=1, read_ahead=True)()
        first = asyncio.ensure_future(anext(iterator))
        await rows.arrival()
        blocker = asyncio.create_task(sync_to_async(release.wait)(20))
        await settle()
        rows.go_on.set()
        assert await first == 0
        closing = asyncio.create_task(iterator.aclose())
        await settle()
        release.set()
        await closing
        assert await blocker

    run(main())
    assert rows.pulled == 2
    rows.check_closed_once_on_the_worker()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("position", range(ROWS + 1))
def test_errors_are_raised_in_their_place(run, options, position):
    rows = Rows(error_at=position)
    seen = []

    async def main():
        async for row in iterator_to_async(rows, **options)():
            seen.append(row)  # noqa: PERF401  a comprehension would lose what it has

    with pytest.raises(ValueError, match=str(position)):
        run(main())
    assert seen == list(range(position))
    rows.check_closed_once_on_the_worker()


@pytest.mark.parametrize("where", ["call", "iter", "next"])
def test_stop_iteration_and_other_errors_at_the_start(run, where):
    class Iterable:
        def __init__(self):
            if where == "call":
                raise StopIteration

        def __iter__(self):
            if where == "iter":
                raise StopIteration
            return self

        def __next__(self):
            raise KeyError

    async def main():
        async for _ in iterator_to_async(Iterable)():
            raise AssertionError

    with pytest.raises(KeyError if where == "next" else RuntimeError):
        run(main())


def test_a_generator_that_lets_a_stop_iteration_out(run):
    def generate():
        yield 1
        yield next(iter(()))

    async def main():
        iterator = iterator_to_async(generate)()
        assert await anext(iterator) == 1
        with pytest.raises(RuntimeError, match="StopIteration"):
            await anext(iterator)

    run(main())


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("position", range(ROWS))
@pytest.mark.parametrize("how", ["aclosing", "forgotten"])
def test_break_at_every_position(run, options, position, how):
    rows = Rows()
    seen = []

    async def consume(iterator):
        async for row in iterator:
            seen.append(row)
            if row == position:
                break

    async def main():
        iterator = iterator_to_async(rows, **options)()
        if how == "aclosing":
            async with aclosing(iterator):
                await consume(iterator)
            rows.check_closed_once_on_the_worker()
        else:
            await consume(iterator)
            del iterator
            gc.collect()

    run(main())
    assert seen == list(range(position + 1))
    rows.check_closed_once_on_the_worker()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("position", range(ROWS))
@pytest.mark.parametrize("how", ["aclosing", "forgotten"])
def test_raise_at_every_position(run, options, position, how):
    rows = Rows()

    async def main():
        async with aclosing(iterator_to_async(rows, **options)()) as iterator:
            async for row in iterator:
                if row == position:
                    raise KeyError(position)

    async def forgetful():
        async for row in iterator_to_async(rows, **options)():
            if row == position:
                raise KeyError(position)

    with pytest.raises(KeyError):
        run(main() if how == "aclosing" else forgetful())
    rows.check_closed_once_on_the_worker()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("position", range(ROWS))
def test_cancel_in_the_body_at_every_position(run, options, position):
    rows = Rows()

    async def main():
        reached = asyncio.Event()

        async def consume():
            async with aclosing(iterator_to_async(rows, **options)()) as iterator:
                async for row in iterator:
                    if row == position:
                        reached.set()
                        await asyncio.Event().wait()

        task = asyncio.create_task(consume())
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        rows.check_closed_once_on_the_worker()

    run(main())


@pytest.mark.parametrize("cancellations", [1, 3])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("position", POSITIONS)
def test_cancel_during_a_hop_at_every_position(run, options, position, cancellations):
    """The worker is in the generator: the close waits for it, and the consumer for the close."""
    rows = Rows(stop_at=position)
    seen = []

    async def main():
        rows.listen()

        async def consume():
            async for row in iterator_to_async(rows, **options)():
                seen.append(row)  # noqa: PERF401  an async comprehension is another consumer

        task = asyncio.create_task(consume())
        await rows.arrival()
        for _ in range(cancellations):
            task.cancel()
            await settle()
        assert not task.done()
        assert rows.events == ["called", "started"]
        rows.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()
        rows.check_closed_once_on_the_worker()

    run(main())
    assert seen == list(range(len(seen)))
    assert len(seen) <= position


def test_cancel_before_the_hop_has_begun(run):
    """The call waits in the worker's queue, and is taken out of it."""
    rows = Rows()

    async def main():
        busy, loop, release = asyncio.Event(), asyncio.get_running_loop(), threading.Event()

        def block():
            loop.call_soon_threadsafe(busy.set)
            assert release.wait(20)

        blocker = asyncio.create_task(sync_to_async(block)())
        await busy.wait()
        task = asyncio.create_task(anext(iterator_to_async(rows)()))
        await asyncio.sleep(0)
        task.cancel()
        await settle()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await blocker

    run(main())
    assert rows.events == []


def test_the_end_of_the_program_closes_too():
    """asyncio.run() cancels every task at its end, the one that waits for the close among them."""
    rows = Rows(stop_at=3)

    async def main():
        rows.listen()

        async def consume():
            async for _ in iterator_to_async(rows, chunk_size=2)():
                pass

        task = asyncio.create_task(consume())
        await rows.arrival()
        task.cancel()
        await settle()
        main.release = asyncio.create_task(release_when_cancelled())
        await settle()

    async def release_when_cancelled():
        try:
            await asyncio.Event().wait()
        finally:
            await settle()
            rows.go_on.set()

    asyncio.run(main())
    rows.check_closed_once_on_the_worker()


def test_timeout(run):
    rows = Rows(stop_at=2)

    async def consume():
        async with asyncio.timeout(None) as timeout:
            expiry = asyncio.create_task(expire(timeout))
            async for _ in iterator_to_async(rows, chunk_size=1)():
                pass
        await expiry

    async def expire(timeout):
        await rows.arrival()
        timeout.reschedule(asyncio.get_running_loop().time())
        while not timeout.expired():
            await asyncio.sleep(0)
        rows.go_on.set()

    async def main():
        rows.listen()
        with pytest.raises(TimeoutError):
            await consume()
        rows.check_closed_once_on_the_worker()

    run(main())


def test_athrow_closes(run):
    rows = Rows()

    async def main():
        iterator = iterator_to_async(rows, chunk_size=2)()
        await anext(iterator)
        with pytest.raises(KeyError):
            await iterator.athrow(KeyError())
        rows.check_closed_once_on_the_worker()

    run(main())


def test_error_in_the_close_is_raised(run):
    def generate():
        try:
            yield from range(10)
        finally:
            raise ValueError("in close")

    async def main():
        iterator = iterator_to_async(generate, chunk_size=2)()
        await anext(iterator)
        with pytest.raises(ValueError, match="in close"):
            await iterator.aclose()

    run(main())


def test_what_has_no_close_is_dropped_on_the_worker(run):
    dropped = []

    class Endless:
        def __iter__(self):
            return self

        def __next__(self):
            return 1

        def __del__(self):
            dropped.append(threading.get_ident())

    async def main():
        iterator = iterator_to_async(Endless, chunk_size=2)()
        await anext(iterator)
        await iterator.aclose()

    run(main())
    assert len(dropped) == 1
    assert dropped[0] != threading.get_ident()


def test_two_at_once(run):
    async def main():
        one = iterator_to_async(lambda: iter(range(10)), chunk_size=3)()
        two = iterator_to_async(lambda: iter(range(10, 20)), chunk_size=4)()
        return [(a, await anext(two)) async for a in one]

    assert run(main()) == list(zip(range(10), range(10, 20), strict=True))


def test_the_thread_of_the_first_step_is_kept(run):
    """Also when a later step, or the close, is made in another thread-sensitive context."""
    rows = Rows()

    async def main():
        iterator = iterator_to_async(rows, chunk_size=2)()
        first = await sync_to_async(threading.get_ident)()
        assert await anext(iterator) == 0
        async with ThreadSensitiveContext():
            assert await sync_to_async(threading.get_ident)() != first
            assert [await anext(iterator) for _ in range(2)] == [1, 2]
        async with ThreadSensitiveContext():
            await iterator.aclose()
        assert rows.threads == {first}

    run(main())
    rows.check_closed_once_on_the_worker()


def test_thread_sensitive_context_of_its_own(run):
    rows = Rows()

    async def main():
        shared = await sync_to_async(threading.get_ident)()
        async with ThreadSensitiveContext():
            async for _ in iterator_to_async(rows, chunk_size=2)():
                pass
        assert shared not in rows.threads

    run(main())
    rows.check_closed_once_on_the_worker()


def test_context_variables_of_the_consumer(run):
    variable = ContextVar("variable")

    def generate():
        while True:
            yield variable.get()

    async def main():
        seen = []
        variable.set("a")
        async with aclosing(iterator_to_async(generate, chunk_size=1)()) as iterator:
            async for value in iterator:
                seen.append(value)
                variable.set("b")
                if value == "b":
                    break
        return seen

    assert run(main()) == ["a", "b"]


def test_close_iterators_ends_what_is_open_on_a_thread(run, caplog):
    rows, broken = Rows(), Rows()

    def generate():
        try:
            yield from range(10)
        finally:
            raise ValueError("in close")

    async def main():
        iterator = iterator_to_async(rows, chunk_size=2)()
        finished = iterator_to_async(broken)()
        failing = iterator_to_async(generate, chunk_size=2)()
        assert [await anext(failing), await anext(iterator)] == [0, 0]
        assert len([row async for row in finished]) == ROWS
        await sync_to_async(close_iterators)("The thread is gone.")
        rows.check_closed_once_on_the_worker()
        for each, rest in ((iterator, [1]), (failing, [1])):
            assert [await anext(each) for _ in rest] == rest
            with pytest.raises(RuntimeError, match=r"The thread is gone\."):
                await anext(each)
        assert rows.events == ["called", "started", "closed"]

    run(main())
    assert "in close" in caplog.text


def test_metadata():
    def rows(a: int, *, b: str = "b"):
        "Doc."

    assert iterator_to_async(rows).__name__ == "rows"
    assert iterator_to_async(rows).__doc__ == "Doc."


def test_read_rows_leaves_nothing_to_be_read():
    rows = Rows()
    read = read_rows(rows())
    assert rows.events == ["called", "started", "closed"]
    assert list(read) == list(range(ROWS))


def test_read_rows_copies_no_list():
    class Cached:
        def __iter__(self):
            return iter(self.rows)

        def __len__(self):
            raise AssertionError("`for` does not ask for it")

    cached = Cached()
    cached.rows = [1, 2]
    read = read_rows(cached)
    cached.rows.append(3)  # seen only by who has not copied
    assert list(read) == [1, 2, 3]
