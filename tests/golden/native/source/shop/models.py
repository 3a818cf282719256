"""Callables that wait for databases alone, and others: each twin's bridge is told by what it does."""

import hashlib
import json
from pathlib import Path

import requests
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import models, transaction


class OrderQuerySet(models.QuerySet["Order"]):
    # -- on the event loop: all they do is query ---------------------------------------------------

    def open_total(self) -> int:
        return self.filter(is_open=True).aggregate(total=models.Sum("price"))["total"] or 0

    def close(self, number: int) -> "Order":
        with transaction.atomic():
            order = self.select_for_update().get(number=number)
            order.is_open = False
            order.save()
        return order

    def titles(self) -> str:
        return json.dumps([order.note for order in self])

    def close_all(self) -> list["Order"]:
        return [self.close(order.number) for order in self.filter(is_open=True)]

    # -- on a thread -------------------------------------------------------------------------------

    def sign(self) -> str:
        numbers = ",".join(str(order.number) for order in self)
        return hashlib.scrypt(numbers.encode(), salt=b"", n=2**14, r=8, p=1).hex()

    def save_to(self, path: Path) -> int:
        with open(path, "w") as file:
            return file.write(self.titles())

    def announce(self) -> int:
        return requests.post("https://example.org/orders", data=self.titles()).status_code

    def cached_count(self) -> int:
        return cache.get_or_set("orders", self.count)

    def each(self, do) -> int:
        for order in self:
            do(order)
        return self.count()

    def sign_and_close(self, number: int) -> str:
        self.close(number)
        return self.sign()

    # -- as the configuration says -----------------------------------------------------------------

    def export(self) -> int:
        return Path("orders.json").write_text(self.titles())

    # -- neither -----------------------------------------------------------------------------------

    def rows_of(self, size: int):
        for order in self.iterator(size):
            yield order.number


class Order(models.Model):
    number = models.IntegerField()
    price = models.IntegerField()
    is_open = models.BooleanField(default=True)
    note = models.TextField()
    objects = OrderQuerySet.as_manager()

    def total(self) -> int:
        return Order.objects.filter(number=self.number).count()

    def save(self, **kwargs) -> None:
        super().save(**kwargs)

    def lock(self, secret: str) -> None:
        self.note = make_password(secret)
        self.save()
