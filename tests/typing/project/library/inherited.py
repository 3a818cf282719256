# mypy: allow-untyped-defs, allow-untyped-calls
"""A queryset that inherits from one in another module, and from a generic one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from library.generic import OwnedQuerySet
from library.inherited_async import AuthorQuerySetAsync, NovelQuerySetAsync
from library.querysets import BookQuerySet

if TYPE_CHECKING:
    from library.models import Author  # noqa: F401  # the base class below names it


class NovelQuerySet(NovelQuerySetAsync, BookQuerySet):
    def longest(self) -> int:
        return max((novel.pages for novel in self), default=0)


class AuthorQuerySet(AuthorQuerySetAsync, OwnedQuerySet["Author"]):
    def famous(self) -> bool:
        return self.filter(name="Borges").exists()

    def eldest(self):
        return self.earliest("pk")
