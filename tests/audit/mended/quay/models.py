from __future__ import annotations

from django.db import models


class DockQuerySet(models.QuerySet):
    def long(self):
        return self.filter(length__gte=50)

    def total(self):
        return sum(self.values_list("length", flat=True))

    async def atotal(self):
        return sum([each async for each in self.values_list("length", flat=True)])


class Dock(models.Model):
    name = models.CharField(max_length=20, unique=True)
    length = models.IntegerField()

    objects = DockQuerySet.as_manager()

    def __str__(self):
        return self.name


class Boat(models.Model):
    name = models.CharField(max_length=20)
    dock = models.ForeignKey(Dock, models.CASCADE, related_name="boats")

    class Meta:
        ordering = ("pk",)

    def __str__(self):
        return self.name
