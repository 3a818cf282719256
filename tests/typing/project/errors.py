"""What users must not write: each line with an `# error` comment is one, in every checker."""

from __future__ import annotations

from library.loans import Loan, Reader
from library.models import Author, Book
from library.querysets import BookQuerySet
from library.services_async import aregister


async def wrong(books: BookQuerySet, author: Author, loan: Loan, reader: Reader) -> None:
    # case: annotated
    text: str = await books.arevenue()  # error
    # case: overloads with Literal
    await books.atitles("yes")  # error
    # case: ParamSpec
    await books.aapply(len, 2)  # error
    # case: positional-only and keyword-only
    await books.abetween(low=1, high=2)  # error
    await books.abetween(1, 2, False)  # error
    # case: deprecated
    await books.aincome()  # error
    await Book.objects.aincome()  # error
    # case: async iterator
    await books.astream()  # error
    # case: async context manager
    with books.alocked():  # error
        pass
    # case: property is no twin
    await books.ais_small()  # error
    # case: inferred
    number: str = await books.ahow_many()  # error
    # case: static manager
    await Book.objects.apublished()  # error
    await Book.objects.acount_all()  # error
    # case: functions
    await aregister(title="x", author=author)  # error
    # case: made by Django of fields and orders
    await loan.aget_next_by_returned()  # error
    await reader.aget_loan_order()  # error
    print(text, number)
