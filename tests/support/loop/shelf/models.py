"""The models that the cases of `tests/cases/running` are about."""

from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.functional import cached_property


class Writer(models.Model):
    name = models.CharField(max_length=50)
    boss = models.ForeignKey("self", models.SET_NULL, null=True, related_name="staff")

    def __str__(self):
        return self.name


class Label(models.Model):
    name = models.CharField(max_length=50)

    class Meta:
        ordering = ("name",)

    def __str__(self):
        return self.name


class BookQuerySet(models.QuerySet):
    def thick(self):
        return self.filter(pages__gt=100)

    def number(self):
        return self.count()


class BookManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(pages__gt=0)

    def thin(self):
        return self.filter(pages__lt=10)


class Book(models.Model):
    title = models.CharField(max_length=50)
    pages = models.IntegerField(default=1)
    price = models.DecimalField(max_digits=5, decimal_places=2, default=1)
    added = models.DateTimeField(auto_now_add=True)
    extra = models.JSONField(default=dict)
    author = models.ForeignKey(Writer, models.CASCADE, related_name="books")
    owner = models.ForeignKey(User, models.SET_NULL, null=True)
    labels = models.ManyToManyField(Label, related_name="books")
    cover = models.FileField(upload_to="covers")
    notes = GenericRelation("Note")

    objects = BookQuerySet.as_manager()
    filled = BookManager.from_queryset(BookQuerySet)()

    def __str__(self):
        return f"{self.title} by {self.author}"

    @property
    def writer_name(self):
        return self.author.name

    @cached_property
    def label_names(self):
        return [label.name for label in self.labels.all()]

    @property
    def shouted(self):
        return self.title.upper()

    def get_absolute_url(self):
        return f"/books/{self.pk}/"


class Detail(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, related_name="detail")
    text = models.TextField()

    def __repr__(self):
        return f"<{self.book.title}>"


class Note(models.Model):
    text = models.TextField()
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    target = GenericForeignKey("content_type", "object_id")
