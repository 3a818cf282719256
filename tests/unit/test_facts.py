"""Facts that later stages rely on and that no golden case shows."""

from __future__ import annotations

import pytest
from asyncgen.facts import Choice, Name, Return
from asyncgen.read.tree import read_source


@pytest.mark.parametrize("word", ["and", "or"])
def test_a_boolean_operation_keeps_its_word(word: str) -> None:
    source = f"def either(a, b):\n    return a {word} b\n"
    (statement,) = read_source(source, "module", "module.py").functions["either"].body
    expected = Choice((Name("a"), Name("b")), word)
    assert statement == Return(2, expected)


def test_what_is_imported_for_types_counts_more_than_what_stands_for_it() -> None:
    source = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from models import Row, Book
else:
    Row = Other = None
Book = 1
"""
    module = read_source(source, "module", "module.py")
    assert module.imports["Row"].module == "models"
    assert module.attributes.keys() == {"Other", "Book"}
