"""After an edit of bodies only what rests on them is audited again, and what is found then is what
an audit from nothing finds."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

import pytest
from asyncgen.audit import again, audited, earlier
from asyncgen.audit.engine import Engine
from asyncgen.audit.finding import Audit
from asyncgen.audit.selection import selected
from asyncgen.audit.units import Place, Unit
from asyncgen.config import load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("kept_readings")

MODELS = """\
from django.db import models


class Author(models.Model):
    name = models.TextField()

    def text(self):
        return self.name


class Books(models.QuerySet):
{methods}

class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
    objects = Books.as_manager()
"""
METHODS = """\
    def cheap(self):
{cheap}

    def dear(self):
{dear}
"""
HELPERS = """\
from shop.models import Author, Book


def total(books=None):
{total}


def named(book):
{named}


class Shelf:
    def __init__(self, books):
        self.books = books

    def full(self):
{full}

    async def afull(self):
{afull}


class Tall(Shelf):
    def full(self):
{tall}


HELD = named(None)
"""
VIEWS = """\
import time

from asgiref.sync import sync_to_async
from django.db import transaction
from shop.helpers import HELD, Shelf, Tall, named, total
from shop.models import Author, Book


async def one(request):
{one}


async def two(request):
{two}


async def three(request):
{three}
"""
OTHERS = """\
import time

from asgiref.sync import sync_to_async
from django.db import transaction
from shop.helpers import HELD, Shelf, Tall, named, total
from shop.models import Author, Book


def plain(value):
{plain}


async def four(request):
{four}


class Page:
    async def get(self):
{get}

    def text(self):
{text}


class Other(Page):
    def text(self):
        return "text"
"""
# What sync functions do. They lead to each other, in circles, too; set attributes, make functions.
SYNC = (
    "return 1",
    "return Book.objects.count()",
    "return Book.objects.filter(pk=1)",
    "return list(Book.objects.cheap())",
    "return total(Book.objects.all())",
    "return named(Book.objects.dear())",
    "return Shelf(Book.objects.all()).full()",
    "return Tall(3).full()",
    "return open('a').read()",
    "# a note\nreturn HELD",
    "found = total()\nfor each in found:\n    return named(each)",
    "def inner():\n    return named(1)\nreturn inner()",
    "async def inner():\n    return Book.objects.count()\nreturn inner",
    "raise ValueError",
)
OF_SELF = (
    *SYNC,
    "return self.books",
    "self.held = total(self.books)\nreturn self.held",
    "return self.full()",
    "return [each.author.name for each in self.books]",
)
ASYNC = (
    "return total()",
    "return await sync_to_async(total)()",
    "book = await Book.objects.aget(pk=1)\nreturn named(book)",
    "book = await Book.objects.aget(pk=1)\nreturn book.author.text()",
    "return Shelf(Book.objects.all()).full()",
    "return await Tall(1).afull()",
    "with transaction.atomic():\n    await Book.objects.acount()",
    "time.sleep(1)\nreturn HELD",
    "return [each.pk for each in Book.objects.cheap()]",
    "def inner():\n    return named(1)\nreturn await sync_to_async(inner)()",
    "async def inner(value):\n    return total(value)\nreturn await inner(request)",
    "Book.objects.acount()",
)
OF_PAGES = (*ASYNC, "return self.text()", "self.page = named(1)\nreturn self.page")
BODIES = {
    "cheap": ("return self.filter(pk=1)", "return self.all()", "return list(self)", *SYNC[:3]),
    "dear": ("return self.cheap()", "return self.count()", "return self.exclude(pk=1)"),
    "total": (*SYNC, "return books", "return books.count()", "return [each for each in books]"),
    "named": (*SYNC, "return book", "return book.author.name", "return str(book)"),
    "full": OF_SELF,
    "tall": OF_SELF,
    "afull": OF_PAGES[:-2],
    "one": ASYNC,
    "two": ASYNC,
    "three": ASYNC,
    "plain": SYNC,
    "four": (*ASYNC, "return plain(request)"),
    "get": OF_PAGES,
    "text": SYNC,
}
EDIT = st.sampled_from(sorted(BODIES)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(BODIES[name]))
)


@dataclass
class Shop:
    root: Path
    bodies: dict[str, str] = field(
        default_factory=lambda: {name: bodies[0] for name, bodies in BODIES.items()}
    )

    def write(self) -> None:
        folder = self.root / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        methods = {name: indent(text, " " * 8) for name, text in self.bodies.items()}
        texts = {name: indent(text, " " * 4) for name, text in self.bodies.items()}
        texts |= {name: methods[name] for name in ("full", "afull", "tall", "get", "text")}
        files = {
            "pyproject.toml": "[tool.asyncgen]\n",
            "shop/__init__.py": "",
            "shop/models.py": MODELS.format(methods=METHODS.format(**methods)),
            "shop/helpers.py": HELPERS.format(**texts),
            "shop/views.py": VIEWS.format(**texts),
            "shop/others.py": OTHERS.format(**texts),
        }
        for name, text in files.items():
            (self.root / name).write_text(text)

    def audited(self) -> Audit:
        config = load(self.root / "pyproject.toml")
        return audited(config, selected(config, []), True)


def from_nothing(shop: Shop) -> Audit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(earlier, "recalled", lambda *args: None)
        patch.setattr(earlier, "keep", lambda *args: None)
        return shop.audited()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "project")
    made.write()
    return made


@settings(
    max_examples=int(os.environ.get("ASYNCGEN_EDITS", "8")),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(EDIT, min_size=1, max_size=2), min_size=4, max_size=10))
def test_after_any_edits_of_bodies_an_audit_finds_what_one_from_nothing_finds(
    shop: Shop, edits: list[list[tuple[str, str]]]
) -> None:
    shop = Shop(shop.root)
    shop.write()
    shop.audited()
    for each in edits:
        shop.bodies |= dict(each)
        shop.write()
        assert shop.audited() == from_nothing(shop)


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[Collection[Place] | None]:
    """The places that each audit evaluated; None for all."""
    seen: list[Collection[Place] | None] = []

    class Counted(Engine):
        def units(self, places: Collection[Place] | None = None) -> list[Unit]:
            seen.append(places)
            return super().units(places)

    monkeypatch.setattr(again, "Engine", Counted)
    monkeypatch.setattr("asyncgen.audit.engine.Engine", Counted)
    return seen


@pytest.mark.parametrize(
    ("name", "body", "places"),
    [
        ("one", "return total(3)", {("shop/views.py", 0)}),
        ("total", "return Book.objects.exists()", {("shop/views.py", 0), ("shop/others.py", 0)}),
        ("plain", "return 2", {("shop/others.py", 0)}),
        ("cheap", "return self.exclude(pk=3)", set()),
    ],
)
def test_only_what_rests_on_the_edit_is_evaluated_again(
    shop: Shop,
    evaluated: list[Collection[Place] | None],
    name: str,
    body: str,
    places: set[Place],
) -> None:
    quiet = dict.fromkeys(("two", "three", "get", "afull"), "return 1")
    shop.bodies |= quiet | {"total": "return Book.objects.count()"}
    shop.write()
    shop.audited()
    shop.bodies[name] = body
    shop.write()
    found = shop.audited()
    assert evaluated[0] is None
    assert [set(each or ()) for each in evaluated[1:]] == [places]
    assert found == from_nothing(shop)
