"""Module-level functions: those in `__all__`, and one that the configuration names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

if TYPE_CHECKING:
    from shop.models import Book, Order

__all__ = ["place_order", "restock", "pay"]


def place_order(book: Book, /, count: int = 1, *, note: str = "") -> Order:
    """Take the books from the stock and write the order, or neither."""
    with transaction.atomic():
        book.stock -= count
        book.save()
        return book.orders.create(count=count, note=note)


def restock(*books: Book, amount: int) -> None:
    for book in books:
        book.stock += amount
        book.save()


@sensitive_variables("card")
def pay(order: Order, card: str) -> None:
    """What error reports may not show of the card, they may not show of the twin's either."""
    order.payments.create(digits=card[-4:])


def report():
    from shop.models import Book

    yield from Book.objects.iterator()


def not_covered():
    return 1
