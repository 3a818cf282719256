"""Under pytest-asyncio, where the event loop is outermost."""

from __future__ import annotations

import threading

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from asyncgen_runtime import iterator_to_async
from asyncgen_runtime.test import aassert_num_queries, aassert_queryset_equal, acapture_queries
from asyncgen_runtime.transaction import aatomic

from tests.testproject.library.models import Author, Book

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("database")]


@pytest_asyncio.fixture
async def author(database):
    return await Author.objects.acreate(name="a")


async def test_queries(author):
    async with aassert_num_queries(1):
        await Author.objects.aget()
    async with acapture_queries("default") as captured:
        pass
    assert captured.captured_queries == []
    with pytest.raises(AssertionError, match=r"1\. SELECT"):
        async with aassert_num_queries(0):
            await Author.objects.aget()


async def test_errors_are_not_hidden_by_the_number_of_queries(author):
    with pytest.raises(KeyError):
        async with aassert_num_queries(7):
            raise KeyError


async def test_queryset_equal(author):
    await Author.objects.acreate(name="b")
    ordered = Author.objects.order_by("name")
    await aassert_queryset_equal(ordered, ["a", "b"], transform=str)
    await aassert_queryset_equal(Author.objects.all(), ["b", "a"], str, ordered=False)
    with pytest.raises(AssertionError, match="told so"):
        await aassert_queryset_equal(ordered, ["a"], str, msg="told so")
    with pytest.raises(ValueError, match="non-ordered"):
        await aassert_queryset_equal(Author.objects.order_by(), ["a", "b"], str)


async def test_transform_runs_on_the_worker(author):
    await Book.objects.acreate(title="t", author=author)
    await aassert_queryset_equal(Book.objects.all(), ["a"], lambda book: book.author.name)


@pytest_asyncio.fixture
async def transaction_around_the_test(author):
    async with aatomic():
        yield


async def test_block_as_a_fixture(transaction_around_the_test):
    """It ends in good order; whether the test is inside is up to the runner's contexts."""
    assert await Author.objects.acount() == 1


@pytest.mark.parametrize("how", ["iterator", "values_list", "values", "named", "flat"])
async def test_querysets_of_every_kind(how):
    """values_list() makes its query in __iter__, so that has to be on the worker thread too."""
    await Author.objects.abulk_create([Author(name=str(n)) for n in range(25)])
    queryset = {
        "iterator": Author.objects.all(),
        "values_list": Author.objects.values_list("name", "pk"),
        "values": Author.objects.values("name"),
        "named": Author.objects.values_list("name", named=True),
        "flat": Author.objects.values_list("name", flat=True),
    }[how].order_by("pk")
    expected = await sync_to_async(list)(queryset.all())
    for func in (queryset.iterator, lambda chunk_size: queryset._iterable_class(queryset)):
        rows = iterator_to_async(func, chunk_size=10, call_now=True)(chunk_size=10)
        assert [row async for row in rows] == expected
    rows = iterator_to_async(lambda: queryset, chunk_size=10)()
    assert [row async for row in rows] == expected


async def test_bad_chunk_size_raises_at_the_call():
    with pytest.raises(ValueError, match="positive"):
        iterator_to_async(Author.objects.iterator, call_now=True)(chunk_size=0)


async def test_server_side_cursor_in_a_block(author):
    """Stopped half way, in a transaction; the cursor is closed and the block commits."""
    await Author.objects.abulk_create([Author(name=str(n)) for n in range(25)])
    async with aatomic():
        rows = iterator_to_async(Author.objects.iterator, chunk_size=5)(chunk_size=5)
        async for _ in rows:
            break
        await Author.objects.acreate(name="last")
    assert await Author.objects.filter(name="last").aexists()
    assert [t for t in threading.enumerate() if t.name.startswith("aatomic")] == []
