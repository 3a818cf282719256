"""A queryset that is generic in its model."""

from __future__ import annotations

from typing import TypeVar

from django.db import models

from library.generic_async import OwnedQuerySetAsync

_M = TypeVar("_M", bound=models.Model)


class OwnedQuerySet(OwnedQuerySetAsync[_M], models.QuerySet[_M]):
    def newest(self) -> _M | None:
        return self.order_by("-pk").first()

    def by_key(self) -> dict[int, _M]:
        return {each.pk: each for each in self}
