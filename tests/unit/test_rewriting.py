"""Annotations without their quotes are as ruff and black leave them."""

from __future__ import annotations

import pytest
from asyncgen.stub.rewriting import Rewriting


@pytest.mark.parametrize(
    ("text", "unquoted"),
    [
        ("\"Literal['title', 'date']\"", 'Literal["title", "date"]'),
        ("dict[str, \"Literal['n']\"]", 'dict[str, Literal["n"]]'),
        ('"dict[ str,int ]|None"', "dict[str, int] | None"),
        ("'list[\"Book\"]'", "list[Book]"),
        ("Literal['a']", "Literal['a']"),  # which is no string, and was formatted when it was read
    ],
)
def test_a_string_is_written_without_its_quotes(text: str, unquoted: str) -> None:
    assert Rewriting(translate=lambda chain: chain).text(text) == unquoted
