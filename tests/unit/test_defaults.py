"""What a signature says by default: copied as text, or left to the source."""

from __future__ import annotations

import ast
import re

import pytest
from asyncgen.read.tree import read_source
from asyncgen.source import COMPUTED, Parameter


def parameter(default: str) -> Parameter:
    module = read_source(f"def f(x={default}): ...", "shop", "shop.py")
    return module.functions["f"].signature.parameters[0]


ANEW = """
uuid4() | dict(a=1) | [] | {} | {1} | lambda: 1 | [x for x in y] | f'{1 = }' | f'a' 'b' | LIMITS[0]
one or two | -one | one + two | (1, []) | (x := 1) | A if B else C | Decimal('1').real | not 1
"""


@pytest.mark.parametrize("text", re.split(r" \| |\n", ANEW.strip()))
def test_what_is_evaluated_anew_is_not_copied(text: str) -> None:
    assert COMPUTED in parameter(text).default_names


SAME: dict[str, tuple[str, ...]] = {
    "None": (),
    "-1.5": (),
    "60 * 60": (),
    "...": (),
    "('a', (1, b''))": (),
    "Color.RED": ("Color",),
    "a.b.c": ("a",),
    "(LIMIT, 'x')": ("LIMIT",),
}


@pytest.mark.parametrize(("text", "names"), SAME.items())
def test_what_is_always_the_same_is_copied(text: str, names: tuple[str, ...]) -> None:
    assert parameter(text).default_names == names


@pytest.mark.parametrize(
    "text",
    [
        "'a' 'b'",
        "'a' \"b\"",
        "r'\\d' '\\n'",
        "'\\0' '1'",
        "b'a' rb'\\b'",
        "'\"' 'x'",
        "'''a''' 'b'",
        "'''one\n  two'''",
        "r'''\\d\n\t\\n'''",
        "b'''one\\\n  two'''",
    ],
)
def test_concatenated_strings_are_one_of_the_same_value(text: str) -> None:
    made = parameter(text).default
    assert made is not None
    assert isinstance(ast.parse(made, mode="eval").body, ast.Constant)
    assert ast.literal_eval(made) == ast.literal_eval(text)


@pytest.mark.parametrize(
    "text", ['"""a\n  b"""', "'''a\n'''", "r'''\\d\n'''", "b'''a\nb'''", "'a\\\n  b'"]
)
def test_a_string_over_lines_is_one_on_a_line(text: str) -> None:
    made = parameter(text).default
    assert made is not None
    assert "\n" not in made
    assert ast.literal_eval(made) == ast.literal_eval(text)


@pytest.mark.parametrize("text", ["f'{x = }'", "f'{d[\"a\"]}'", "f'{x!r:>{w}}'", "f'{d[0]  }' 'a'"])
def test_the_text_of_an_f_string_is_left_alone(text: str) -> None:
    assert parameter(text).default in (text, text.replace("'a'", '"a"'))
