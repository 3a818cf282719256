from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from library.inherited_managers import AuthorManager
from library.querysets import BookQuerySet
from library.querysets_managers import BookManager

if TYPE_CHECKING:
    from library.querysets_managers import BookRelatedManager


class Author(models.Model):
    id: int
    name: models.CharField[str, str] = models.CharField(max_length=100)
    books: BookRelatedManager

    objects = AuthorManager()


class Book(models.Model):
    id: int
    title: models.CharField[str, str] = models.CharField(max_length=100)
    pages: models.IntegerField[int, int] = models.IntegerField(default=1)
    is_published: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    author: models.ForeignKey[Author | None, Author | None] = models.ForeignKey(
        Author, on_delete=models.CASCADE, null=True, related_name="books"
    )

    objects = BookManager()
    inline = models.Manager.from_queryset(BookQuerySet)()
    assigned = BookQuerySet.as_manager()
