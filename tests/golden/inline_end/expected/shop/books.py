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
    """Asynchronous `place_order()`: run it on a worker thread."""
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

    # asyncgen: begin
    async def atotal(self, page: int = PAGE) -> int:
        """Asynchronous `BookQuerySet.total()`: run it on a worker thread.

        How many there are.
        """
        return await sync_to_async(self.total)(page)

    atotal.alters_data = True

    async def atitles(self) -> AsyncIterator[str]:
        """Asynchronous `BookQuerySet.titles()`.

        Iterate on a worker thread, chunk by chunk.
        """
        rows = self.titles()
        try:
            while chunk := await sync_to_async(list)(islice(rows, 2000)):
                for row in chunk:
                    yield row
        finally:
            await sync_to_async(rows.close)()

    async def aby_batch(self, chunk_size: int = 10):
        """Asynchronous `BookQuerySet.by_batch()`.

        Iterate on a worker thread, chunk by chunk.
        """
        rows = await sync_to_async(lambda: iter(self.by_batch(chunk_size)))()
        try:
            while chunk := await sync_to_async(list)(islice(rows, chunk_size or 2000)):
                for row in chunk:
                    yield row
        finally:
            if hasattr(rows, "close"):
                await sync_to_async(rows.close)()

    async def afound(self, /, *args, **kwargs):
        """Asynchronous `BookQuerySet.found()`: run it on a worker thread."""
        return await sync_to_async(self.found)(*args, **kwargs)

    @classmethod
    async def anewest(cls) -> "Book":
        """Asynchronous `BookQuerySet.newest()`: run it on a worker thread."""
        return await sync_to_async(cls.newest)()

    def alocked(self) -> AbstractAsyncContextManager[None]:
        """Asynchronous `BookQuerySet.locked()`.

        Enter and exit on a worker thread of its own.
        """
        return context_to_async(self.locked, exclusive=True)()

    # asyncgen: end


class Book(models.Model):
    title = models.CharField(max_length=100)
    published = models.BooleanField(default=False)
    day = models.DateField()

    class Labels(models.QuerySet):
        def loudest(self):
            return self.order_by("-volume").first()

        # asyncgen: begin
        async def aloudest(self):
            """Asynchronous `Labels.loudest()`: run it on a worker thread."""
            return await sync_to_async(self.loudest)()

        # asyncgen: end

    def close(self):
        self.delete()

    # asyncgen: begin
    async def aclose(self):
        """Asynchronous `Book.close()`: run it on a worker thread."""
        return await sync_to_async(self.close)()

    async def aget_next_by_day(self, **kwargs):
        """Asynchronous `Book.get_next_by_day()`: run it on a worker thread."""
        return await sync_to_async(self.get_next_by_day)(**kwargs)

    async def aget_previous_by_day(self, **kwargs):
        """Asynchronous `Book.get_previous_by_day()`: run it on a worker thread."""
        return await sync_to_async(self.get_previous_by_day)(**kwargs)

    # asyncgen: end
