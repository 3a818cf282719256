"""Defaults, annotations and decorators as they are written again: one text for every layout."""

from __future__ import annotations

import ast

import libcst as cst
import pytest
from asyncgen.read.canonical import canonical_text

WRITTEN = {
    "( 1,2 )": "(1, 2)",
    "'a'": '"a"',
    "'\"'": "'\"'",
    r"'it\'s'": '"it\'s"',
    r"R'\d'": r'r"\d"',
    r"rb'\d'": r'rb"\d"',
    "u'a'": '"a"',
    "B'a'": 'b"a"',
    "'a' 'b'": '"ab"',
    "'a' r'b'": '"ab"',
    r"'\0' '1'": r'"\x001"',
    "0XfF": "0xFF",
    "1E5": "1e5",
    "1.E5": "1.0e5",
    ".5": "0.5",
    "5.": "5.0",
    "2 ** 3": "2**3",
    "-x.y**2": "-x.y**2",
    "x ** -y.z": "x**-y.z",
    "f(x) ** 2": "f(x) ** 2",
    "2 ** (x + 1)": "2 ** (x + 1)",
    "2*3": "2 * 3",
    "{'a':1}": '{"a": 1}',
    "f( x , y = 1 )": "f(x, y=1)",
    "lambda x = 1:x": "lambda x=1: x",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_what_is_written_again_has_one_layout_and_the_same_meaning(text: str) -> None:
    made = canonical_text(cst.parse_expression(text))
    assert made == WRITTEN[text]
    assert ast.unparse(ast.parse(made)) == ast.unparse(ast.parse(text)).removeprefix("u")
