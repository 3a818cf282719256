"""Each twin runs its sync callable, overridden or not, exactly once."""

from __future__ import annotations

import inspect
from contextlib import aclosing
from decimal import Decimal
from io import StringIO
from typing import Any
from unittest.mock import patch

from asgiref.sync import sync_to_async
from asyncgen_runtime import context_to_async
from asyncgen_runtime.test import aassert_num_queries
from django.core.exceptions import SynchronousOnlyOperation
from django.core.management import call_command
from django.test import TestCase

from shop import services
from shop.managers import BookManager
from shop.models import Author, Book, Order, Publisher, Stock
from shop.querysets import BookQuerySet
from shop.services_async import aplace_order, arestock
from shop.signals import order_confirmed
from shop.tests.helpers import LORD_JIM, THE_DYNAMITER, counted


class SeededTestCase(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        call_command("seed", stdout=StringIO())


class OverrideTests(SeededTestCase):
    async def fields(self) -> Any:
        publisher = await Publisher.objects.aget(name="Heinemann")
        return {
            "isbn": "9780000000088",
            "title": "The Invisible Man",
            "publisher": publisher,
            "price": Decimal("6.00"),
        }

    async def assert_stocked(self) -> None:
        stocked = Stock.objects.filter(book__isbn="9780000000088")
        self.assertEqual(await stocked.acount(), 1)

    async def test_acreate_runs_the_managers_create(self) -> None:
        fields = await self.fields()
        with counted(BookManager, "create") as create, counted(Book, "save") as save:
            await Book.objects.acreate(**fields)
        self.assertEqual((create.call_count, save.call_count), (1, 1))
        await self.assert_stocked()

    async def test_acreate_on_the_reverse_of_a_foreign_key(self) -> None:
        fields = await self.fields()
        publisher = fields.pop("publisher")
        with counted(BookManager, "create") as create:
            await publisher.books.acreate(**fields)
        self.assertEqual(create.call_count, 1)
        await self.assert_stocked()

    async def test_acreate_on_a_many_to_many_relation(self) -> None:
        fields = await self.fields()
        author = await Author.anamed("H. G. Wells")
        with counted(BookManager, "create") as create:
            book = await author.books.acreate(**fields)
        self.assertEqual(create.call_count, 1)
        self.assertEqual([each async for each in book.authors.all()], [author])
        await self.assert_stocked()

    async def test_asave_takes_what_save_takes(self) -> None:
        confirmed = []

        def receive(sender: type[Order], order: Order, **kwargs: object) -> None:
            confirmed.append(order)

        order_confirmed.connect(receive)
        self.addCleanup(order_confirmed.disconnect, receive)
        order = Order(customer="ada@example.com")
        on_commit = context_to_async(self.captureOnCommitCallbacks)
        async with on_commit(execute=True):
            with counted(Order, "save") as save:
                await order.asave(notify=True)
                await order.asave()
        self.assertEqual(save.call_count, 2)
        self.assertEqual(confirmed, [order])

    async def test_acreate_saves_once(self) -> None:
        with counted(Order, "save") as save:
            await Order.objects.acreate(customer="ada@example.com")
        self.assertEqual(save.call_count, 1)

    async def test_a_subclass_that_overrides_only_the_sync_method(self) -> None:
        class Discounted(BookQuerySet):
            def total_revenue(self) -> Decimal:
                return super().total_revenue() / 2

        self.assertEqual(await Discounted(Book).atotal_revenue(), Decimal("20.75"))

    async def test_functions(self) -> None:
        with patch.object(
            services, "place_order", autospec=True, side_effect=services.place_order
        ) as place_order:
            order = await aplace_order("ada@example.com", {LORD_JIM: 1}, notify=False)
        place_order.assert_called_once_with(
            customer="ada@example.com", copies={LORD_JIM: 1}, notify=False
        )
        self.assertEqual(await order.atotal(), Decimal("12.75"))


class KindTests(SeededTestCase):
    async def test_value(self) -> None:
        async with aassert_num_queries(1):
            revenue = await Book.objects.published().atotal_revenue()
        self.assertEqual(revenue, Decimal("41.50"))
        self.assertEqual(
            await Book.objects.aprice_range(),
            {"lowest": Decimal("6.50"), "highest": Decimal("12.75")},
        )

    async def test_a_default_that_only_the_source_knows(self) -> None:
        self.assertEqual(
            await Book.objects.published().arunning_low(),
            ["The Dynamiter"],
        )
        self.assertEqual(
            await Book.objects.published().arunning_low(4),
            ["The Dynamiter", "The Inheritors"],
        )

    async def test_eager(self) -> None:
        with self.assertRaises(SynchronousOnlyOperation):
            Book.objects.bestsellers()
        async with aassert_num_queries(1):
            books = await Book.objects.abestsellers()
        self.assertIsInstance(books, BookQuerySet)
        async with aassert_num_queries(1):
            titles = [book.title async for book in books.filter(sold=2)]
        self.assertEqual(titles, ["Lord Jim"])

    async def test_iterator(self) -> None:
        async with aclosing(Book.objects.published().aprice_list()) as lines:
            first = await anext(lines)
        self.assertEqual(first.split()[:3], [LORD_JIM, "Lord", "Jim"])

    async def test_iterator_with_chunks(self) -> None:
        self.assertEqual(
            [line async for line in Order.objects.areceipts(chunk_size=1)],
            await sync_to_async(lambda: list(Order.objects.receipts()))(),
        )

    async def test_context(self) -> None:
        async with Book.objects.by("Joseph Conrad").aon_hold() as held:
            self.assertEqual(held, 2)
            book = await Book.objects.aget(isbn=LORD_JIM)
            self.assertEqual(await book.aavailability(), "stocktaking")
        self.assertFalse(await Book.objects.filter(is_on_hold=True).aexists())

    async def test_class_and_static_methods(self) -> None:
        author = await Author.anamed("Ford Madox Ford")
        self.assertEqual(author.initials(), "F.M.F.")
        self.assertEqual(str(await Publisher.alargest()), "Heinemann")

    async def test_what_reads_relations(self) -> None:
        book = await Book.objects.aget(isbn=THE_DYNAMITER)
        self.assertEqual(
            await book.acitation(),
            "Fanny Stevenson and Robert Louis Stevenson: The Dynamiter. "
            "London: Longmans.",
        )
        self.assertEqual(await book.aavailability(), "in stock")

    async def test_transactions(self) -> None:
        self.assertEqual(await Order.objects.acancel_all(), 2)
        self.assertEqual(await Book.objects.atotal_revenue(), Decimal(0))
        stock = await Stock.objects.aget(book__isbn=LORD_JIM)
        self.assertEqual(stock.quantity, 6)

    async def test_value_that_is_an_object_or_none(self) -> None:
        order = await Order.objects.alatest_of("ADA@example.com")
        self.assertEqual(str(order), "Order 1")
        self.assertIsNone(await Order.objects.alatest_of("nobody@example.com"))

    async def test_services(self) -> None:
        self.assertEqual(await arestock("978-0-00-000005-7", 2), 6)

    async def test_as_manager(self) -> None:
        authors = Author.objects.prolific().order_by("name")
        self.assertEqual(
            await authors.anames(),
            ["Joseph Conrad", "Lloyd Osbourne", "Robert Louis Stevenson"],
        )
        self.assertIn("H. G. Wells", await Author.objects.anames())


class SurfaceTests(SeededTestCase):
    def test_what_needs_no_twin_has_none(self) -> None:
        for owner, name in (
            (BookQuerySet, "apublished"),
            (BookQuerySet, "aby"),
            (BookQuerySet, "aclean_isbn"),
            (Book, "aget_absolute_url"),
            (Author, "ainitials"),
            (Author, "aco_authors"),
        ):
            self.assertFalse(hasattr(owner, name), name)

    def test_twins_are_coroutine_functions(self) -> None:
        for twin in (
            Book.objects.acreate,
            Book.objects.atotal_revenue,
            Book.objects.all().atotal_revenue,
            Book.acitation,
            Author.anamed,
            Publisher.alargest,
            aplace_order,
        ):
            self.assertTrue(inspect.iscoroutinefunction(twin), twin)

    def test_signatures_are_the_sources(self) -> None:
        for twin, source in (
            (BookManager.acreate, BookManager.create),
            (Order.asave, Order.save),
            (Author.anamed, Author.named),
            (Publisher.alargest, Publisher.largest),
            (aplace_order, services.place_order),
        ):
            self.assertEqual(
                inspect.signature(twin).parameters, inspect.signature(source).parameters
            )
