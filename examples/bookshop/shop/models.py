"""Books, the people behind them, and orders."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models import Count, F, Sum
from django.urls import reverse

from shop.managers import BookManager
from shop.models_async import (
    AuthorAsync,
    BookAsync,
    OrderAsync,
    PublisherAsync,
    StockAsync,
)
from shop.querysets import CENT, AuthorQuerySet, BookQuerySet, OrderQuerySet
from shop.signals import order_confirmed


class Publisher(PublisherAsync, models.Model):
    name = models.CharField(max_length=100, unique=True)
    city = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name

    def catalogue(self) -> BookQuerySet:
        return self.books.order_by("title")

    @staticmethod
    def largest() -> Publisher | None:
        """The publisher of most of the books."""
        publishers = Publisher.objects.annotate(book_count=Count("books"))
        return publishers.order_by("-book_count", "name").first()


class Author(AuthorAsync, models.Model):
    name = models.CharField(max_length=100, unique=True)

    objects = AuthorQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str) -> Author:
        """Return the author of that name, who is new if nobody has it."""
        return cls.objects.get_or_create(name=name)[0]

    def initials(self) -> str:
        return "".join(f"{part[0]}." for part in self.name.split())

    def co_authors(self):
        """Everyone with whom this author has written a book."""
        return Author.objects.filter(books__authors=self).exclude(pk=self.pk).distinct()


class Book(BookAsync, models.Model):
    isbn = models.CharField(max_length=13, unique=True)
    title = models.CharField(max_length=200)
    authors = models.ManyToManyField(Author, related_name="books")
    publisher = models.ForeignKey(
        Publisher, on_delete=models.PROTECT, related_name="books"
    )
    price = models.DecimalField(max_digits=8, decimal_places=2)
    published_on = models.DateField(null=True, blank=True)
    is_on_hold = models.BooleanField(default=False)

    objects = BookManager()

    sold: int  # what BookQuerySet.with_sales() annotates

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("book", args=[self.isbn])

    @property
    def is_announced(self) -> bool:
        return self.published_on is None

    def price_with_tax(self, percent: int = 7) -> Decimal:
        price = self.price * (100 + percent) / 100
        return price.quantize(CENT, ROUND_HALF_UP)

    def citation(self) -> str:
        """Authors, title, place: reads two relations."""
        authors = " and ".join(author.name for author in self.authors.order_by("name"))
        return f"{authors}: {self.title}. {self.publisher.city}: {self.publisher.name}."

    def availability(self):
        """What the shop window says: reads the other end of a one-to-one field."""
        if self.is_on_hold:
            return "stocktaking"
        return "in stock" if self.stock.quantity else "sold out"


class Stock(StockAsync, models.Model):
    book = models.OneToOneField(Book, on_delete=models.CASCADE, primary_key=True)
    quantity = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "stock"

    def __str__(self) -> str:
        return f"{self.quantity} x {self.book}"

    def add(self, quantity: int) -> int:
        """Add copies to what the database says by now; return how many there are."""
        self.quantity = F("quantity") + quantity
        self.save(update_fields=["quantity"])
        self.refresh_from_db(fields=["quantity"])
        return self.quantity


class Order(OrderAsync, models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        SHIPPED = "shipped"
        CANCELLED = "cancelled"

    customer = models.EmailField()
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.OPEN
    )
    placed_at = models.DateTimeField(auto_now_add=True)
    books = models.ManyToManyField(Book, through="OrderLine", related_name="orders")

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Order {self.pk}"

    def save(self, *args: Any, notify: bool = False, **kwargs: Any) -> None:
        """Save; with `notify`, confirm the order once it is committed."""
        super().save(*args, **kwargs)
        if notify:
            confirm = partial(order_confirmed.send, sender=Order, order=self)
            transaction.on_commit(confirm)

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def total(self) -> Decimal:
        price = F("quantity") * F("unit_price")
        total = self.lines.aggregate(total=Sum(price))["total"]
        return Decimal(total or 0).quantize(CENT)

    @transaction.atomic
    def cancel(self) -> bool:
        """Put the books back in stock; False if the order is not open any more."""
        order = Order.objects.select_for_update().get(pk=self.pk)
        if not order.is_open:
            return False
        for line in self.lines.select_related("book__stock"):
            line.book.stock.add(line.quantity)
        self.status = self.Status.CANCELLED
        self.save(update_fields=["status"])
        return True


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="lines")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "book"], name="one_line_for_each_book"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.book}"

    def subtotal(self) -> Decimal:
        return self.quantity * self.unit_price
