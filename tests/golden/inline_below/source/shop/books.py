"""Books, and what sells them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from django.db import models, transaction

PAGE = 20


def place_order(book: "Book", count: int = 1, *, note: str = "") -> int:
    with transaction.atomic():
        book.save()
        return count + len(note)


# Rows of books.
class BookQuerySet(models.QuerySet["Book"]):
    """Books."""

    def published(self) -> Self:
        return self.filter(published=True)

    def total(self, page: int = PAGE) -> int:
        """How many there are."""
        # Counted, not summed.
        return self.count() + page

    total.alters_data = True  # said here, for a test

    # A comment between methods.

    def titles(self) -> Iterator[str]:
        for book in self.iterator():
            yield book.title

    def by_batch(self, chunk_size: int = 10):
        return self.iterator(chunk_size)

    def found(self, names=[], /):  # a default that is made once
        return self.filter(title__in=names).exists()

    @classmethod
    def newest(cls) -> "Book":
        return cls(Book).latest("day")

    @contextmanager
    def locked(self) -> Iterator[None]:
        with transaction.atomic():
            list(self.select_for_update())
            yield

    # A comment at the end of the class.


class Book(models.Model):
    title = models.CharField(max_length=100)
    published = models.BooleanField(default=False)
    day = models.DateField()

    class Labels(models.QuerySet):
        def loudest(self):
            return self.order_by("-volume").first()

    def close(self):
        self.delete()
