"""Async models (style = "subclass") have the managers of their sources, with twins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.output import drift, write
from asyncgen.plan import Run, rendered

MODELS = """\
from django.db import models


class BookQuerySet(models.QuerySet):
    def total(self):
        return self.count()


class BookManager(models.Manager):
    def get_queryset(self):
        return BookQuerySet(self.model, using=self._db)

    def busy(self):
        return self.get_queryset().count()


class NamedManager(BookManager):
    def __init__(self, name):
        super().__init__()
        self.label = name


class Book(models.Model):
    plain = models.Manager()
    objects = BookManager()
    totals = BookQuerySet.as_manager()
    named = NamedManager("x")

    def siblings(self):
        return Book.objects.count()


class Base(models.Model):
    books = BookManager()

    class Meta:
        abstract = True


class Note(Base):
    plain = models.Manager()

    class Meta:
        default_manager_name = "books"

    def siblings(self):
        return Note.books.count()
"""

USES = """\
import asyncio
import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["shop"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "books.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.core.management import call_command
from shop import models
from shop.models_async import AsyncBook, AsyncBookManager, AsyncBookQuerySet, AsyncNote

assert type(AsyncBook.objects) is AsyncBookManager and AsyncBook.objects.model is AsyncBook
assert type(AsyncNote.books) is AsyncBookManager
assert AsyncBook.totals._queryset_class is AsyncBookQuerySet
assert type(AsyncBook.named) is models.NamedManager and AsyncBook.named.label == "x"
assert AsyncBook._default_manager.name == models.Book._default_manager.name == "plain"
assert AsyncNote._default_manager.name == models.Note._default_manager.name == "books"
call_command("migrate", run_syncdb=True, verbosity=0)
models.Book.objects.create()


async def main():
    assert await AsyncBook.objects.abusy() == 1
    assert await AsyncBook.objects.get_queryset().atotal() == 1
    assert await AsyncBook.totals.filter(pk=1).atotal() == 1
    assert isinstance(await AsyncBook.objects.aget(), AsyncBook)


asyncio.run(main())
"""


# Such a queryset has another layout than its async class: Python refuses to change its class.
GENERIC = """\
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Typed(Generic[Row]):
    pass


"""


@pytest.mark.parametrize(
    "source",
    [MODELS, GENERIC + MODELS.replace("(models.QuerySet)", "(Typed, models.QuerySet)")],
    ids=["Django's", "behind Generic"],
)
def test_managers(tmp_path: Path, source: str) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(source)
    (tmp_path / "uses.py").write_text(USES)
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.asyncgen]\nsources = ["shop/models.py"]\nstyle = "subclass"\n')
    config = load(path)
    texts = list(rendered(Run(config).result(), config))
    write(path, texts, drift(tmp_path, texts))
    done = subprocess.run(
        [sys.executable, "uses.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
