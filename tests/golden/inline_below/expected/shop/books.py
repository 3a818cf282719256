"""Books, and what sells them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from itertools import islice
from typing import Self

from asgiref.sync import sync_to_async
from asyncgen_runtime import context_to_async
from django.db import models, transaction

PAGE = 20


def place_order(book: "Book", count: int = 1, *, note: str = "") -> int:
    with transaction.atomic():
        book.save()
        return count + len(note)


# asyncgen: begin
async def aplace_order(book: "Book", count: int = 1, *, note: str = "") -> int:
    """Asynchronous `place_order()`."""
    return await sync_to_async(place_order)(book, count, note=note)


# asyncgen: end


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

    # asyncgen: begin
    async def atotal(self, page: int = PAGE) -> int:
        """How many there are."""
        return await sync_to_async(self.total)(page)

    atotal.alters_data = True

    # asyncgen: end

    # A comment between methods.

    def titles(self) -> Iterator[str]:
        for book in self.iterator():
            yield book.title

    # asyncgen: begin
    async def atitles(self) -> AsyncIterator[str]:
        """Asynchronous `BookQuerySet.titles()`."""
        rows = self.titles()
        try:
            while chunk := await sync_to_async(list)(islice(rows, 2000)):
                for row in chunk:
                    yield row
        finally:
            await sync_to_async(rows.close)()

    # asyncgen: end

    def by_batch(self, chunk_size: int = 10):
        return self.iterator(chunk_size)

    # asyncgen: begin
    async def aby_batch(self, chunk_size: int = 10):
        """Asynchronous `BookQuerySet.by_batch()`."""
        rows = await sync_to_async(lambda: iter(self.by_batch(chunk_size)))()
        try:
            while chunk := await sync_to_async(list)(islice(rows, chunk_size or 2000)):
                for row in chunk:
                    yield row
        finally:
            if hasattr(rows, "close"):
                await sync_to_async(rows.close)()

    # asyncgen: end

    def found(self, names=[], /):  # a default that is made once
        return self.filter(title__in=names).exists()

    # asyncgen: begin
    async def afound(self, /, *args, **kwargs):
        """Asynchronous `BookQuerySet.found()`."""
        return await sync_to_async(self.found)(*args, **kwargs)

    # asyncgen: end

    @classmethod
    def newest(cls) -> "Book":
        return cls(Book).latest("day")

    # asyncgen: begin
    @classmethod
    async def anewest(cls) -> "Book":
        """Asynchronous `BookQuerySet.newest()`."""
        return await sync_to_async(cls.newest)()

    # asyncgen: end

    @contextmanager
    def locked(self) -> Iterator[None]:
        with transaction.atomic():
            list(self.select_for_update())
            yield

    # asyncgen: begin
    def alocked(self) -> AbstractAsyncContextManager[None]:
        """Asynchronous `BookQuerySet.locked()`."""
        return context_to_async(self.locked, exclusive=True)()

    # asyncgen: end

    # A comment at the end of the class.


class Book(models.Model):
    title = models.CharField(max_length=100)
    published = models.BooleanField(default=False)
    day = models.DateField()

    class Labels(models.QuerySet):
        def loudest(self):
            return self.order_by("-volume").first()

        # asyncgen: begin
        async def aloudest(self):
            """Asynchronous `Labels.loudest()`."""
            return await sync_to_async(self.loudest)()

        # asyncgen: end

    def close(self):
        self.delete()

    # asyncgen: begin
    async def aclose(self):
        """Asynchronous `Book.close()`."""
        return await sync_to_async(self.close)()

    async def aget_next_by_day(self, **kwargs):
        """Asynchronous `Book.get_next_by_day()`."""
        return await sync_to_async(self.get_next_by_day)(**kwargs)

    async def aget_previous_by_day(self, **kwargs):
        """Asynchronous `Book.get_previous_by_day()`."""
        return await sync_to_async(self.get_previous_by_day)(**kwargs)

    # asyncgen: end
