from django.db import models

from tides.querysets import DatedQuerySet


class Dated(models.Model):
    made_on = models.DateField()

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    def older(self):
        return type(self).objects.filter(made_on__lt=self.made_on).count()


class Tide(Dated):
    metres = models.DecimalField(max_digits=4, decimal_places=2)
