"""Models whose managers are the generated ones.

They join the test project's app, whose tables are made when all tests have been collected.
"""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from asyncgen_django import AsyncManager, AsyncQuerySet
from django.db import models


class Press(models.Model):
    name = models.CharField(max_length=50, unique=True)

    objects = AsyncManager()

    class Meta:
        app_label = "library"

    def __str__(self) -> str:
        return self.name


class Topic(models.Model):
    name = models.CharField(max_length=50)

    objects = AsyncManager()

    class Meta:
        app_label = "library"

    def __str__(self) -> str:
        return self.name


class PoemQuerySet(AsyncQuerySet):
    def longer_than(self, lines: int) -> PoemQuerySet:
        return self.filter(lines__gt=lines)

    def create(self, **kwargs: Any) -> Poem:
        return super().create(**{"title": "made by the queryset", **kwargs})


class ShoutingManager(AsyncManager):
    """Overrides on the manager, where Django's own twins do not look."""

    def create(self, **kwargs: Any) -> Poem:
        return super().create(**{**kwargs, "title": kwargs["title"].upper() + "!"})

    def get_queryset(self) -> AsyncQuerySet:
        return super().get_queryset().filter(lines__gte=0)


class Poem(models.Model):
    title = models.CharField(max_length=100)
    lines = models.IntegerField(default=0)
    press = models.ForeignKey(Press, models.CASCADE, related_name="poems", null=True)
    topics = models.ManyToManyField(Topic, related_name="poems")

    objects = AsyncManager()
    from_queryset = AsyncManager.from_queryset(PoemQuerySet)()
    as_manager = PoemQuerySet.as_manager()
    shouting = ShoutingManager()

    class Meta:
        app_label = "library"
        get_latest_by = "lines"

    def __str__(self) -> str:
        return self.title


class Watched(Poem):
    """Queries for every row that is made of it, and keeps in which thread."""

    threads: ClassVar[list[int]] = []

    class Meta:
        app_label = "library"
        proxy = True

    @classmethod
    def from_db(cls, *args: Any, **options: Any) -> Any:
        cls.threads.append(threading.get_ident())
        Topic.objects.count()
        return super().from_db(*args, **options)


class Song(models.Model):
    """Its default manager has an override, so that its related managers have it too."""

    title = models.CharField(max_length=100)
    lines = models.IntegerField(default=0)
    press = models.ForeignKey(Press, models.CASCADE, related_name="songs", null=True)

    objects = ShoutingManager()

    class Meta:
        app_label = "library"

    def __str__(self) -> str:
        return self.title
