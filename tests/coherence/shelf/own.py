"""What a project makes of these classes. Nothing is generated for what is defined here."""

from django.db import models

from .calls import ran
from .managers import BookManager, LoudManager
from .models import Named
from .querysets import BookQuerySet, CrimeQuerySet


class StyleWriter(models.Model):
    name = models.CharField(max_length=100)


class StyleTopic(models.Model):
    name = models.CharField(max_length=100)


class Book(Named):
    """Abstract. All related managers below derive from its children's default managers."""

    pages = models.IntegerField(default=0)
    writer = models.ForeignKey(StyleWriter, models.CASCADE, related_name="%(class)ss", null=True)
    topics = models.ManyToManyField(StyleTopic, related_name="%(class)ss")

    class Meta:
        abstract = True
        get_latest_by = "pages"


class StyleEssay(Book):
    objects = BookQuerySet.as_manager()


class StylePoem(Book):
    objects = BookManager()


class StyleNovel(Book):
    objects = LoudManager()


class StyleCrime(Book):
    objects = models.Manager.from_queryset(CrimeQuerySet)()


class SecretQuerySet(BookQuerySet):
    """Overrides once more, and has no twins of its own."""

    def create(self, **kwargs):
        ran("create of secret")
        return super().create(**kwargs)

    def sell(self, pages, *, receipt=None):
        ran("sell of secret")
        return super().sell(pages, receipt=receipt)

    @classmethod
    def total_of(cls, model):
        ran("total_of secret", cls.__name__)
        return super().total_of(model)

    @staticmethod
    def any_of(label):
        ran("any_of secret", label)
        return BookQuerySet.any_of(label)


class StyleSecret(Book):
    objects = SecretQuerySet.as_manager()

    def save(self, *args, seal=None, **kwargs):
        ran("save of secret", seal)
        super().save(*args, **kwargs)

    def delete(self):
        ran("delete of secret")
        return super().delete()

    @classmethod
    def newest(cls):
        ran("newest secret", cls.__name__)
        return super().newest()

    @staticmethod
    def is_free(title):
        ran("is_free secret", title)
        return Named.is_free(title)
