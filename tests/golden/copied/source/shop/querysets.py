"""A queryset whose annotations need names that the manager's module has not."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import models

from shop.querysets_async import BookQuerySetAsync


class BookQuerySet(BookQuerySetAsync, models.QuerySet):
    def total_revenue(self) -> Decimal:
        return self.aggregate(total=models.Sum("price"))["total"]

    def price_list(self) -> Iterator[str]:
        """One line a book."""
        for book in self:
            yield f"{book.title} {book.price}"

    @contextmanager
    def on_hold(self) -> Iterator[int]:
        """Off sale for the length of the block."""
        yield self.update(on_hold=True)
        self.update(on_hold=False)
