"""A small library, with querysets as people write them by hand."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self) -> str:
        return self.name


class BookQuerySet(models.QuerySet["Book"]):
    def longer_than(self, pages: int) -> BookQuerySet:
        return self.filter(pages__gt=pages)

    def total_pages(self) -> int:
        total: int | None = self.aggregate(total=models.Sum("pages"))["total"]
        return total or 0

    def titles(self) -> Iterator[str]:
        for book in self.iterator():
            yield book.title


class Book(models.Model):
    title = models.CharField(max_length=200)
    pages = models.IntegerField(default=0)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books", null=True)
    tags = models.ManyToManyField(Tag, related_name="books")

    objects = BookQuerySet.as_manager()

    def __str__(self) -> str:
        return self.title

    @property
    def shouted_title(self) -> str:
        return self.title.upper()


class Detail(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, related_name="detail")
    blurb = models.TextField()

    def __str__(self) -> str:
        return self.blurb
