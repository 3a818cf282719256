"""The unmodified ORM in calls on the loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asyncgen_native import bridge, in_bridge
from asyncgen_native.pool import pools
from django.core.exceptions import SynchronousOnlyOperation
from django.db import IntegrityError, connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models.signals import post_save

from tests.testproject.library.models import Author, Book, Detail, Tag

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def seed() -> None:
    authors = [Author.objects.create(name=f"author {each}") for each in range(3)]
    tags = [Tag.objects.create(name=f"tag {each}") for each in range(3)]
    for each in range(9):
        book = Book.objects.create(title=f"book {each}", pages=each, author=authors[each % 3])
        book.tags.add(tags[each % 3])


@pytest.fixture
def seeded(transactional_db: None) -> None:
    seed()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Collect the threads on which statements run."""
    seen: set[int] = set()
    execute = CursorWrapper._execute

    def note(self: CursorWrapper, *args: Any) -> Any:
        seen.add(threading.get_ident())
        return execute(self, *args)

    monkeypatch.setattr(CursorWrapper, "_execute", note)
    return seen


def crud() -> None:
    book = Book.objects.create(title="one", pages=1)
    book.pages = 2
    book.save()
    book.refresh_from_db()
    assert Book.objects.get(pk=book.pk).pages == 2
    assert Book.objects.filter(title="one").update(pages=models.F("pages") + 5) == 1
    assert Book.objects.values_list("pages", flat=True).get(pk=book.pk) == 7
    assert Book.objects.update_or_create(title="one", defaults={"pages": 9})[1] is False
    assert Book.objects.get_or_create(title="two")[1] is True
    assert Book.objects.in_bulk([book.pk]) == {book.pk: book}
    assert book.delete()[0] == 1
    assert not Book.objects.filter(title="one").exists()


def bulk() -> None:
    Book.objects.bulk_create([Book(title=f"x{each}") for each in range(50)], batch_size=20)
    books = list(Book.objects.filter(title__startswith="x"))
    for book in books:
        book.pages = 7
    assert Book.objects.bulk_update(books, ["pages"], batch_size=20) == 50
    assert Book.objects.filter(title__startswith="x", pages=7).delete()[0] == 50


def relations() -> None:
    books = list(Book.objects.select_related("author").order_by("pk"))
    assert books[0].author is not None
    assert books[0].author.name == "author 0"
    books = list(Book.objects.prefetch_related("tags", "author__books").order_by("pk"))
    assert books[0].tags.all()[0].name == "tag 0"
    assert [each.pages for each in books[1].author.books.all()] == [1, 4, 7]  # type: ignore[union-attr]
    long = models.Prefetch("books", Book.objects.filter(pages__gt=5))
    assert [len(each.books.all()) for each in Author.objects.prefetch_related(long)] == [1, 1, 1]
    tag = Tag.objects.get(name="tag 1")
    assert tag.books.count() == 3
    tag.books.clear()
    assert not tag.books.exists()
    tag.books.set(books[:2])
    assert [each.pk for each in tag.books.order_by("pk")] == [each.pk for each in books[:2]]
    Detail.objects.create(book=books[0], blurb="short")
    assert Book.objects.get(pk=books[0].pk).detail.blurb == "short"
    assert Author.objects.get(name="author 0").delete()[1]["library.Book"] == 3


def aggregates() -> None:
    assert Book.objects.aggregate(total=models.Sum("pages"))["total"] == 36
    counts = Author.objects.annotate(count=models.Count("books")).values_list("count", flat=True)
    assert list(counts) == [3, 3, 3]
    assert Book.objects.total_pages() == 36
    assert list(Book.objects.longer_than(6).titles()) == ["book 7", "book 8"]


def raw() -> None:
    books = list(Book.objects.raw("SELECT * FROM library_book WHERE pages < %s", [3]))
    assert sorted(each.pages for each in books) == [0, 1, 2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1, %s", ["z"])
        assert cursor.fetchone() == (1, "z")
        cursor.executemany(
            "INSERT INTO library_tag (name) VALUES (%s)", [["many"], ["many"], ["many"]]
        )
    assert Tag.objects.filter(name="many").count() == 3
    assert "library_book" in connection.introspection.table_names()
    assert Book.objects.filter(pages=1).explain()


@transaction.atomic
def create_and_fail() -> None:
    Tag.objects.create(name="undone")
    raise ZeroDivisionError


def transactions() -> None:
    with pytest.raises(ZeroDivisionError):
        create_and_fail()
    hooks: list[str] = []
    with transaction.atomic():
        Tag.objects.create(name="kept")
        transaction.on_commit(lambda: hooks.append("done"))
        with pytest.raises(ZeroDivisionError):
            create_and_fail()
        assert not hooks
    assert hooks == ["done"]
    assert not Tag.objects.filter(name="undone").exists()
    with transaction.atomic():
        assert Tag.objects.select_for_update().get(name="kept")


def errors() -> None:
    pk = Book.objects.values_list("pk", flat=True)[0]
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Book.objects.create(pk=pk, title="again")
    assert type(caught.value.__cause__).__module__.startswith(("psycopg", "pymysql", "sqlite3"))
    with pytest.raises(Book.DoesNotExist):
        Book.objects.get(pk=-1)
    assert Book.objects.count() == 9


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    "body", [crud, bulk, relations, aggregates, raw, transactions, errors], ids=lambda f: f.__name__
)
def test_the_orm_in_a_call(run: Run, body: Callable[[], None]) -> None:
    run(bridge(body)())


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    "body", [crud, bulk, relations, aggregates, raw, transactions, errors], ids=lambda f: f.__name__
)
def test_the_same_on_a_thread_and_without_a_loop(run: Run, body: Callable[[], None]) -> None:
    def then_close() -> None:
        body()
        connection.close()

    run(sync_to_async(then_close)())
    Book.objects.all().delete()
    Author.objects.all().delete()
    Tag.objects.all().delete()
    seed()
    body()


@pytest.mark.usefixtures("seeded")
def test_plain_async_code_is_refused_as_ever(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(SynchronousOnlyOperation):
            list(Book.objects.all())
        book = await bridge(Book.objects.get)(pages=1)
        with pytest.raises(SynchronousOnlyOperation):
            book.author  # noqa: B018
        with pytest.raises(SynchronousOnlyOperation):
            connection.cursor()
        with pytest.raises(SynchronousOnlyOperation):
            transaction.atomic().__enter__()

    run(main())


@pytest.mark.usefixtures("seeded")
def test_iteration_in_chunks_across_calls(run: Run) -> None:
    Tag.objects.bulk_create([Tag(name=f"t{each:04}") for each in range(1000)])

    def next_chunk(rows: Any) -> list[str]:
        return [name for _, name in zip(range(300), rows, strict=False)]

    async def main() -> None:
        names = Tag.objects.filter(name__startswith="t0").order_by("name")
        rows = names.values_list("name", flat=True).iterator(chunk_size=100)
        read: list[str] = []
        while chunk := await bridge(next_chunk)(rows):
            read += chunk
            assert await bridge(Tag.objects.count)() == 1003
        assert read == [f"t{each:04}" for each in range(1000)]

    run(main())


def test_a_signal_reaches_sync_and_async_receivers(run: Run) -> None:
    got: list[object] = []

    def plain(instance: Tag, **_: object) -> None:
        got.append((in_bridge(), Tag.objects.filter(pk=instance.pk).count()))

    async def later(instance: Tag, **_: object) -> None:
        await asyncio.sleep(0)
        got.append(await bridge(Tag.objects.filter(pk=instance.pk).count)())

    post_save.connect(plain, sender=Tag)
    post_save.connect(later, sender=Tag)
    try:
        run(bridge(Tag.objects.create)(name="signalled"))
    finally:
        post_save.disconnect(plain, sender=Tag)
        post_save.disconnect(later, sender=Tag)
    assert got == [(True, 1), 1]


def test_an_async_receiver_sees_the_transaction_it_is_called_in(run: Run) -> None:
    got: list[int] = []

    async def later(instance: Tag, **_: object) -> None:
        got.append(await bridge(Tag.objects.filter(pk=instance.pk).count)())

    def body() -> None:
        with transaction.atomic():
            Tag.objects.create(name="inside")
            transaction.set_rollback(True)

    post_save.connect(later, sender=Tag)
    try:
        run(bridge(body)())
    finally:
        post_save.disconnect(later, sender=Tag)
    assert got == [1]
    assert not Tag.objects.exists()


def test_statements_run_on_the_thread_of_the_loop(run: Run, threads: set[int]) -> None:
    run(bridge(Tag.objects.count)())
    assert threads == {threading.get_ident()}


def test_a_wrapper_of_execute_stays_for_the_calls_that_follow(run: Run) -> None:
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "library_tag" in sql:
            statements.append(sql)
        return execute(sql, params, many, context)

    async def main() -> None:
        def enter() -> Any:
            manager = connection.execute_wrapper(note)
            manager.__enter__()
            return manager

        manager = await bridge(enter)()
        await bridge(Tag.objects.count)()
        await asyncio.create_task(bridge(Tag.objects.exists)())  # not in another task
        await bridge(manager.__exit__)(None, None, None)
        await bridge(Tag.objects.count)()

    run(main())
    assert len(statements) == 1


def test_what_watches_the_methods_of_wrappers_sees_calls(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As monitors do, which put a function of theirs around a method."""
    seen: list[bool] = []
    cursor = BaseDatabaseWrapper.cursor

    def watched(self: BaseDatabaseWrapper) -> Any:
        seen.append(in_bridge())
        return cursor(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "cursor", watched)

    def count_and_close() -> None:
        Tag.objects.count()
        connection.close()

    async def main() -> None:
        await bridge(Tag.objects.count)()
        assert set(seen) == {True}
        seen.clear()
        await sync_to_async(count_and_close)()
        assert set(seen) == {False}
        seen.clear()
        with pytest.raises(SynchronousOnlyOperation):
            Tag.objects.count()
        assert seen == [False]

    run(main())


def test_fanning_out_uses_as_many_connections_as_it_may(run: Run) -> None:
    async def main() -> None:
        counts = await asyncio.gather(*(bridge(Tag.objects.count)() for _ in range(200)))
        assert counts == [0] * 200
        statistics = pools()["default"].statistics()
        assert 1 < statistics.open <= 20
        assert statistics.out == statistics.waiting == 0

    run(main())
