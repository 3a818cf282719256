"""`python manage.py seed`: a few old books, and the orders of two customers."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from shop.models import Author, Book, Order, Publisher
from shop.services import place_order, restock

PUBLISHERS = {
    "Blackwood": "Edinburgh",
    "Heinemann": "London",
    "Longmans": "London",
}
# ISBN, title, authors, publisher, price, year, copies
BOOKS = """\
9780000000019|The Wrong Box|Robert Louis Stevenson, Lloyd Osbourne|Longmans|9.50|1889|5
9780000000026|The Dynamiter|Robert Louis Stevenson, Fanny Stevenson|Longmans|8.00|1885|2
9780000000033|The Ebb-Tide|Robert Louis Stevenson, Lloyd Osbourne|Heinemann|7.25|1894|4
9780000000040|The Inheritors|Joseph Conrad, Ford Madox Ford|Heinemann|11.00|1901|3
9780000000057|Lord Jim|Joseph Conrad|Blackwood|12.75|1900|6
9780000000064|The Time Machine|H. G. Wells|Heinemann|6.50|1895|8
9780000000071|Weir of Hermiston|Robert Louis Stevenson|Heinemann|10.00||0
"""
ORDERS = [
    ("ada@example.com", {"9780000000057": 2, "9780000000064": 1}),
    ("charles@example.com", {"9780000000019": 1}),
]


class Command(BaseCommand):
    help = "Fill the bookshop with books and orders, in place of what is there."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        for model in (Order, Book, Author, Publisher):
            model.objects.all().delete()
        publishers = {
            name: Publisher.objects.create(name=name, city=city)
            for name, city in PUBLISHERS.items()
        }
        for line in BOOKS.splitlines():
            isbn, title, authors, publisher, price, year, copies = line.split("|")
            book = Book.objects.create(
                isbn=isbn,
                title=title,
                publisher=publishers[publisher],
                price=Decimal(price),
                published_on=datetime.date(int(year), 1, 1) if year else None,
            )
            book.authors.set(Author.named(name) for name in authors.split(", "))
            restock(isbn, int(copies))
        for customer, ordered in ORDERS:
            place_order(customer, ordered)
        self.stdout.write(
            f"{Book.objects.count()} books, {Order.objects.count()} orders"
        )
