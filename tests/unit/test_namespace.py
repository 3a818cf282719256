"""Names that a written file gives to what it uses."""

from __future__ import annotations

import pytest
from asyncgen.namespace import Namespace


@pytest.mark.parametrize("name", ["given", "_given", "shop.models"])
@pytest.mark.parametrize("taken", [1, 2, 3])
def test_no_name_has_two_underscores_before_it(name: str, taken: int) -> None:
    """Python would take it for another in a class."""
    names: set[str] = set()
    for _ in range(taken + 1):
        scope = Namespace(frozenset({"shop", "given", "_given"}))
        names.add(scope.own(name, frozenset(names)))
    assert len(names) == taken + 1
    assert all(each.isidentifier() and not each.startswith("__") for each in names)
