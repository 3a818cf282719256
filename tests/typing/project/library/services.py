"""Functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar, overload

from django.db import transaction

from library.models import Author, Book

__all__ = ["first_of", "register", "rename"]

T = TypeVar("T")


@transaction.atomic
def register(title: str, /, author: Author, *, pages: int = 1) -> Book:
    return Book.objects.create(title=title, author=author, pages=pages)


def first_of(books: Sequence[T]) -> T | None:
    Book.objects.count()
    return books[0] if books else None


@overload
def rename(book: Book, title: str, *, quiet: Literal[True]) -> None: ...
@overload
def rename(book: Book, title: str, *, quiet: Literal[False] = False) -> str: ...
def rename(book: Book, title: str, *, quiet: bool = False) -> str | None:
    book.title = title
    book.save()
    return None if quiet else title
