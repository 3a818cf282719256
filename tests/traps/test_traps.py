"""The traps of writing async twins of Django code, one test each.

Each shows what the obvious twin does, where that is cheap, and that the generated one does not.
The code in question is `trapped.py`.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from contextlib import aclosing
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asyncgen.surface import Kind
from django.core.exceptions import SynchronousOnlyOperation
from django.db import models
from django.template import Context, Engine

from tests.testproject.library.models import Book

pytestmark = pytest.mark.asyncio

DEADLINE = 30  # for what would otherwise hang for ever


async def test_trap_01_the_body_of_a_generator_runs_where_it_is_iterated(
    traps: Any, books: Any
) -> None:
    """`sync_to_async(generator_method)` returns the generator, and its body then runs on the loop
    thread."""
    rows = await sync_to_async(books.titles)()
    with pytest.raises(SynchronousOnlyOperation):
        next(rows)

    assert [title async for title in books.atitles()] == ["a", "b"]
    assert len(traps.threads) == 2
    async with aclosing(books.atitles()) as titles:
        assert await anext(titles) == "a"
    assert threading.get_ident() not in traps.threads


async def test_trap_02_stop_iteration_never_arrives(books: Any) -> None:
    """`StopIteration` out of a wrapped callable: the await never completes on 3.10-3.12."""
    none = books.none()
    if sys.version_info < (3, 13):
        naive = asyncio.ensure_future(sync_to_async(none.first_title)())
        # The thread has raised by the time that a later call on it has returned.
        for _ in range(3):
            assert await books.acount() == 2
        assert not naive.done()
        naive.cancel()

    with pytest.raises(RuntimeError, match="raised StopIteration") as caught:
        await asyncio.wait_for(none.afirst_title(), DEADLINE)
    assert isinstance(caught.value.__cause__, StopIteration)
    assert await asyncio.wait_for(books.afirst_title(), DEADLINE) in "ab"


async def test_trap_03_from_queryset_copies_functions_only(traps: Any, books: Any) -> None:
    """`from_queryset` copies functions, staticmethods, partialmethods; not classmethods,
    properties, callables, or `ax = sync_to_async(x)` objects."""
    sync = traps.source.BookQuerySet
    naive = type("Naive", (sync,), {"atotal_pages": sync_to_async(sync.total_pages)})
    assert not hasattr(models.Manager.from_queryset(naive), "atotal_pages")

    manager: Any = models.Manager.from_queryset(type(books))()
    manager.model = Book
    assert await manager.atotal_pages() == 3
    assert await manager.alongest(Book) == 2
    assert [title async for title in manager.atitles()] == ["a", "b"]
    async with manager.alocked() as count:
        assert count == 2
    assert not hasattr(manager, "everything")
    assert not hasattr(manager, "aeverything")
    assert await type(books).aeverything(Book) == 2


async def test_trap_04_alters_data_is_not_inherited(traps: Any, books: Any) -> None:
    """`alters_data` is not inherited by a new `afoo`."""

    async def awipe(self: Any) -> int:
        return 0

    naive: Any = type("Naive", (traps.source.BookQuerySet,), {"awipe": awipe})
    assert not hasattr(naive.awipe, "alters_data")

    assert type(books).awipe.alters_data is True
    # So a template does not call it; and there is no coroutine that nobody awaits.
    template = Engine().from_string("{{ books.awipe }}")
    assert template.render(Context({"books": books})) == ""
    assert await books.awipe() == 2
    assert not hasattr(type(books).atotal_pages, "alters_data")


async def test_trap_05_cancelled_work_completes_and_context_is_carried(
    traps: Any, books: Any
) -> None:
    """Cancellation returns at once, the sync work still completes. asgiref carries context
    variables both ways; a home-made executor would not."""
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    hold = books.ahold(lambda: loop.call_soon_threadsafe(begun.set), go_on.wait)
    task = asyncio.ensure_future(hold)
    await asyncio.wait_for(begun.wait(), DEADLINE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not go_on.is_set()
    go_on.set()
    # On the same thread, so after it.
    assert await books.filter(title="after holding").acount() == 2

    language = traps.source.LANGUAGE
    language.set("before")
    seen = await loop.run_in_executor(None, lambda: language.get())
    assert seen == "none"
    assert await books.aspeak("French") == "before"
    assert language.get() == "French"


async def test_trap_06_a_context_manager_stays_on_one_thread(traps: Any, books: Any) -> None:
    """Context managers must enter and exit on the same worker thread."""
    with pytest.raises(SynchronousOnlyOperation), books.locked():
        pass
    traps.threads  # noqa: B018  forgets the one above

    async with books.alocked() as count:
        assert count == 2
        inside = await sync_to_async(threading.get_ident)()
        await books.aupdate(title="locked")
    assert traps.threads == [inside, inside]
    assert inside != threading.get_ident()
    locked = books.alocked()
    with pytest.raises(ZeroDivisionError):
        async with locked:
            await undo_and_fail(books)
    assert await books.filter(title="locked").acount() == 2


async def undo_and_fail(books: Any) -> None:
    await books.aupdate(title="undone")
    raise ZeroDivisionError


async def test_trap_07_what_returns_no_queryset_need_not_query(traps: Any, books: Any) -> None:
    """Not returning a queryset is not the same as touching the database: helpers that return `Q`,
    `contribute_to_class`, `is_generic`."""
    for name in ("long_ones", "is_generic"):
        assert traps.decisions[name].kind is Kind.PURE
        assert not hasattr(books, f"a{name}")
        getattr(books, name)()  # on the loop's thread
    assert not hasattr(traps.module.AsyncBookManager, "acontribute_to_class")
    assert traps.decisions["contribute_to_class"].kind is Kind.HOOK


async def test_trap_08_an_async_generator_is_declared_without_async(traps: Any, books: Any) -> None:
    """Stubs: an async generator method is `def … -> AsyncIterator`, not `async def`."""
    assert "    def atitles(self) -> AsyncIterator[str]:" in traps.stub
    assert "async def atitles" not in traps.stub
    assert "    async def atotal_pages(self) -> int:" in traps.stub
    assert not inspect.iscoroutinefunction(books.atitles)
    rows = books.atitles()
    assert inspect.isasyncgen(rows)
    await rows.aclose()


async def test_trap_09_a_method_that_returns_a_queryset_may_query(traps: Any, books: Any) -> None:
    """A method that returns a queryset may still query while building it (46 of 467 labelled
    methods in eleven popular packages): it blocks in async code although "it returns a
    queryset"."""
    with pytest.raises(SynchronousOnlyOperation):
        books.as_long_as_the_first()

    assert traps.decisions["as_long_as_the_first"].kind is Kind.EAGER
    found = await books.aas_long_as_the_first()
    assert type(found) is type(books)
    assert found._result_cache is None
    assert [book.title async for book in found] == ["a"]


async def test_trap_10_state_of_a_thread_is_set_where_it_is_read(traps: Any, books: Any) -> None:
    """State that a context manager keeps per thread, set on the loop's thread, is not seen by the
    twin's thread."""
    with traps.source.aloud():
        assert await books.areading_aloud() == "silently"

    assert traps.decisions["aloud"].kind is Kind.CONTEXT
    async with traps.module.aaloud():
        assert await books.areading_aloud() == "aloud"
        assert not traps.source.is_aloud()  # here
    assert await books.areading_aloud() == "silently"


async def test_trap_11_managers_are_classes_made_inside_functions(traps: Any) -> None:
    """Related managers and many third-party managers are classes made inside functions."""
    # Nothing can import it, so it is given its mixin, and no subclass.
    assert not hasattr(traps.source, "ShelfManager")
    assert not hasattr(traps.module, "AsyncShelfManager")
    sync = traps.source.manager_of(models.Manager, "Top: ")
    with pytest.raises(AttributeError):
        sync().aput_away  # noqa: B018

    manager = type("ShelfManager", (traps.module.ShelfManagerAsync, sync), {})()
    manager.model = Book
    book = await manager.acreate(title="shelf", pages=3)
    assert book.title == "Top: shelf"
    assert len(traps.threads) == 1
    assert await manager.aput_away() == 1
