"""What the body of an unannotated method says of its type: unknown beats wrong."""

from __future__ import annotations

from textwrap import indent

import pytest
from asyncgen.analysis import Evaluator, Spelling
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.types import text
from asyncgen.django.relations import Relations
from asyncgen.read import read_file
from asyncgen.surface import Decision, Kind

from tests.unit.analysis import PRELUDE, SITE_PACKAGES, resolver

MODULE = """
total = 0
count = 0

def set_total(value):
    global total
    total = value

class Thing(models.QuerySet):
    def method(self, a=None):
"""

KNOWN = {
    "return self.count()": "int",
    "return count": "int",
    "n = self.count()\nn += 1\nreturn n": "int",
    "found = None\ndef look():\n    found = self.first()\nlook()\nreturn found": "None",
}

UNKNOWN = {
    "an argument": "return a",
    "bound by a function inside": """
n = None
def inner():
    nonlocal n
    n = self.count()
inner()
return n
""",
    "bound two functions inside": """
n = None
def outer():
    def inner():
        nonlocal n
        n = self.count()
    inner()
outer()
return n
""",
    "a global that a function binds": "return total",
    "a global that it binds itself": "global count\ncount = self.first()\nreturn count",
}


def inferred(body: str, more: str = "") -> str | None:
    made = resolver({"shop": PRELUDE + MODULE + indent(body.strip(), " " * 8) + "\n" + more})
    stubs = DjangoStubs.find((SITE_PACKAGES,), lambda path, name: read_file(path, name, str(path)))
    evaluator = Evaluator(made, Relations(made, made.known), django=stubs)
    module = made.module("shop")
    assert module
    owner = module.classes["Thing"]
    decision = Decision(owner.functions["method"], owner, Kind.VALUE, ())
    found = Spelling(evaluator).returns(decision, module)
    return None if found is None else text(found)


@pytest.mark.parametrize(("body", "type_"), KNOWN.items())
def test_known(body: str, type_: str) -> None:
    assert inferred(body) == type_


@pytest.mark.parametrize("body", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_beats_wrong(body: str) -> None:
    assert inferred(body) is None


def test_the_one_model_with_a_manager_of_django_is_not_that_of_every_queryset() -> None:
    """Other models have it too, that are not among the sources."""
    only = "\nclass Key(models.Model):\n    objects = models.Manager()\n"
    assert inferred("return models.QuerySet(a).first()", only) in (None, "Any | None")
    assert inferred("return a._default_manager.filter()", only) in (None, "QuerySet[Any]")
    kept = "manager = models.Manager()\nreturn manager.get()"
    assert inferred(kept, only) in (None, "Any")
