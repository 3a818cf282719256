from django.db import models

from cargo.models.bases import Weighed, WeighedQuerySet


class ContainerQuerySet(WeighedQuerySet["Container"]):
    def unplaced(self):
        return self.filter(slot__isnull=True)

    def numbers(self):
        return set(self.values_list("number", flat=True))


class Manifest(models.Model):
    visit = models.OneToOneField("berths.Visit", models.CASCADE)

    def ship_name(self):
        return self.visit.ship.name

    def total(self):
        return self.container_set.weight()


class Container(Weighed):
    number = models.CharField(max_length=11, unique=True)
    manifest = models.ForeignKey(Manifest, models.SET_NULL, null=True)

    objects = ContainerQuerySet.as_manager()

    def delete(self, *args, **kwargs):
        self.item_set.all().delete()
        return super().delete(*args, **kwargs)


class Item(Weighed):
    class Kind(models.TextChoices):
        FRUIT = "fruit"
        STEEL = "steel"

    container = models.ForeignKey(Container, models.PROTECT)
    kind = models.CharField(max_length=10, choices=Kind.choices)

    objects = WeighedQuerySet["Item"].as_manager()
