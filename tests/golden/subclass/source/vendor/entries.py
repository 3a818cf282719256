"""A package that one cannot edit."""

from functools import wraps

from django.db import models


def renamed(function):
    """A decorator that was written for functions, and takes a method's receiver by `*args`."""

    @wraps(function)
    def inner(*args, **kwargs):
        if "of" in kwargs:
            kwargs["year"] = kwargs.pop("of")
        return function(*args, **kwargs)

    return inner


class EntryQuerySet(models.QuerySet):
    def live(self):
        return self.filter(live=True)

    def publish(self):
        return self.update(live=True)

    def fresh(self):
        return EntryQuerySet(self.model).filter(fresh=True)


class EntryManager(models.Manager):
    def get_queryset(self):
        return EntryQuerySet(self.model, using=self._db)

    @renamed
    def of_year(self, year):
        return self.get_queryset().filter(read__year=year)

    def publish_all(self):
        return self.get_queryset().publish()


class TagManager(models.Manager.from_queryset(EntryQuerySet)):
    def rename(self, old, new):
        return self.filter(name=old).update(name=new)
