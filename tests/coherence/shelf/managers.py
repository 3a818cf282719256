"""Overrides on managers, where Django's twins do not look."""

from django.db import models

from .calls import ran
from .querysets import BookQuerySet


class LoudManager(models.Manager):
    """Overrides on a manager of Django's own querysets."""

    def create(self, *, loud=False, **kwargs):
        ran("create of manager", loud)
        if loud:
            kwargs["title"] = kwargs["title"].upper()
        return super().create(**kwargs)

    def get_or_create(self, **kwargs):
        ran("get_or_create of manager")
        return super().get_or_create(**kwargs)

    def update_or_create(self, **kwargs):
        ran("update_or_create of manager")
        return super().update_or_create(**kwargs)

    def bulk_create(self, objs):
        """Narrows: no options."""
        ran("bulk_create of manager")
        return super().bulk_create(objs)

    def count(self):
        ran("count of manager")
        return super().count()

    def rename(self, old, new):
        ran("rename")
        return self.filter(title=old).update(title=new)


class BookManager(models.Manager.from_queryset(BookQuerySet)):
    """One override on top of what it copies from its queryset."""

    def create(self, **kwargs):
        ran("create of book manager")
        return super().create(**kwargs)
