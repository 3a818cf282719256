"""Overrides on models: one abstract, one that inherits from it, one with its twins by hand.
And models for which Django makes methods: of a date field, of an order."""

from django.db import models

from .calls import ran


class Named(models.Model):
    title = models.CharField(max_length=100)

    class Meta:
        abstract = True

    def save(self, *args, notify=False, **kwargs):
        """Adds a parameter."""
        ran("save of named", notify)
        super().save(*args, **kwargs)

    def delete(self):
        """Narrows: nothing can be passed."""
        ran("delete of named")
        return super().delete()

    def refresh_from_db(self, database=None, fields=None, from_queryset=None):
        """Renames a parameter."""
        ran("refresh_from_db")
        return super().refresh_from_db(database, fields, from_queryset)

    def full_clean(self, *args, **kwargs):
        ran("full_clean")
        return super().full_clean(*args, **kwargs)

    @classmethod
    def newest(cls):
        ran("newest", cls.__name__)
        return cls._default_manager.order_by("-pk")[:1].get()

    @staticmethod
    def is_free(title):
        ran("is_free", title)
        return not StyleTale.objects.filter(title=title).exists()


class StyleTale(Named):
    pages = models.IntegerField(default=0)

    def save(self, force_insert=False, *, notify=True, **kwargs):
        ran("save of tale", notify)
        super().save(force_insert=force_insert, notify=notify, **kwargs)


class StyleDiary(models.Model):
    title = models.CharField(max_length=100)

    def save(self, *args, **kwargs):
        ran("save of diary")
        super().save(*args, **kwargs)

    async def asave(self, *args, **kwargs):
        """By hand."""
        ran("asave of diary")
        await super().asave(*args, **kwargs)

    def delete(self, *args, **kwargs):
        ran("delete of diary")
        return super().delete(*args, **kwargs)


class StyleSeries(models.Model):
    title = models.CharField(max_length=100)


class Aired(models.Model):
    aired = models.DateField()

    class Meta:
        abstract = True


class StyleEpisode(Aired):
    title = models.CharField(max_length=100)
    series = models.ForeignKey(StyleSeries, models.CASCADE)

    class Meta:
        order_with_respect_to = "series"
