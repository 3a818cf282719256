"""The manager of books: the methods of their queryset, and a `create` of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models, transaction

from shop.managers_async import BookManagerAsync
from shop.querysets import BookQuerySet

if TYPE_CHECKING:
    from shop.models import Book


# With a name of its own, which is what type checkers ask for.
ManagerFromBookQuerySet = models.Manager.from_queryset(BookQuerySet)


class BookManager(BookManagerAsync, ManagerFromBookQuerySet["Book"]):
    def create(self, **fields: Any) -> Book:
        """Create a book together with its place in the stock."""
        from shop.models import Stock

        with transaction.atomic():
            book = super().create(**fields)
            Stock.objects.create(book=book)
        return book
