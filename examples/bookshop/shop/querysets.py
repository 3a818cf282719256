"""Every query of the shop, in plain synchronous Django."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Max, Min, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from shop.querysets_async import (
    AuthorQuerySetAsync,
    BookQuerySetAsync,
    OrderQuerySetAsync,
)

if TYPE_CHECKING:
    from shop.models import Author, Book, Order

LOW_STOCK = 3
CENT = Decimal("0.01")
NOT_CANCELLED = ~Q(lines__order__status="cancelled")


class AuthorQuerySet(AuthorQuerySetAsync, models.QuerySet["Author"]):
    def prolific(self, at_least=2):
        """Authors of so many books or more."""
        return self.annotate(book_count=models.Count("books")).filter(
            book_count__gte=at_least
        )

    def names(self):
        """All names, in the order of the queryset."""
        return list(self.values_list("name", flat=True))


class BookQuerySet(BookQuerySetAsync, models.QuerySet["Book"]):
    # These build querysets and ask the database for nothing.

    def published(self) -> Self:
        return self.filter(published_on__lte=timezone.localdate())

    def by(self, author: Author | str):
        """Books by an author, given as an object or by name."""
        if isinstance(author, str):
            return self.filter(authors__name=author)
        return self.filter(authors=author)

    def like(self, book: Book) -> Self:
        """Other books by any of the authors of this one."""
        others = self.exclude(pk=book.pk)
        return others.filter(authors__in=book.authors.all()).distinct()

    def in_stock(self) -> Self:
        return self.filter(stock__quantity__gt=0, is_on_hold=False)

    def with_sales(self) -> Self:
        """Annotate each book with `sold`, its copies in orders not cancelled."""
        sold = Sum("lines__quantity", filter=NOT_CANCELLED)
        return self.annotate(sold=Coalesce(sold, 0))

    @staticmethod
    def clean_isbn(text: str) -> str:
        """Return an ISBN without spaces and hyphens."""
        return text.replace("-", "").replace(" ", "")

    # This builds a queryset too, but has to look something up on the way.

    def bestsellers(self) -> Self:
        """Books that sold at least half as often as the one that sold best."""
        books = self.with_sales()
        best = books.aggregate(best=Max("sold"))["best"] or 0
        books = books.filter(sold__gt=0, sold__gte=best / 2)
        return books.order_by("-sold", "title")

    # These run their query and give back what came of it.

    def total_revenue(self) -> Decimal:
        """What the books earned, at the prices that were paid for them."""
        paid = F("lines__quantity") * F("lines__unit_price")
        totals = self.aggregate(total=Sum(paid, filter=NOT_CANCELLED))
        return Decimal(totals["total"] or 0).quantize(CENT)

    def price_range(self):
        """The lowest and the highest price, or two times None."""
        return self.aggregate(lowest=Min("price"), highest=Max("price"))

    def running_low(self, below: int = LOW_STOCK) -> list[str]:
        """Titles of which there are few copies left."""
        return list(
            self.filter(stock__quantity__lt=below)
            .order_by("title")
            .values_list("title", flat=True)
        )

    # These give rows one after another, however many there are.

    def price_list(self) -> Iterator[str]:
        """The lines of the printed price list."""
        for isbn, title, price in self.order_by("title").values_list(
            "isbn", "title", "price"
        ):
            yield f"{isbn}  {title:<40}{price:>8}"

    # And this is for `with`.

    @contextmanager
    def on_hold(self) -> Iterator[int]:
        """Take the books off sale for the length of the block."""
        keys = list(self.filter(is_on_hold=False).values_list("pk", flat=True))
        books = self.model._default_manager.filter(pk__in=keys)
        books.update(is_on_hold=True)
        try:
            yield len(keys)
        finally:
            books.update(is_on_hold=False)


class OrderQuerySet(OrderQuerySetAsync, models.QuerySet["Order"]):
    def open(self) -> Self:
        return self.filter(status="open")

    def of(self, customer: str) -> Self:
        return self.filter(customer__iexact=customer)

    def latest_of(self, customer: str) -> Order | None:
        return self.of(customer).order_by("placed_at", "pk").last()

    def receipts(self, chunk_size: int = 100) -> Iterator[str]:
        """One line of text for each order, with what was bought."""
        orders = self.order_by("pk").prefetch_related("lines__book")
        for order in orders.iterator(chunk_size=chunk_size):
            books = ", ".join(
                f"{line.quantity} x {line.book.title}" for line in order.lines.all()
            )
            yield f"#{order.pk} {order.customer}: {books}"

    def cancel_all(self) -> int:
        """Cancel what is open, with the books back in stock; return how many."""
        return sum(order.cancel() for order in self.open())
