from django.db import models

from cargo.models.goods import Container


class Shed(models.Model):
    name = models.CharField(max_length=50)

    def is_full(self):
        return not self.slot_set.filter(container=None).exists()


class Slot(models.Model):
    shed = models.ForeignKey(Shed, models.CASCADE)
    container = models.OneToOneField(Container, models.SET_NULL, null=True)


class Crane(models.Model):
    shed = models.ForeignKey(Shed, models.CASCADE)
    limit = models.PositiveIntegerField()

    def lifts(self, container):
        """Whether the crane can lift it: asks for nothing but two numbers."""
        return container.kilograms <= self.limit
