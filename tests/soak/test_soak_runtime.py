"""Transactions, contexts and iterations at random, and what has to hold whatever happens to them.

Seeds are printed; ASYNCGEN_SOAK_SEED sets the first one, ASYNCGEN_SOAK_SECONDS how long it goes on
(a few seconds by default), ASYNCGEN_TEST_DATABASE the database.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing, closing, contextmanager, suppress

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from asyncgen_runtime import context_to_async, iterator_to_async
from asyncgen_runtime.test import aclose_connections
from asyncgen_runtime.transaction import aatomic, aon_commit
from django.db import DatabaseError, Error, connection, connections, transaction
from django.db.models import F, Sum

from tests.testproject.library.models import Author, Book

SECONDS = float(os.environ.get("ASYNCGEN_SOAK_SECONDS", "4"))
SEED = int(os.environ.get("ASYNCGEN_SOAK_SEED", str(time.time_ns() % 100_000)))
TASKS = 12
ACCOUNTS = 8
BALANCE = 1000

pytestmark = pytest.mark.skipif(
    connection.settings_dict["NAME"] == ":memory:",
    reason="connections to a shared in-memory SQLite database fail at once where others wait",
)


class Failure(Exception):
    pass


class Ledger:
    """What the round was told: what has to be in the database, and what has to have happened."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.saved: set[str] = set()
        self.not_saved: set[str] = set()
        self.called: Counter[str] = Counter()
        # Lists, for counting is no single step, and blocks are on many threads.
        self.entered: list[None] = []
        self.left: list[None] = []

    @contextmanager
    def watched(self):
        self.entered.append(None)
        thread = threading.current_thread()
        try:
            yield
        finally:
            assert threading.current_thread() is thread
            self.left.append(None)

    @contextmanager
    def holding(self):
        with self.watched(), transaction.atomic():
            yield

    def rows(self):
        with self.watched():
            yield from Author.objects.order_by("pk").iterator(chunk_size=3)

    def held_rows(self):
        with self.holding():
            yield from list(Author.objects.order_by("pk")[:5])


async def transfer(ledger: Ledger, tag: str) -> None:
    """Move money and say so; only a whole transfer may ever be seen."""
    choose = ledger.random
    one, other = sorted(choose.sample(range(ACCOUNTS), 2))
    blocks = (aatomic, aatomic, context_to_async(ledger.holding, exclusive=True))
    async with choose.choice(blocks)():
        await Book.objects.filter(title=f"account {one}").aupdate(pages=F("pages") - 1)
        await asyncio.sleep(choose.random() * 0.002)
        if choose.random() < 0.3:
            await asyncio.gather(nested(ledger, tag), Author.objects.acount())
        if choose.random() < 0.15:
            raise Failure
        await Book.objects.filter(title=f"account {other}").aupdate(pages=F("pages") + 1)
        await Author.objects.acreate(name=tag)

        async def callback() -> None:
            ledger.called[tag] += 1

        await aon_commit(choose.choice([callback, lambda: ledger.called.update([tag])]))


async def nested(ledger: Ledger, tag: str) -> None:
    try:
        async with aatomic():
            await Author.objects.acreate(name=f"never {tag}")
            raise Failure
    except Failure:
        pass


async def context(ledger: Ledger, tag: str) -> None:
    async with context_to_async(ledger.watched)():
        await Author.objects.acount()
        if ledger.random.random() < 0.3:
            await transfer(ledger, tag)
        if ledger.random.random() < 0.2:
            raise Failure


async def iteration(ledger: Ledger, tag: str) -> None:
    choose = ledger.random
    rows = choose.choice(
        [
            iterator_to_async(ledger.rows, chunk_size=choose.choice([1, 2, 50])),
            iterator_to_async(ledger.held_rows, exclusive=True),
        ]
    )()
    stop = choose.randrange(8)
    async with aclosing(rows):
        async for _ in rows:
            stop -= 1
            if stop == 0 and choose.random() < 0.5:
                break
            if stop == 0:
                raise Failure
            await asyncio.sleep(0)


async def disturbed(ledger: Ledger, tag: str) -> None:
    """Do something, perhaps in a request, and perhaps be cancelled or timed out meanwhile."""
    choose = ledger.random
    work = choose.choice([transfer, transfer, context, iteration])

    async def in_request() -> None:
        async with ThreadSensitiveContext():
            try:
                await work(ledger, tag)
            finally:
                await aclose_worker()

    task = asyncio.create_task(in_request() if choose.random() < 0.3 else work(ledger, tag))
    if choose.random() < 0.3:
        await asyncio.sleep(choose.random() * 0.02)
        for _ in range(choose.randrange(1, 4)):
            task.cancel()
            await asyncio.sleep(0)
    (result,) = await asyncio.gather(task, return_exceptions=True)
    # Cancelled or lost on the way, it may have been committed; else it is known.
    assert isinstance(result, type(None) | Failure | DatabaseError | asyncio.CancelledError), result
    if work is transfer and result is None:
        ledger.saved.add(tag)
    if work is transfer and isinstance(result, Failure):
        ledger.not_saved.add(tag)


async def aclose_worker() -> None:
    """Close the connections of the request's thread, also when the request is cancelled once more.

    A call that waits for its thread is dropped when it is cancelled: then nobody closes them.
    """
    closed = asyncio.create_task(sync_to_async(connections.close_all)())
    while not closed.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(closed)


async def play(ledger: Ledger, seed: int) -> None:
    before = asyncio.all_tasks()

    async def player(number: int) -> None:
        for turn in range(6):
            await disturbed(ledger, f"{seed}-{number}-{turn}")

    await asyncio.gather(*[player(number) for number in range(TASKS)])
    for _ in range(200):  # What was cancelled comes to its end.
        if asyncio.all_tasks() == before and ledger.entered == ledger.left:
            break
        await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before
    await aclose_connections()


# Whose sessions are lost: the server's own word for this one, those of others, and their end.
KILLING = {
    "postgresql": (
        "SELECT pg_backend_pid()",
        "SELECT pid FROM pg_stat_activity WHERE datname = %s",
        "SELECT pg_terminate_backend(%s)",
    ),
    "mysql": (
        "SELECT CONNECTION_ID()",
        "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = %s",
        "KILL CONNECTION %s",
    ),
}


@contextmanager
def killing(seed: int) -> Iterator[list[int]]:
    """Meanwhile end sessions of the server, but not the test's own; gives those that were ended."""
    own, others, end = KILLING[connection.vendor]
    killed: list[int] = []
    over = threading.Event()
    with connection.cursor() as cursor:
        cursor.execute(own)
        (spared,) = cursor.fetchone()

    def kill() -> None:
        choose = random.Random(seed)
        mine = connection.copy()
        with closing(mine), mine.cursor() as cursor:
            cursor.execute(own)
            kept = {spared, *cursor.fetchone()}
            while not over.wait(0.05):
                cursor.execute(others, [mine.settings_dict["NAME"]])
                found = sorted({number for (number,) in cursor.fetchall()} - kept)
                if found:
                    killed.append(choose.choice(found))
                    with suppress(DatabaseError):  # It has ended meanwhile.
                        cursor.execute(end, [killed[-1]])

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


async def lose(ledger: Ledger, seed: int) -> None:
    before = asyncio.all_tasks()

    async def player(number: int) -> None:
        for turn in range(6):
            tag = f"{seed}-{number}-{turn}"
            try:
                await transfer(ledger, tag)
            except Failure:
                ledger.not_saved.add(tag)
            except Error:  # InterfaceError, where the driver has noticed already
                pass  # Lost before the commit, during it or after: nobody can say.
            else:
                ledger.saved.add(tag)

    await asyncio.gather(*[player(number) for number in range(TASKS)])
    assert asyncio.all_tasks() == before
    await aclose_connections()


@pytest.mark.skipif(connection.vendor not in KILLING, reason="SQLite has no sessions")
@pytest.mark.django_db(transaction=True)
def test_sessions_are_lost() -> None:
    end, seed, lost = time.monotonic() + SECONDS, SEED, 0
    while time.monotonic() < end or not lost:
        with killing(seed) as killed:
            one_round(lose, seed)
        lost += len(killed)
        seed += 1
    print(f"{lost} sessions ended")


@pytest.mark.django_db(transaction=True)
def test_whatever_happens() -> None:
    end, seed = time.monotonic() + SECONDS, SEED
    while time.monotonic() < end:
        one_round(play, seed)
        seed += 1


def one_round(play: Callable[[Ledger, int], Coroutine[None, None, None]], seed: int) -> None:
    print(f"ASYNCGEN_SOAK_SEED={seed}")
    Author.objects.all().delete()
    Book.objects.all().delete()
    Book.objects.bulk_create(
        Book(title=f"account {number}", pages=BALANCE) for number in range(ACCOUNTS)
    )
    threads = set(threading.enumerate())
    ledger = Ledger(seed)
    asyncio.run(asyncio.wait_for(play(ledger, seed), 120))
    gc.collect()
    names = Counter(Author.objects.values_list("name", flat=True))
    assert Book.objects.aggregate(total=Sum("pages"))["total"] == ACCOUNTS * BALANCE
    assert all(names[tag] == 1 for tag in ledger.saved)
    assert all(ledger.called[tag] == 1 for tag in ledger.saved)
    assert not ledger.not_saved & names.keys()
    assert not any(name.startswith("never") for name in names)
    assert ledger.entered == ledger.left
    left = set(threading.enumerate()) - threads
    ours = [each for each in left if not each.name.startswith("ThreadPoolExecutor")]
    for thread in ours:
        thread.join(10)  # it may have its last statement before it
    assert not [each for each in ours if each.is_alive()]
