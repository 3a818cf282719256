"""Every kind in the design's table, once."""

import contextlib

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Q, Sum

from shop.querysets_async import BookQuerySetAsync


class BookQuerySet(BookQuerySetAsync, models.QuerySet):
    # queryset
    def published(self):
        return self.filter(published=True)

    # eager: looks something up on the way
    def like_the_first(self):
        first = self.first()
        return self.filter(author=first.author)

    def about(self, obj):
        return self.filter(content_type=ContentType.objects.get_for_model(obj))

    # value
    def total(self):
        """The price of all together.

        A second paragraph, which the twin leaves to the source.
        """
        return self.aggregate(total=Sum("price"))["total"]

    def create(self, **kwargs):
        kwargs.setdefault("published", False)
        return super().create(**kwargs)

    create.alters_data = True

    @transaction.atomic
    def reprice(self, factor):
        for book in self.select_for_update():
            book.price *= factor
            book.save()

    # iterator
    def titles(self):
        for book in self.iterator():
            yield book.title

    def in_chunks(self, chunk_size=100):
        return self.iterator(chunk_size=chunk_size)

    # context
    @contextlib.contextmanager
    def locked(self):
        with transaction.atomic():
            yield self.select_for_update()

    # pure
    def is_cheap(self):
        return Q(price__lt=10)

    # hook
    @classmethod
    def as_manager(cls):
        return super().as_manager()

    # handwritten
    def count_all(self):
        return self.count()

    async def acount_all(self):
        return await self.acount()

    # skipped
    def _private(self):
        return self.count()

    # asyncgen: skip
    def by_comment(self):
        return self.count()

    @property
    def cheapest(self):
        return self.order_by("price").first()

    # ambiguous
    def some(self, as_list=False):
        if as_list:
            return list(self)
        return self.all()

    # kept in kind
    @classmethod
    def restock(cls, amount):
        return cls().update(stock=amount)

    @staticmethod
    def parse(text):
        return BookQuerySet().get(title=text)

    def take(self):
        return next(iter(self))

    def queryset_only_count(self):
        return self.count()

    queryset_only_count.queryset_only = True
