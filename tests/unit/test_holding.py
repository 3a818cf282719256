"""What holds a transaction while it is open, and what queries between two rows."""

from __future__ import annotations

from textwrap import dedent

import pytest
from asyncgen.candidates import Rules
from asyncgen.surface import Decision, Kind

from tests.unit.analysis import decisions

IMPORTS = """
from contextlib import ExitStack, contextmanager
from django.db import transaction
from django.db.transaction import atomic as begin
import django.db.transaction as tx

plain = transaction.atomic
"""


def decided(method: str, **rules: dict[str, str]) -> Decision:
    text = f"{IMPORTS}\nclass Rows(models.QuerySet):\n{method}"
    return decisions(text, Rules(**rules))["Rows.method"]  # type: ignore[arg-type]


def body(text: str) -> str:
    return "".join(f"    {line}\n" for line in dedent(text).strip().splitlines())


HOLDING = {
    "a context manager": """
        @contextmanager
        def method(self):
            with transaction.atomic():
                yield self.first()
        """,
    "under another name": """
        @contextmanager
        def method(self):
            with open("log"), begin(using="other"):
                yield
        """,
    "an alias of the module": """
        @contextmanager
        def method(self):
            with plain():
                yield
        """,
    "imported in the function": """
        @contextmanager
        def method(self):
            from django.db import transaction as t
            with t.atomic():
                yield
        """,
    "kept in a variable": """
        @contextmanager
        def method(self):
            block = tx.atomic()
            with block:
                yield
        """,
    "on a stack": """
        @contextmanager
        def method(self):
            with ExitStack() as stack:
                stack.enter_context(transaction.atomic())
                yield
        """,
    "deep down": """
        @contextmanager
        def method(self):
            with self.outer():
                yield

        @contextmanager
        def outer(self):
            with transaction.atomic():
                yield
        """,
    "returned": """
        def method(self):
            return transaction.atomic()
        """,
    "a generator": """
        def method(self):
            with transaction.atomic():
                for each in self.select_for_update():
                    yield each
        """,
    "a generator that delegates": """
        def method(self):
            yield from self.drained()

        def drained(self):
            with transaction.atomic():
                yield from self
        """,
    "a generator over another": """
        def method(self):
            for each in self.drained():
                yield each

        def drained(self):
            with transaction.atomic():
                yield from self
        """,
}
NOT_HOLDING = {
    "left before the first row": """
        def method(self):
            with transaction.atomic():
                rows = list(self)
            yield from rows
        """,
    "around each row": """
        def method(self):
            for each in self:
                with transaction.atomic():
                    each.save()
                yield each
        """,
    "another context": """
        @contextmanager
        def method(self):
            with open("log"):
                yield
        """,
    "itself": """
        def method(self):
            yield from self.method()
        """,
}


@pytest.mark.parametrize("text", HOLDING.values(), ids=HOLDING)
def test_what_holds_a_transaction_is_exclusive(text):
    found = decided(body(text))
    assert found.kind in (Kind.CONTEXT, Kind.ITERATOR)
    assert found.exclusive
    assert not found.stepped
    assert found.evidence[-1].message == "holds a transaction while it is open"


@pytest.mark.parametrize("text", NOT_HOLDING.values(), ids=NOT_HOLDING)
def test_what_does_not_hold_one_is_not(text):
    assert not decided(body(text)).exclusive


@pytest.mark.parametrize(
    ("text", "stepped"),
    [
        ("for each in self.iterator():\n    yield each.pk", False),
        ("rows = list(self)\nyield from rows", False),
        ("for each in self:\n    each.save()\n    yield each", True),
        ("for each in range(3):\n    yield self.filter(pk=each).first()", True),
        ("while self.exists():\n    yield self.first()", True),
    ],
)
def test_what_queries_between_two_rows_is_read_step_by_step(text, stepped):
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    found = decided(body(f"def method(self):\n{lines}"))
    assert found.kind is Kind.ITERATOR
    assert found.stepped is stepped


def test_the_configuration_may_say_so():
    text = body("def method(self):\n    return self.backend.rows()")
    found = decided(text, kinds={"method": "steps"})
    assert (found.kind, found.stepped) == (Kind.ITERATOR, True)
    assert not decided(text, kinds={"method": "iterator"}).stepped
