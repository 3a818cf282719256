"""Signatures: every parameter kind, defaults that are not literals, long lines, odd spacing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, overload

from django.conf import settings
from django.db import models

from shop.querysets_async import ThingQuerySetAsync

if TYPE_CHECKING:
    from shop.models import Thing

LIMIT = 10


class ThingQuerySet(ThingQuerySetAsync, models.QuerySet["Thing"]):
    def positional(self, first, second=2, /, third = 3, *rest, fourth, **others):
        return self.get(pk=first)

    def imported(self, size=settings.PAGE_SIZE, zone=dt.timezone.utc, price=Decimal( "1.50" )):
        return self.get(pk=size)

    def own(self, limit=LIMIT, *, again=LIMIT * 2, plain = 'text'):
        return list(self[:limit])

    def own_positional(self, start, limit=LIMIT, /, step=1):
        return list(self[:limit])

    def annotated(self, keys: 'list[ int ]', by: Callable[[Thing], str] | None = None) -> dict[int, Thing]:
        return self.in_bulk(keys)

    def rows(self, size: int = 10) -> Iterator[Thing]:
        yield from self.iterator(chunk_size=size)

    def a_method_with_a_long_name(self, a_parameter_with_a_long_name, another_parameter_with_a_long_name=None, *, flag=False):
        return self.count()

    def this(this, value):
        return this.get(pk=value)

    def gathered(*args, **kwargs):
        return args[0].get(**kwargs)

    @overload
    def one(self, pk: int, strict: None = ...) -> Thing | None: ...
    @overload
    def one(self, pk: int, strict: bool) -> Thing: ...
    def one(self, pk, strict=None):
        return self.get(pk=pk)

    # Annotations with a name that is not the module's own: of the class body, of nothing at all.
    SMALL, LARGE = "small", "large"

    def sized(self, size: Literal[SMALL, LARGE], unit: Literal["Thing", "kg"]) -> int:
        return self.filter(size=size).count()

    def of_owner(self, owner: "Owner | None", after: "dt.date") -> "Owner":
        return self.get(owner=owner, after=after)

    # Too long for one line, on either side of the arrow.
    def totals(self, order_by: tuple[str, ...] = ("code",), active: bool = True) -> tuple[ThingQuerySet, dict[Thing, dict[Thing, Decimal]]]:
        return self.get(order_by=order_by, active=active)

    def either(self, by: Thing | dict[Thing, Decimal] | Callable[[Thing], Decimal] | None = None) -> Thing | Decimal | dict[Thing, Decimal] | ThingQuerySet:
        return self.get(by=by)

    @staticmethod
    def of_pair(pair: Callable[[Thing, Thing], Callable[[Thing, Thing, Decimal], None]]) -> int:
        return Thing.objects.count()
