"""Managers: plain, from a queryset as base, and with an override of a queryset's method."""

from django.db import models

from shop.managers_async import BookManagerAsync, ShelfManagerAsync


class BookQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published=True)

    def revenue(self):
        return sum(book.price for book in self)


class BookManager(BookManagerAsync, models.Manager.from_queryset(BookQuerySet)):
    def create(self, *, notify=True, **kwargs):
        return super().create(**kwargs)

    def get_by_natural_key(self, isbn):
        return self.get(isbn=isbn)


class ShelfManager(ShelfManagerAsync, models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(hidden=False)

    def full(self):
        return self.filter(full=True)

    def sweep(self):
        return self.full().delete()
