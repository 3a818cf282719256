from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from django.db import models

_M = TypeVar("_M", bound=models.Model)
_K = TypeVar("_K")


class KeyedQuerySet(models.QuerySet[_M], Generic[_M, _K]):
    def by_key(self, keys: list[_K]) -> dict[_K, _M]:
        return dict(zip(keys, self, strict=True))


class NamedQuerySet(KeyedQuerySet[_M, str]):
    """Says what one of its base's type variables stands for."""


class EntryQuerySet(NamedQuerySet["Entry"]):
    """Says what the other one stands for, through NamedQuerySet."""

    # Takes less than the method that it overrides, and tells type checkers that it knows.
    def get(self, pk: int) -> Entry:  # type: ignore[override]
        return super().get(pk=pk)


class UntoldQuerySet(KeyedQuerySet):
    """Says nothing: Any."""


class Entry(models.Model):
    """Abstract, so its async class is too. Self is no type for a mixin's QuerySet."""

    def copied(self, to: models.QuerySet[Self] | None = None) -> list[Self]:
        return list(to or [])

    def alike(  # asyncgen: eager
        self, name: str
    ) -> models.QuerySet[Self]:
        return type(self).objects.filter(name=name)

    class Meta:
        abstract = True


class Draft(models.Model):
    """Its async class is a proxy."""

    def taken(self, names: Any) -> bool:
        return type(self).objects.filter(name__in=names).exists()
