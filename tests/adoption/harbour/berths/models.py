from django.core.exceptions import ValidationError
from django.db import models, transaction

from .managers import BerthManager, VisitManager


class Quay(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name

    def has_room_for(self, ship):
        return self.berth_set.free().filter(metres__gte=ship.metres).exists()


class Berth(models.Model):
    quay = models.ForeignKey(Quay, models.CASCADE)
    number = models.PositiveIntegerField()
    metres = models.PositiveIntegerField()

    objects = BerthManager()

    class Meta:
        unique_together = [("quay", "number")]

    def __str__(self):
        return f"{self.quay} {self.number}"


class Ship(models.Model):
    name = models.CharField(max_length=100)
    company = models.ForeignKey("people.Company", models.PROTECT)
    metres = models.PositiveIntegerField()
    tons = models.PositiveIntegerField()

    def __str__(self):
        return self.name

    def clean(self):
        if Ship.objects.filter(name=self.name).exclude(pk=self.pk).exists():
            raise ValidationError("There is a ship of that name.")

    @property
    def is_here(self):
        return self.visit_set.current().exists()


class Visit(models.Model):
    ship = models.ForeignKey(Ship, models.CASCADE)
    berth = models.ForeignKey(Berth, models.PROTECT)
    is_over = models.BooleanField(default=False)

    objects = VisitManager()

    def save(self, *args, **kwargs):
        if not self.is_over and not self.berth.quay.has_room_for(self.ship):
            raise ValidationError("There is no room.")
        super().save(*args, **kwargs)

    @transaction.atomic
    def leave(self):
        self.is_over = True
        self.save(update_fields=["is_over"])
        return self.ship.crew_set.count()


class Inspection(models.Model):
    berth = models.ForeignKey(Berth, models.CASCADE)
    passed = models.BooleanField()
