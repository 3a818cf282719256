"""What users write, and the type it must have in every checker. `# case:` names the row of the
table in docs/reference/typing.md that the lines after it belong to."""

from __future__ import annotations

import datetime
from collections import Counter
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any, assert_type

from django.db.models import Q
from library.generic import OwnedQuerySet
from library.inherited import AuthorQuerySet, NovelQuerySet
from library.loans import Loan, Reader
from library.models import Author, Book
from library.querysets import BookQuerySet
from library.services_async import afirst_of, aregister, arename


def pages(book: Book, factor: int, *, extra: str = "") -> int:
    return factor


async def mixin(books: BookQuerySet) -> None:
    # case: annotated
    assert_type(await books.arevenue(), Decimal)
    assert_type(await books.anewest_book(), Book | None)
    # case: a queryset after a query (Self)
    assert_type(await books.acheapest(), BookQuerySet)
    # case: overloads with Literal
    assert_type(await books.atitles(True), str)
    assert_type(await books.atitles(), list[str])
    # case: ParamSpec
    assert_type(await books.aapply(pages, 2, extra="x"), list[int])
    # case: positional-only and keyword-only
    assert_type(await books.abetween(1, 2, inclusive=False), int)
    # case: sentinel default
    assert_type(await books.afallback("x"), object)
    # case: class method
    assert_type(await BookQuerySet.acount_all(using="x"), int)
    # case: static method
    assert_type(await BookQuerySet.aparse("x"), Book | None)
    # case: a type variable for self
    assert_type(await books.aarchive(datetime.date.today()), BookQuerySet)
    # case: type alias of the source
    assert_type(await books.ashelf(), tuple[str, int])
    # case: async iterator
    async for book in books.astream():
        assert_type(book, Book)
    async for pair in books.apairs():
        assert_type(pair, tuple[int, str])
    # case: async context manager
    assert_type(books.alocked(), AbstractAsyncContextManager[Book])
    async with books.alocked(nowait=True) as locked:
        assert_type(locked, Book)
    # case: property is no twin
    assert_type(books.is_small, bool)
    # case: inferred
    assert_type(await books.ahow_many(), int)
    assert_type(await books.aany_book(), Book | None)
    assert_type(await books.anames(), list[str])
    assert_type(await books.atotals(), dict[str, int | None])
    assert_type(await books.awith_first(), list[int | Book | None])
    assert_type(await books.aby_letter(), Counter[str])
    assert_type(await books.along(), Q)
    assert_type(await books.amake("x"), Book)
    assert_type(await books.atwice(), int)
    # case: not inferred, hence Any
    assert_type(await books.amystery(books), Any)


async def manager() -> None:
    # case: static manager
    assert_type(await Book.objects.arevenue(), Decimal)
    assert_type(Book.objects.published(), BookQuerySet)
    assert_type(await Book.objects.published().arevenue(), Decimal)
    assert_type(await Book.objects.filter(pages=1).order_by("pk").arevenue(), Decimal)
    assert_type(await Book.objects.aparse("x"), Book | None)
    assert_type(await Book.objects.atitles(True), str)
    assert_type(Book.objects.get_queryset(), BookQuerySet)


async def dynamic() -> None:
    # case: `from_queryset()` inline
    assert_type(await Book.inline.arevenue(), Decimal)
    assert_type(await Book.inline.published().arevenue(), Decimal)
    # case: `as_manager()`
    assert_type(await Book.assigned.arevenue(), Decimal)
    assert_type(await Book.assigned.published().arevenue(), Decimal)


async def related(author: Author) -> None:
    # case: related manager
    assert_type(await author.books.arevenue(), Decimal)
    assert_type(await author.books.published().arevenue(), Decimal)


async def inherited(novels: NovelQuerySet, authors: AuthorQuerySet) -> None:
    # case: inherited across modules
    assert_type(await novels.alongest(), int)
    assert_type(await novels.arevenue(), Decimal)
    assert_type(await novels.acheapest(), NovelQuerySet)
    # case: generic queryset
    assert_type(await authors.anewest(), Author | None)
    assert_type(await authors.aby_key(), dict[int, Author])
    assert_type(await Author.objects.anewest(), Author | None)
    assert_type(await authors.aeldest(), Author)
    assert_type(OwnedQuerySet.__class_getitem__(Author), Any)


async def functions(book: Book, author: Author) -> None:
    # case: functions
    assert_type(await aregister("x", author, pages=2), Book)
    assert_type(await afirst_of([book]), Book | None)
    assert_type(await arename(book, "x", quiet=True), None)
    assert_type(await arename(book, "x"), str)


async def accessors(loan: Loan, reader: Reader) -> None:
    # case: made by Django of fields and orders
    assert_type(await loan.aget_next_by_lent(reader=reader), Loan)
    assert_type(await loan.aget_previous_by_lent(), Loan)
    assert_type(await loan.aget_next_in_order(), Loan)
    assert_type(await loan.aget_previous_in_order(), Loan)
    assert_type(await reader.aset_loan_order([1, 2], using="default"), None)
