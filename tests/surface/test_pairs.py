"""Every pair in asyncgen_django: override the sync side, await the twin, the override ran once."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partialmethod
from typing import Any

import pytest
from areas import areas, mixins
from django.db.models import Model

# Twins of what is no single method: of iteration.
PROTOCOLS = frozenset({"__aiter__", "alist", "__class_getitem__"})


def pairs() -> Iterator[tuple[type, type, str]]:
    for mixin, source in mixins():
        for name in vars(mixin):
            if name.startswith("a") and name not in PROTOCOLS:
                yield mixin, source, name


PAIRS = [
    pytest.param(*each, id=f"{each[1].__module__}.{each[1].__name__}.{each[2]}") for each in pairs()
]


class Anything(list[Any]):
    """What an override returns: it can be iterated over, and be entered."""

    def __enter__(self) -> None: ...

    def __exit__(self, *exception: object) -> None: ...


def overridden(source: type, name: str, calls: list[str]) -> Any:
    """An override of the same binding as what it overrides."""

    def override(*args: Any, **options: Any) -> Anything:
        calls.append(name)
        return Anything()

    match inspect.getattr_static(source, name):
        case classmethod():
            return classmethod(override)
        case staticmethod():
            return staticmethod(override)
        case partialmethod():  # made by Django, of a field
            return override
        case found if not callable(found):  # a property, cached or not
            return property(override)
    return override


def arguments(function: Any) -> list[object]:
    required = [
        each
        for each in inspect.signature(function).parameters.values()
        if each.default is each.empty and each.kind.name.startswith("POSITIONAL")
    ]
    return [object() for _ in required]


async def finish(result: Any) -> None:
    if inspect.isasyncgen(result):
        async for _ in result:
            pass
    elif hasattr(result, "__aenter__"):
        async with result:
            pass
    else:
        await result


@pytest.mark.asyncio
@pytest.mark.parametrize(("mixin", "source", "name"), PAIRS)
async def test_no_override_is_bypassed(mixin: type, source: type, name: str) -> None:
    calls: list[str] = []
    sync = name.removeprefix("a")
    # A model cannot be subclassed without another table.
    bases = (mixin,) if issubclass(source, Model) else (mixin, source)
    probe = (
        type(source)("Probe", bases, {}) if type(source) is type else type("Probe", (mixin,), {})
    )
    setattr(probe, sync, overridden(source, sync, calls))
    instance = object.__new__(probe)
    instance.__dict__["_result_cache"] = None
    twin = getattr(instance, name)
    await finish(twin(*arguments(twin)))
    assert calls == [sync]


@pytest.mark.parametrize(("mixin", "source", "name"), PAIRS)
def test_twins_have_the_attributes_of_what_they_call(mixin: type, source: type, name: str) -> None:
    """alters_data, which templates look at; dependencies, by which dumpdata sorts models."""
    sync = getattr(source, name.removeprefix("a"), None)
    if inspect.isfunction(sync) or inspect.ismethod(sync):
        marks = {each: mark for each, mark in vars(sync).items() if not each.startswith("_")}
        assert marks.items() <= vars(vars(mixin)[name]).items()


@pytest.mark.asyncio
async def test_functions_call_what_stands_in_djangos_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 0
    for twins, source in areas():
        for name in twins.__all__:
            if name.startswith("a"):
                calls: list[str] = []
                sync = name.removeprefix("a")
                monkeypatch.setattr(source, sync, overridden(source, sync, calls))
                twin = getattr(twins, name)
                await finish(twin(*arguments(twin)))
                assert calls == [sync]
                count += 1
    assert count >= 8


def test_there_are_as_many_pairs_as_were_probed_by_hand() -> None:
    print(f"{len(PAIRS)} pairs, none bypassed")
    assert len(PAIRS) >= 114
