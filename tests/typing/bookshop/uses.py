"""What the views and services of the bookshop write, and its type in every checker."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import assert_type

from shop.managers import BookManager
from shop.models import Author, Book, Order, Publisher, Stock
from shop.querysets import AuthorQuerySet, BookQuerySet, OrderQuerySet
from shop.querysets_managers import AuthorManager, AuthorRelatedManager, OrderManager
from shop.services_async import aplace_order, arestock


async def querysets(books: BookQuerySet, authors: AuthorQuerySet, orders: OrderQuerySet) -> None:
    # case: bookshop: querysets
    assert_type(await books.published().atotal_revenue(), Decimal)
    assert_type(await books.abestsellers(), BookQuerySet)
    assert_type(await books.aprice_range(), dict[str, Decimal | None])
    assert_type(await books.arunning_low(below=2), list[str])
    async for line in books.in_stock().aprice_list():
        assert_type(line, str)
    assert_type(books.aon_hold(), AbstractAsyncContextManager[int])
    async with books.aon_hold() as count:
        assert_type(count, int)
    assert_type(await authors.anames(), list[str])
    assert_type(await orders.open().alatest_of("x"), Order | None)
    assert_type(await orders.acancel_all(), int)
    async for receipt in orders.areceipts(chunk_size=10):
        assert_type(receipt, str)


async def models(author: Author, book: Book, stock: Stock, order: Order) -> None:
    # case: bookshop: models
    assert_type(await Publisher.alargest(), Publisher | None)
    assert_type(await Author.anamed("x"), Author)
    assert_type(await book.acitation(), str)
    assert_type(await book.aavailability(), str)
    assert_type(await stock.aadd(2), int)
    assert_type(await order.asave(notify=True), None)
    assert_type(await order.atotal(), Decimal)
    assert_type(await order.acancel(), bool)


async def managers(books: BookManager, authors: AuthorManager, orders: OrderManager) -> None:
    # case: bookshop: a manager of one's own
    assert_type(await books.acreate(title="x"), Book)
    assert_type(await books.abestsellers(), BookQuerySet)
    assert_type(await books.atotal_revenue(), Decimal)
    # case: bookshop: static managers
    assert_type(await authors.anames(), list[str])
    assert_type(await authors.prolific().anames(), list[str])
    assert_type(await orders.of("x").alatest_of("y"), Order | None)


async def related(authors: AuthorRelatedManager) -> None:
    # case: bookshop: related managers
    assert_type(await authors.filter(name="x").anames(), list[str])
    assert_type(await authors.aget(name="x"), Author)


async def services() -> None:
    # case: bookshop: services
    assert_type(await aplace_order("x", {"9780000000088": 1}, notify=False), Order)
    assert_type(await arestock("9780000000088", 2), int)
