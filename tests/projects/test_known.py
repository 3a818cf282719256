"""Kinds and types of packages change only where somebody has read the change (see known.py)."""

from __future__ import annotations

import pytest

from tests.projects.download import CACHE, DownloadError, Package, roots
from tests.projects.known import TABLES, every, known, written

UPDATE = "if that is right: python -m tests.projects.known, and read the diff"


def changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Both sides of each callable of which another thing is known than before."""
    return [
        f"{name}: was {before.get(name, 'absent')}, is {now.get(name, 'absent')}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]


@pytest.mark.parametrize("package", every(), ids=lambda package: package.name)
def test_what_is_known_is_what_was_known(package: Package) -> None:
    try:
        roots(package)
    except DownloadError as error:
        pytest.skip(f"{error} (unpack it to {CACHE} by hand to run this)")
    assert changes(written(package), known(package)) == [], UPDATE


def test_a_change_shows_both_sides() -> None:
    before = {"a": "value int", "b": "pure str", "c": "hook ?"}
    now = {"a": "value int", "b": "value str", "d": "pure None"}
    assert changes(before, now) == [
        "b: was pure str, is value str",
        "c: was hook ?, is absent",
        "d: was absent, is pure None",
    ]


def test_each_package_has_a_table() -> None:
    assert {path.stem for path in TABLES.iterdir()} == {each.name for each in every()}
