"""Several requests at a time, as an ASGI server hands them to Django.

Not in async tests: Django's test case lends those its own thread, on which everything
that is sent to a worker thread runs in turn. Here every request has a thread, as in
production.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from http import HTTPStatus
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase

from shop.models import Order, Stock
from shop.tests.helpers import LORD_JIM, THE_DYNAMITER, send

REQUESTS = 5


class ConcurrencyTests(TransactionTestCase):
    def setUp(self) -> None:
        call_command("seed", stdout=StringIO())

    def test_requests_query_at_the_same_time(self) -> None:
        """No query goes on before all requests have come to theirs."""
        barrier = threading.Barrier(REQUESTS)

        def meet(execute: Callable[..., Any], *arguments: Any) -> Any:
            barrier.wait(timeout=10)
            return execute(*arguments)

        def install(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
            connection.execute_wrappers.append(meet)

        async def main() -> list[tuple[int, Any]]:
            return await asyncio.gather(
                *(send("GET", "/revenue/") for _ in range(REQUESTS))
            )

        connection_created.connect(install)
        try:
            answers = asyncio.run(main())
        finally:
            connection_created.disconnect(install)
        self.assertEqual(answers, [(HTTPStatus.OK, {"revenue": "41.50"})] * REQUESTS)

    def test_the_last_copies_are_sold_once(self) -> None:
        async def main() -> list[tuple[int, Any]]:
            wanted = {"customer": "ada@example.com", "copies": {THE_DYNAMITER: 1}}
            return await asyncio.gather(
                *(send("POST", "/orders/", wanted) for _ in range(REQUESTS))
            )

        statuses = sorted(status for status, _ in asyncio.run(main()))
        self.assertEqual(statuses, [HTTPStatus.CREATED] * 2 + [HTTPStatus.CONFLICT] * 3)
        self.assertEqual(Stock.objects.get(book__isbn=THE_DYNAMITER).quantity, 0)
        self.assertEqual(Order.objects.open().count(), 4)

    def test_transactions_of_several_steps(self) -> None:
        """Each aatomic() block has a connection of its own, and waits for its turn."""
        orders = [order.pk for order in Order.objects.all()]

        async def main() -> list[tuple[int, Any]]:
            return await asyncio.gather(
                *(
                    send("POST", f"/orders/{pk}/exchange/", {LORD_JIM: 3})
                    for pk in orders
                )
            )

        answers = asyncio.run(main())
        self.assertEqual([status for status, _ in answers], [HTTPStatus.OK] * 2)
        self.assertEqual(Stock.objects.get(book__isbn=LORD_JIM).quantity, 0)

    def test_streams(self) -> None:
        status, text = asyncio.run(send("GET", "/pricelist/"))
        self.assertEqual(status, HTTPStatus.OK)
        self.assertEqual(len(text.splitlines()), 6)
