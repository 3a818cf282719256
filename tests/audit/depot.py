"""The models that the sources of the audit's tests use."""

from __future__ import annotations

MODELS = """
from django.db import models


class Carrier(models.Model):
    name = models.CharField(max_length=40)


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)


class Site(models.Model):
    name = models.CharField(max_length=40)

    def __str__(self):
        return self.name

    @property
    def busy(self):
        return self.crates.count() > 1

    def total(self):
        return self.crates.count()

    async def atotal(self):
        return await self.crates.acount()


class Crates(models.QuerySet):
    def heavy(self):
        return self.filter(weight__gt=0)

    def with_site(self):
        return self.select_related("site")

    def labels(self):
        return list(self.values_list("label", flat=True))


class Crate(models.Model):
    site = models.ForeignKey(Site, models.CASCADE, related_name="crates")
    carrier = models.ForeignKey(Carrier, models.CASCADE, null=True)
    label = models.CharField(max_length=40)
    note = models.TextField(blank=True)
    weight = models.IntegerField(default=1)
    tags = models.ManyToManyField(Tag, related_name="crates")

    objects = Crates.as_manager()

    class Meta:
        ordering = ["pk"]


class Seal(models.Model):
    crate = models.OneToOneField(Crate, models.CASCADE, related_name="seal")
    number = models.CharField(max_length=16)
"""
