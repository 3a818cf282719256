"""What the shop does, each in one transaction."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import F

from shop.models import Book, Order, OrderLine, Stock

__all__ = ["OutOfStock", "place_order", "restock"]


class OutOfStock(Exception):
    """There are not enough copies of a book, or it is on hold."""


def place_order(
    customer: str, copies: Mapping[str, int], *, notify: bool = True
) -> Order:
    """Sell copies of books, given by ISBN: all of them or none.

    Raises OutOfStock.
    """
    with transaction.atomic():
        stock = {
            each.book.isbn: each
            for each in Stock.objects.select_for_update(of=["self"])
            .select_related("book")
            .filter(book__isbn__in=copies, book__is_on_hold=False)
            .order_by("pk")
        }
        for isbn, quantity in copies.items():
            if isbn not in stock or stock[isbn].quantity < quantity:
                raise OutOfStock(isbn)
        order = Order(customer=customer)
        order.save(notify=notify)
        for isbn, quantity in copies.items():
            book = stock[isbn].book
            OrderLine.objects.create(
                order=order, book=book, quantity=quantity, unit_price=book.price
            )
            Stock.objects.filter(book=book).update(quantity=F("quantity") - quantity)
    return order


def restock(isbn: str, copies: int) -> int:
    """Add copies of a book to the stock; return how many there are now."""
    with transaction.atomic():
        book = Book.objects.get(isbn=Book.objects.clean_isbn(isbn))
        return book.stock.add(copies)
