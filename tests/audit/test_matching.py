"""An expression as it was read, and its node in Python's syntax tree, find each other."""

from __future__ import annotations

import ast

import pytest
from asyncgen.audit.syntax import matches
from asyncgen.facts import Assign, Expression
from asyncgen.read.tree import read_source

# Each of these has a form of its own, so that it matches none of the others.
FORMS = (
    "crates",
    "crates.first",
    "crates.first()",
    "crates.get(1)",
    "crates.get(pk)",
    "crates[0]",
    "[*crates]",
    "[1, 2]",
    "{'a': 1}",
    "1",
    "[crate for crate in crates]",
    "[crate.pk for crate in crates]",
    "{crate for crate in crates}",
    "(crate for crate in crates)",
    "{crate: 1 for crate in crates}",
    "crates or ()",
    "1 + 2",
    "lambda: 1",
)
# Of these what matters is the same as of another.
SAME = {
    "(1, 2)": "[1, 2]",
    "'a'": "1",
    "-crates": "1 + 2",
    "a if crates else b": "crates or ()",
    "f'{crates}!'": "f'{sites}?'",
    "'%s' % crates": "'%d' % sites",
    "f'{crates!r}'": "f'a {crates!r}'",
}


def read(text: str) -> Expression:
    value = read_source(f"it = {text}", "shop", "shop.py").attributes["it"].value
    assert value is not None
    return value


def node(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize("text", FORMS)
def test_an_expression_matches_its_own_node_and_no_other(text: str) -> None:
    assert [each for each in FORMS if matches(read(text), node(each))] == [text]


@pytest.mark.parametrize("text", SAME)
def test_what_does_not_matter_is_not_compared(text: str) -> None:
    assert matches(read(text), node(text))
    assert matches(read(text), node(SAME[text]))


@pytest.mark.parametrize("text", ["(yield crates)", "(it := crates)", "await crates"])
def test_what_stands_in_a_function_alone_matches(text: str) -> None:
    (function,) = read_source(
        f"async def f():\n    x = {text}\n", "shop", "s.py"
    ).functions.values()
    (statement,) = function.body
    assert isinstance(statement, Assign)
    assert matches(statement.value, node(text))
    assert not matches(statement.value, node("crates.all()"))
