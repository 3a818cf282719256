"""Facts that later stages rely on and that no golden case shows."""

from __future__ import annotations

import pytest
from asyncgen.model import Choice, Name, Return
from asyncgen.read.tree import read_source


@pytest.mark.parametrize("word", ["and", "or"])
def test_a_boolean_operation_keeps_its_word(word: str) -> None:
    source = f"def either(a, b):\n    return a {word} b\n"
    (statement,) = read_source(source, "module", "module.py").functions["either"].body
    expected = Choice((Name("a"), Name("b")), (Name("a"),), word)
    assert statement == Return(2, expected)
