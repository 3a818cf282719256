"""The views, through Django's AsyncClient."""

from __future__ import annotations

from http import HTTPStatus
from io import StringIO
from typing import Any
from unittest.mock import patch

from django.core.management import call_command
from django.http import StreamingHttpResponse
from django.test import TestCase

from shop.models import Book, Order, Publisher, Stock
from shop.tests.helpers import LORD_JIM, THE_DYNAMITER, THE_TIME_MACHINE, counted


class ViewTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        call_command("seed", stdout=StringIO())

    async def test_lists_published_books(self) -> None:
        response = await self.async_client.get("/books/")
        titles = [book["title"] for book in response.json()["books"]]
        self.assertEqual(
            titles,
            [
                "Lord Jim",
                "The Dynamiter",
                "The Ebb-Tide",
                "The Inheritors",
                "The Time Machine",
                "The Wrong Box",
            ],
        )

    async def test_lists_books_of_an_author(self) -> None:
        response = await self.async_client.get("/books/", {"author": "Joseph Conrad"})
        titles = [book["title"] for book in response.json()["books"]]
        self.assertEqual(titles, ["Lord Jim", "The Inheritors"])

    async def test_shows_a_book(self) -> None:
        response = await self.async_client.get(f"/books/{LORD_JIM}/")
        self.assertEqual(
            response.json(),
            {
                "title": "Lord Jim",
                "citation": "Joseph Conrad: Lord Jim. Edinburgh: Blackwood.",
                "availability": "in stock",
                "price": "13.64",
            },
        )

    async def test_unknown_book(self) -> None:
        response = await self.async_client.get("/books/0/")
        self.assertEqual(response.status_code, HTTPStatus.NOT_FOUND)

    async def test_adds_a_book_by_the_managers_create(self) -> None:
        publisher = await Publisher.objects.aget(name="Heinemann")
        with counted(type(Book.objects), "create") as create:
            response = await self.async_client.post(
                "/books/",
                {
                    "isbn": "9780000000088",
                    "title": "The Invisible Man",
                    "authors": ["H. G. Wells"],
                    "publisher": publisher.pk,
                    "price": "6.00",
                },
                content_type="application/json",
            )
        self.assertEqual(response.status_code, HTTPStatus.CREATED)
        self.assertEqual(create.call_count, 1)
        stock = await Stock.objects.aget(book__isbn="9780000000088")
        self.assertEqual(stock.quantity, 0)
        response = await self.async_client.get(response.json()["url"])
        self.assertEqual(
            response.json()["citation"],
            "H. G. Wells: The Invisible Man. London: Heinemann.",
        )

    async def test_bestsellers(self) -> None:
        response = await self.async_client.get("/bestsellers/")
        self.assertEqual(
            response.json()["bestsellers"],
            [
                {"title": "Lord Jim", "sold": 2},
                {"title": "The Time Machine", "sold": 1},
                {"title": "The Wrong Box", "sold": 1},
            ],
        )

    async def test_streams_the_price_list(self) -> None:
        response = await self.async_client.get("/pricelist/")
        assert isinstance(response, StreamingHttpResponse)
        self.assertTrue(response.is_async)
        lines = [line.decode() async for line in response.streaming_content]
        self.assertEqual(len(lines), 6)
        self.assertEqual(lines[0], f"{LORD_JIM}  {'Lord Jim':<40}   12.75\n")

    async def test_revenue(self) -> None:
        response = await self.async_client.get("/revenue/")
        self.assertEqual(response.json(), {"revenue": "41.50"})

    async def test_places_an_order(self) -> None:
        response = await self.order({LORD_JIM: 2, THE_DYNAMITER: 1})
        self.assertEqual(response.status_code, HTTPStatus.CREATED)
        self.assertEqual(response.json()["total"], "33.50")
        stock = await Stock.objects.aget(book__isbn=THE_DYNAMITER)
        self.assertEqual(stock.quantity, 1)

    async def test_sells_all_or_nothing(self) -> None:
        response = await self.order({LORD_JIM: 1, THE_DYNAMITER: 3})
        self.assertEqual(response.status_code, HTTPStatus.CONFLICT)
        self.assertEqual(response.json(), {"out_of_stock": THE_DYNAMITER})
        self.assertEqual(await Order.objects.acount(), 2)
        stock = await Stock.objects.aget(book__isbn=LORD_JIM)
        self.assertEqual(stock.quantity, 4)

    async def test_exchanges_an_order(self) -> None:
        first = await Order.objects.aget(customer="ada@example.com")
        response = await self.exchange(first, {THE_DYNAMITER: 2})
        self.assertEqual(response.json()["total"], "16.00")
        await first.arefresh_from_db()
        self.assertFalse(first.is_open)
        stock = await Stock.objects.aget(book__isbn=LORD_JIM)
        self.assertEqual(stock.quantity, 6)

    async def test_exchanges_both_or_neither(self) -> None:
        first = await Order.objects.aget(customer="ada@example.com")
        response = await self.exchange(first, {THE_DYNAMITER: 3})
        self.assertEqual(response.status_code, HTTPStatus.CONFLICT)
        await first.arefresh_from_db()
        self.assertTrue(first.is_open)
        stock = await Stock.objects.aget(book__isbn=LORD_JIM)
        self.assertEqual(stock.quantity, 4)

    async def test_takes_stock(self) -> None:
        found = {LORD_JIM: 1, THE_TIME_MACHINE: 2}
        response = await self.async_client.post(
            "/stocktaking/", found, content_type="application/json"
        )
        self.assertEqual(
            response.json(),
            {"held": 2, "copies": {LORD_JIM: 5, THE_TIME_MACHINE: 9}},
        )
        self.assertFalse(await Book.objects.filter(is_on_hold=True).aexists())

    async def test_ends_the_hold_when_something_fails(self) -> None:
        async def fail(isbn: str, copies: int) -> int:
            self.assertEqual((await self.order({LORD_JIM: 1})).status_code, 409)
            raise RuntimeError("lost count")

        with (
            patch("shop.views.arestock", fail),
            self.assertRaisesMessage(RuntimeError, "lost count"),
        ):
            await self.async_client.post(
                "/stocktaking/", {LORD_JIM: 1}, content_type="application/json"
            )
        self.assertFalse(await Book.objects.filter(is_on_hold=True).aexists())

    async def order(self, copies: dict[str, int]) -> Any:
        return await self.async_client.post(
            "/orders/",
            {"customer": "ada@example.com", "copies": copies},
            content_type="application/json",
        )

    async def exchange(self, order: Order, copies: dict[str, int]) -> Any:
        return await self.async_client.post(
            f"/orders/{order.pk}/exchange/", copies, content_type="application/json"
        )
