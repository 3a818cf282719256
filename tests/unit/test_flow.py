"""Every form of statement, by what a method that is made of it is and returns.

Each body is that of a method of a queryset of books: its kind, and the type of its twin.
"""

from __future__ import annotations

from textwrap import indent

import pytest
from asyncgen.analysis import Evaluator, Spelling
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.types import text
from asyncgen.candidates import Candidate, Rules
from asyncgen.classify import Classifier
from asyncgen.django.relations import Relations
from asyncgen.read import read_file
from asyncgen.surface import Decision, Kind

from tests.support.cases import cases
from tests.unit.analysis import PRELUDE, SITE_PACKAGES, resolver

SOURCE = """
import contextlib
import datetime
import sys
from collections import Counter
from decimal import Decimal
from functools import cached_property, reduce

count = 1

@contextlib.contextmanager
def quiet():
    try:
        yield
    except ValueError:
        pass

@contextlib.contextmanager
def loud():
    yield 1

class Author(models.Model):
    name = models.CharField(max_length=9)

class Book(models.Model):
    title = models.CharField(max_length=9)
    pages = models.IntegerField()
    price = models.DecimalField(max_digits=9, decimal_places=2)
    sold = models.DateField()
    kind = models.CharField(max_length=9, choices=[])
    author = models.ForeignKey(Author, models.CASCADE, null=True)

class Thing(models.QuerySet["Book"]):
    def method(self, a=None):
"""


CASES = cases("kinds/statements.test")


def told(body: str) -> tuple[str, str]:
    """The kind of the method, and its type."""
    load = "\n    def load(self):\n        self.rows = self.all()\n"
    load += "\n    @cached_property\n    def cached(self):\n        return self.count()\n"
    made = resolver({"shop": PRELUDE + SOURCE + indent(body, " " * 8) + load})
    stubs = DjangoStubs.find((SITE_PACKAGES,), lambda path, name: read_file(path, name, str(path)))
    evaluator = Evaluator(made, Relations(made, made.known), django=stubs)
    module = made.module("shop")
    assert module
    owner = module.classes["Thing"]
    function = owner.functions["method"]
    decided = Classifier(evaluator).decide(Candidate(function, module, owner, owner), Rules())
    inference = Spelling(evaluator)
    found = inference.returns(Decision(function, owner, Kind.VALUE, ()), module)
    return decided.kind.value, "?" if found is None else text(found)


@pytest.mark.parametrize("name", CASES)
def test_a_form_of_statement(name: str) -> None:
    CASES[name].came(": ".join(told(CASES[name].source)))
