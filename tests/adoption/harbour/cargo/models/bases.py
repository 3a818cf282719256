from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class WeighedQuerySet(models.QuerySet[M]):
    def heavier_than(self, kilograms):
        return self.filter(kilograms__gt=kilograms)

    def weight(self) -> int:
        return self.aggregate(total=models.Sum("kilograms"))["total"] or 0


class Weighed(models.Model):
    kilograms = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def heaviest_of_all(self) -> bool:
        heavier = type(self)._default_manager.filter(kilograms__gt=self.kilograms)
        return not heavier.exists()
