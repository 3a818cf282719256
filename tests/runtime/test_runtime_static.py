"""Twins of static methods."""

from __future__ import annotations

import inspect
from typing import get_type_hints

import pytest
from asyncgen_runtime import iterator_to_async, static_twin, sync_to_async


class Twins:
    @static_twin
    async def aparse(owner, text: str, /, *, strict: bool = False) -> tuple[str, str, bool]:
        "Parse."
        return await sync_to_async(owner.parse)(text, strict=strict)

    @static_twin
    def arows(owner, count):
        return iterator_to_async(owner.rows)(count)

    aparse.alters_data = True


class Base(Twins):
    @staticmethod
    def parse(text, /, *, strict=False):
        return "Base", text, strict

    @staticmethod
    def rows(count):
        return range(count)


class Derived(Base):
    @staticmethod
    def parse(text, /, *, strict=False):
        return "Derived", text, strict


def test_owner_is_the_class_looked_up_through(run):
    assert run(Base.aparse("t")) == ("Base", "t", False)
    assert run(Base().aparse("t", strict=True)) == ("Base", "t", True)
    assert run(Derived.aparse("t")) == ("Derived", "t", False)
    assert run(Derived().aparse("t")) == ("Derived", "t", False)
    assert run(super(Derived, Derived).aparse("t")) == ("Derived", "t", False)


def test_iterators(run):
    async def main():
        return [row async for row in Derived().arows(3)]

    assert run(main()) == [0, 1, 2]


def test_looks_like_a_static_coroutine_function():
    assert isinstance(inspect.getattr_static(Base, "aparse"), staticmethod)
    assert inspect.iscoroutinefunction(Base.aparse)
    assert inspect.iscoroutinefunction(Base().aparse)
    assert not inspect.iscoroutinefunction(Base.arows)
    assert inspect.isfunction(Base.aparse)  # For Manager.from_queryset, which asks just that.
    assert str(inspect.signature(Base.aparse)).startswith("(text: ")
    assert list(inspect.signature(Base.arows).parameters) == ["count"]
    assert (Base.aparse.__name__, Base.aparse.__doc__) == ("aparse", "Parse.")
    assert Base.aparse.__qualname__ == "Twins.aparse"
    assert Base.aparse.__module__ == __name__
    assert get_type_hints(Base.aparse)["text"] is str


def test_marks_set_on_the_twin_are_seen():
    assert Base.aparse.alters_data is True
    assert not hasattr(Base.arows, "alters_data")


def test_no_owner_to_pass():
    with pytest.raises(TypeError):
        Base.arows(Base, 3)
