# mypy: allow-untyped-defs, allow-untyped-calls
"""What is hard to type, one method a case."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Concatenate, Literal, ParamSpec, Self, TypeVar, overload

from django.db import models, transaction
from typing_extensions import deprecated

from library.querysets_async import BookQuerySetAsync

if TYPE_CHECKING:
    from library.models import Book

P = ParamSpec("P")
T = TypeVar("T")
_QS = TypeVar("_QS", bound="BookQuerySet")

Shelf = tuple[str, int]
MISSING = object()


class BookQuerySet(BookQuerySetAsync, models.QuerySet["Book"]):
    # -- querysets: no twins -----------------------------------------------------------------

    def published(self) -> Self:
        return self.filter(is_published=True)

    @property
    def is_small(self) -> bool:
        return True

    # -- values --------------------------------------------------------------------------------

    def revenue(self) -> Decimal:
        return Decimal(self.count())

    def newest_book(self) -> Book | None:
        return self.order_by("-pk").first()

    def cheapest(self) -> Self:
        """Eager: returns a queryset, but queries on the way."""
        first = self.first()
        return self.filter(pk=first.pk if first else None)

    @overload
    def titles(self, as_text: Literal[True]) -> str: ...
    @overload
    def titles(self, as_text: Literal[False] = False) -> list[str]: ...
    def titles(self, as_text: bool = False) -> str | list[str]:
        found = [book.title for book in self]
        return ", ".join(found) if as_text else found

    def apply(
        self, func: Callable[Concatenate[Book, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> list[T]:
        return [func(book, *args, **kwargs) for book in self]

    def between(self, low: int, high: int, /, *, inclusive: bool = True) -> int:
        return self.filter(pages__gte=low, pages__lte=high).count() + inclusive

    def fallback(self, title: str, default: object = MISSING) -> object:
        found = self.filter(title=title).first()
        return default if found is None else found

    @deprecated("use revenue()")
    def income(self) -> Decimal:
        return self.revenue()

    @classmethod
    def count_all(cls, *, using: str = "default") -> int:
        from library.models import Book

        return Book.objects.using(using).count()

    @staticmethod
    def parse(text: str) -> Book | None:
        from library.models import Book

        return Book.objects.filter(title=text).first()

    @transaction.atomic
    def archive(self: _QS, when: datetime.date | None = None) -> _QS:
        self.update(is_published=False)
        return self

    def shelf(self) -> Shelf:
        return ("a", self.count())

    def dict(self) -> dict[str, Book]:
        return {book.title: book for book in self}

    # -- iterators and context managers ----------------------------------------------------------

    def stream(self, chunk_size: int = 10) -> Iterator[Book]:
        yield from self.iterator(chunk_size=chunk_size)

    def pairs(self) -> Generator[tuple[int, str], None, None]:
        for book in self:
            yield book.pk, book.title

    @contextmanager
    def locked(self, *, nowait: bool = False) -> Iterator[Book]:
        with transaction.atomic():
            yield self.select_for_update(nowait=nowait)[0]

    def guarded(self) -> AbstractContextManager[int]:
        return transaction.atomic()  # type: ignore  # a case for the stub, not for the body

    # -- without annotations: inferred ----------------------------------------------------------

    def how_many(self):
        return self.filter(pages__gt=100).count()

    def any_book(self):
        return self.order_by("title").first()

    def names(self):
        return list(self.values_list("title", flat=True))

    def totals(self):
        return self.aggregate(pages=models.Sum("pages"))

    def with_first(self):
        found = [0]
        found.append(self.first())
        return found

    def by_letter(self):
        from collections import Counter

        return Counter(book.title[:1] for book in self)

    def long(self):
        return models.Q(pages__gt=self.count())

    def make(self, title, *tags, pages=1, **extra):
        return self.create(title=title, pages=pages)

    def twice(self):
        return self.how_many() * 2

    def mystery(self, source):
        return source.whatever()
