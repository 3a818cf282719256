"""Sync code that falls into each of the traps, once its twins are written by hand."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction

THREADS: list[int] = []  # where the code below ran
LANGUAGE: ContextVar[str] = ContextVar("language", default="none")
STATE = threading.local()


def noted() -> None:
    THREADS.append(threading.get_ident())


class BookQuerySet(models.QuerySet):
    def titles(self) -> Iterator[str]:
        for book in self.order_by("title"):
            noted()
            yield book.title

    def first_title(self) -> str:
        return next(iter(self.values_list("title", flat=True)))

    def total_pages(self) -> int:
        return sum(book.pages for book in self)

    @staticmethod
    def longest(model: type[models.Model]) -> int:
        return max(book.pages for book in model._base_manager.all())

    @classmethod
    def everything(cls, model: type[models.Model]) -> int:
        return cls(model).count()

    def wipe(self) -> int:
        return self.update(title="")

    wipe.alters_data = True

    def hold(self, begun: Callable[[], object], go_on: Callable[[], object]) -> str:
        begun()
        go_on()
        self.update(title="after holding")
        return "done"

    def speak(self, language: str) -> str:
        before = LANGUAGE.get()
        LANGUAGE.set(language)
        self.exists()
        return before

    @contextlib.contextmanager
    def locked(self) -> Iterator[int]:
        noted()
        with transaction.atomic():
            yield self.count()
        noted()

    def is_generic(self) -> bool:
        try:
            self.model._meta.get_field("object_pk")
            return True
        except FieldDoesNotExist:
            return False

    def long_ones(self) -> models.Q:
        return models.Q(pages__gt=100)

    def as_long_as_the_first(self) -> BookQuerySet:
        first = self.order_by("title").first()
        return self.filter(pages=first.pages if first else 0)

    def reading_aloud(self) -> str:
        self.exists()
        return "aloud" if is_aloud() else "silently"


class BookManager(models.Manager.from_queryset(BookQuerySet)):
    def contribute_to_class(self, cls: type[models.Model], name: str) -> None:
        super().contribute_to_class(cls, name)
        noted()


@contextlib.contextmanager
def aloud() -> Iterator[None]:
    """Queries nothing, and keeps its state for the thread."""
    STATE.aloud = True
    try:
        yield
    finally:
        STATE.aloud = False


def is_aloud() -> bool:
    return getattr(STATE, "aloud", False)


def manager_of(superclass: type[Any], shelf: str) -> type[Any]:
    """As Django and others make their related managers."""

    class ShelfManager(superclass):
        def get_queryset(self) -> models.QuerySet:
            return super().get_queryset().filter(title__startswith=shelf)

        def create(self, **kwargs: Any) -> models.Model:
            noted()
            return super().create(**{**kwargs, "title": shelf + kwargs["title"]})

        def put_away(self) -> int:
            return self.update(pages=0)

    return ShelfManager
