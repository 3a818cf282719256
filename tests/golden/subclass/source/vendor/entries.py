"""A package that one cannot edit."""

from django.db import models


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

    def publish_all(self):
        return self.get_queryset().publish()


class TagManager(models.Manager.from_queryset(EntryQuerySet)):
    def rename(self, old, new):
        return self.filter(name=old).update(name=new)
