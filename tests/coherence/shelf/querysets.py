"""Overrides of Django's own methods on a queryset, and methods of all bindings."""

from django.apps import apps
from django.db import connection, models, transaction

from .calls import CALLS, ran
from .decorators import Busy, remembered, retry


class BookQuerySet(models.QuerySet):
    # Overrides with Django's signature.

    def get(self, *args, **kwargs):
        ran("get")
        return super().get(*args, **kwargs)

    def create(self, **kwargs):
        ran("create")
        return super().create(**kwargs)

    def get_or_create(self, defaults=None, **kwargs):
        ran("get_or_create")
        return super().get_or_create(defaults, **kwargs)

    def update_or_create(self, defaults=None, create_defaults=None, **kwargs):
        ran("update_or_create")
        return super().update_or_create(defaults, create_defaults, **kwargs)

    def bulk_create(self, objs, *args, **kwargs):
        ran("bulk_create")
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs, fields, batch_size=None):
        ran("bulk_update")
        return super().bulk_update(objs, fields, batch_size)

    def count(self):
        ran("count")
        return super().count()

    def exists(self):
        ran("exists")
        return super().exists()

    def first(self):
        ran("first")
        return super().first()

    def last(self):
        ran("last")
        return super().last()

    def earliest(self, *fields):
        ran("earliest")
        return super().earliest(*fields)

    def latest(self, *fields):
        ran("latest")
        return super().latest(*fields)

    def aggregate(self, *args, **kwargs):
        ran("aggregate")
        return super().aggregate(*args, **kwargs)

    def iterator(self, chunk_size=None):
        ran("iterator")
        yield from super().iterator(chunk_size or 2000)

    # Overrides that change the signature.

    def contains(self, o):
        """Renames a parameter."""
        ran("contains", o.pk)
        return super().contains(o)

    def delete(self):
        ran("delete")
        return super().delete()

    delete.alters_data = True
    delete.queryset_only = True

    def update(self, *, audit=None, **kwargs):
        """Adds a parameter."""
        ran("update", audit)
        return super().update(**kwargs)

    def in_bulk(self, ids):
        """Narrows: only primary keys, and they have to be given."""
        ran("in_bulk")
        return super().in_bulk(ids)

    # Decorated.

    @transaction.atomic
    def sell(self, pages, *, receipt=None):
        ran("sell", connection.in_atomic_block, receipt)
        return super().update(pages=pages)

    @retry(3)
    def busy(self, fails=2):
        ran("busy")
        if attempts_so_far() <= fails:
            raise Busy
        return super().count()

    @remembered
    def known_count(self, key):
        ran("known_count", key)
        return super().count()

    # Bound to the class, or to nothing.

    @classmethod
    def total_of(cls, model):
        ran("total_of", cls.__name__)
        return models.QuerySet.count(cls(model))

    @staticmethod
    def any_of(label):
        ran("any_of", label)
        return apps.get_model(label)._base_manager.exists()

    # By hand, both.

    def ranked(self):
        ran("ranked")
        return list(self.order_by("pages"))

    async def aranked(self):
        """The hand-written twin is another way to do it."""
        ran("aranked by hand")
        return [book async for book in self.order_by("pages")]


class CrimeQuerySet(BookQuerySet):
    """A second level, which overrides an override."""

    def create(self, culprit="butler", **kwargs):
        ran("create of crime", culprit)
        return super().create(**kwargs)

    def count(self):
        ran("count of crime")
        return super().count()


def attempts_so_far():
    return sum(call.name == "busy" for call in CALLS)
