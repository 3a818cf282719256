"""What a checker's answer means, and when it is not to be taken."""

from __future__ import annotations

from textwrap import dedent

import pytest
from analysis import PRELUDE, classifier
from asyncgen.infer import Inference
from asyncgen.infer.doubts import Doubts
from asyncgen.infer.generics import Rows
from asyncgen.infer.known import text
from asyncgen.infer.revealed import revealed

SHOP = """\
    from functools import partial
    from datetime import date as day
    import enum

    STATE = None
    LIMIT = 3

    def state(): return STATE
    def limit(): return LIMIT
    def declared() -> int: return STATE

    class Colour(enum.Enum):
        RED = 1

    class Author(models.Model):
        name = models.CharField(max_length=9)

    class Book(models.Model):
        rating = None
        title = models.CharField(max_length=9)
        author = models.ForeignKey(Author, on_delete=models.CASCADE)

        def abstract(self): raise NotImplementedError
        def sometimes(self, n):
            if n: return 1
            raise ValueError
        def loop(self, n): return self.loop(n - 1) if n else "a"
"""
INFERENCE = classifier({"shop": PRELUDE + dedent(SHOP)}).evaluator
LOOKUPS = Inference(INFERENCE, None, Rows(INFERENCE)).lookups


@pytest.mark.parametrize(
    ("printed", "means"),
    [
        ("None", "None"),
        ("builtins.int | None", "int | None"),
        ("Literal[False]", "bool"),
        ("Literal['a', 1, -1]", "int | str"),
        ("Literal[shop.Colour.RED]", "Colour"),
        ("shop.Book", "Book"),
        ("datetime.date", "date"),
        ("AsyncgenReceiver7", "Self"),
        ("type[AsyncgenReceiver7]", "type[Self]"),
        ("tuple[builtins.int, Unknown]", "tuple[int, Any]"),
        ("tuple[builtins.int | Unknown, shop.Book]", "tuple[Any, Book]"),
        ("builtins.list[builtins.int]", "list[Any]"),
        ("builtins.dict[builtins.str, builtins.int]", "dict[Any, Any]"),
        ("django.db.models.query.QuerySet[shop.Book, shop.Book]", "QuerySet[Book, Book]"),
    ],
)
def test_what_is_understood(printed: str, means: str) -> None:
    found = revealed(printed, LOOKUPS)
    assert found is not None
    assert text(found) == means


@pytest.mark.parametrize(
    "printed",
    [
        "Unknown",
        "Any | None",
        "builtins.int | Unknown",
        "Book",  # of whichever module
        "int",
        "Never",
        "lost.Book",
        "shop.Book.method.Local",
        "Module[shop]",
        "tuple[builtins.int, *tuple[builtins.int, ...]]",
        "builtins.list[Book]",
        "Literal[shop.Lost.RED]",
    ],
)
def test_what_is_not(printed: str) -> None:
    assert revealed(printed, LOOKUPS) is None


def doubted(body: str, more: str = "") -> bool:
    """Whether there is doubt about a method of Book."""
    method = f"def asked(self, x):\n    {body}\n{more}"
    lines = "".join(f"    {line}\n" for line in method.splitlines())
    evaluator = classifier({"shop": PRELUDE + dedent(SHOP) + lines}).evaluator
    module = evaluator.resolver.module("shop")
    assert module
    book = module.classes["Book"]
    return Doubts(evaluator).about(book.functions["asked"], module, book)


@pytest.mark.parametrize(
    "body",
    [
        "return 1",
        "return self.title",
        "return self.author.name",
        "return LIMIT",
        "return limit()",
        "return declared()",
        "return Book.objects.count()",
        "return self.sometimes(1) or 2",
        "return self.loop(3)",
        "return partial(limit)()",
        "return x.unheard_of()",
        "return super().delete()",
    ],
)
def test_no_doubt(body: str) -> None:
    assert not doubted(body)


@pytest.mark.parametrize(
    "body",
    [
        "return STATE",
        "return STATE or 1",
        "return state() or 1",
        "return self.rating",
        "return x.rating",
        "return self.put_there",
        "return self.pk",
        "return x.id",
        "return self.abstract() or 1",
        "return x.abstract() or 1",
        "return Book().abstract() or 1",
        "from shop import state as local; return local()",
    ],
)
def test_doubt(body: str) -> None:
    assert doubted(body)


def test_doubt_about_a_name_that_an_inner_function_may_change() -> None:
    inner = (
        "n = None\n    def change():\n        nonlocal n\n        n = 1\n    change()\n    return n"
    )
    assert doubted(inner)


def test_doubt_goes_through_what_is_called() -> None:
    assert doubted("return self.between()", "def between(self):\n    return self.rating")
    assert doubted("return self.between", "@property\ndef between(self):\n    return self.rating")
    assert not doubted("return self.between()", "def between(self) -> int:\n    return self.rating")


def test_doubt_goes_round_a_circle_from_wherever_it_is_entered() -> None:
    lines = """\
    class Shelf(models.Model):
        rating = None
        def one(self): return self.other(), self.rating
        def other(self): return self.one()
    """
    evaluator = classifier({"shop": PRELUDE + dedent(lines)}).evaluator
    module = evaluator.resolver.module("shop")
    assert module
    shelf, doubts = module.classes["Shelf"], Doubts(evaluator)
    assert doubts.about(shelf.functions["one"], module, shelf)
    assert doubts.about(shelf.functions["other"], module, shelf)
