"""What hundreds of blocks, contexts and iterations leave: no file, thread or object for each."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from asyncgen_runtime import context_to_async, iterator_to_async
from asyncgen_runtime.test import aclose_connections
from asyncgen_runtime.transaction import aatomic, aon_commit
from django.db import connection, connections, transaction

from tests.testproject.library.models import Author

BLOCKS = 120  # in a round
ROUNDS = 3
TOGETHER = 8  # blocks at a time, and as many threads and connections at most

pytestmark = pytest.mark.skipif(
    connection.settings_dict["NAME"] == ":memory:",
    reason="connections to a shared in-memory SQLite database fail at once where others wait",
)


class Failure(Exception):
    pass


@contextmanager
def context() -> Iterator[None]:
    yield


@contextmanager
def holding() -> Iterator[None]:
    with transaction.atomic():
        yield


def rows() -> Iterator[Author]:
    yield from Author.objects.order_by("pk")


@dataclass(frozen=True)
class Left:
    """What there is at one moment."""

    files: int
    threads: int
    tasks: int
    objects: int

    @classmethod
    def now(cls) -> Left:
        gc.collect()
        files, threads = len(os.listdir("/dev/fd")), threading.active_count()
        return cls(files, threads, len(asyncio.all_tasks()), len(gc.get_objects()))


async def request(number: int) -> None:
    """One of everything, in a request of its own; some of them fail, or stop half-way."""
    async with ThreadSensitiveContext():
        with suppress(Failure):
            async with aatomic():
                await aon_commit(lambda: None)
                async with aatomic():
                    await Author.objects.acount()
                if number % 7 == 0:
                    raise Failure
            async with context_to_async(context)(), context_to_async(holding, exclusive=True)():
                await Author.objects.acount()
            async with aclosing(iterator_to_async(rows, chunk_size=2)()) as authors:
                async for _ in authors:
                    if number % 3 == 0:
                        break
        await sync_to_async(connections.close_all)()


async def round_of_requests() -> Left:
    turns = asyncio.Semaphore(TOGETHER)

    async def in_turn(number: int) -> None:
        async with turns:
            await request(number)

    await asyncio.gather(*map(in_turn, range(BLOCKS)))
    return Left.now()


@pytest.mark.django_db(transaction=True)
def test_nothing_grows() -> None:
    Author.objects.bulk_create(Author(name=str(number)) for number in range(9))

    async def measured() -> list[Left]:
        try:
            return [await round_of_requests() for _ in range(ROUNDS)]
        finally:
            await aclose_connections()

    first, *_, last = asyncio.run(measured())
    assert last.tasks == first.tasks
    assert last.files - first.files <= TOGETHER
    assert last.threads - first.threads <= TOGETHER
    assert last.objects - first.objects < BLOCKS
