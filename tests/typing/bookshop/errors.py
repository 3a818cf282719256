"""What must not be written of the bookshop: each line with an `# error` comment is one."""

from __future__ import annotations

from shop.models import Author, Order
from shop.querysets import BookQuerySet
from shop.services_async import aplace_order


async def wrong(books: BookQuerySet, order: Order) -> None:
    # case: bookshop: querysets
    await books.arunning_low("x")  # error
    await books.apublished()  # error
    async for line in await books.aprice_list():  # error
        print(line)
    # case: bookshop: models
    await Author.anamed(1)  # error
    await order.asave(notify="x")  # error
    # case: bookshop: services
    await aplace_order("x", {1: 1})  # error
    await aplace_order("x", {}, True)  # error
