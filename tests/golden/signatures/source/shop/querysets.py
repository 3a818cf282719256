"""Signatures: every parameter kind, defaults that are not literals, long lines, odd spacing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, overload

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
