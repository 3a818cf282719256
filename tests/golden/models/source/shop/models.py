"""Models: what a foreign key, a reverse relation and a deferred field do to a method; and the
methods that Django makes of date fields and of orders."""

from django.db import models
from django.urls import reverse

from shop.models_async import (
    BookAsync,
    ChapterAsync,
    EditionAsync,
    NamedAsync,
    ProfileAsync,
    PublishedAsync,
    WriterAsync,
)


class Named(NamedAsync, models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        abstract = True

    def rename(self, name):
        self.name = name
        self.save(update_fields=["name"])


class Writer(WriterAsync, Named):
    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("writer", args=[self.pk])

    def initials(self):
        return "".join(word[0] for word in self.name.split())

    def book_count(self):
        return self.books.count()

    def all_books(self):
        return self.books.all()

    def website(self):
        return self.profile.website


class Profile(ProfileAsync, models.Model):
    writer = models.OneToOneField(Writer, models.CASCADE, related_name="profile")
    website = models.URLField()

    def writer_name(self):
        return self.writer.name

    def writer_key(self):
        return self.writer_id


class BookManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().defer("text")


class Book(BookAsync, models.Model):
    title = models.CharField(max_length=100)
    text = models.TextField()
    author = models.ForeignKey("Writer", models.CASCADE, related_name="books")
    tags = models.ManyToManyField("self")
    objects = BookManager()

    def byline(self):
        return f"{self.title} by {self.author}"

    def words(self):
        return len(self.text.split())

    def shouted(self):
        return self.title.upper()

    def save(self, *args, notify=False, **kwargs):
        super().save(*args, **kwargs)

    save.alters_data = True


class Published(PublishedAsync, models.Model):
    published = models.DateField()
    withdrawn = models.DateField(null=True)

    class Meta:
        abstract = True


class MomentField(models.DateTimeField):
    pass


class Edition(EditionAsync, Published):
    book = models.ForeignKey(Book, models.CASCADE)
    printed = MomentField()

    class Meta:
        order_with_respect_to = "book"

    def is_last(self):
        return list(self.book.get_edition_order())[-1] == self.pk

    def successor(self):
        return self.get_next_by_published(book=self.book)


class Chapter(ChapterAsync, models.Model):
    read = models.DateField()
    parent = models.ForeignKey("self", models.CASCADE)

    class Meta:
        order_with_respect_to = "parent"

    def get_next_by_read(self):
        """Django puts its own in the place of this one."""
        return self
