from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models

from people.querysets import CrewQuerySet, LicenceQuerySet


class PersonManager(UserManager):
    def officers(self):
        return self.filter(is_staff=True)

    def create_officer(self, username, **fields):
        return self.create_user(username, is_staff=True, **fields)


class Person(AbstractUser):
    telephone = models.CharField(max_length=30, blank=True)

    objects = PersonManager()

    def licences_left(self, day):
        return self.licence_set.valid_on(day).count()


class Company(models.Model):
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def fleet(self):
        return self.ship_set.order_by("name")

    def tonnage(self):
        return self.fleet().aggregate(total=models.Sum("tons"))["total"] or 0


class Crew(models.Model):
    name = models.CharField(max_length=100)
    ship = models.ForeignKey("berths.Ship", models.SET_NULL, null=True, blank=True)

    objects = CrewQuerySet.as_manager()

    def __str__(self):
        return self.name

    def sign_off(self):
        self.ship = None
        self.save(update_fields=["ship"])


class Licence(models.Model):
    holder = models.ForeignKey(Person, models.CASCADE)
    until = models.DateField()
    is_revoked = models.BooleanField(default=False)

    objects = LicenceQuerySet.as_manager()


class Shift(models.Model):
    person = models.ForeignKey(Person, models.CASCADE, related_name="shifts")
    begins = models.DateTimeField()
    ends = models.DateTimeField()

    def clashing(self):
        others = Shift.objects.filter(person=self.person).exclude(pk=self.pk)
        return others.filter(begins__lt=self.ends, ends__gt=self.begins)

    def clashes(self):
        return self.clashing().exists()
