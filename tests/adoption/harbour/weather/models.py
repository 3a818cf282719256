from django.db import models
from tides.models import Dated
from tides.querysets import DatedQuerySet


class ReportQuerySet(DatedQuerySet):
    def stormy(self):
        return self.filter(wind__gte=8)

    def worst(self):
        return self.stormy().order_by("-wind").first()


class Station(models.Model):
    name = models.CharField(max_length=50)

    def last_wind(self):
        report = self.report_set.newest()
        return report.wind if report else None


class Report(Dated):
    station = models.ForeignKey(Station, models.CASCADE)
    wind = models.PositiveIntegerField()

    objects = ReportQuerySet.as_manager()


class Warning(Dated):
    text = models.TextField()

    def replaces(self):
        return Warning.objects.filter(made_on=self.made_on).exclude(pk=self.pk).first()


class Season(models.Model):
    year = models.PositiveIntegerField(primary_key=True)
    begins = models.DateField()
