"""Django's own overrides of what has a twin: each takes what the twin that it inherits passes on,
or has one of its own."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import django
from areas import mixins

ROOT = Path(django.__file__).parent
# What cannot be imported without more than Django, and what is no module of a program.
WITHOUT = {"conf", "gis", "migrations", "postgres"}
BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def import_django() -> None:
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if WITHOUT.isdisjoint(parts) and parts[-1] != "__main__":
            with suppress(Exception):  # of an app that is not installed
                importlib.import_module(".".join(("django", *parts)))


def subclasses(found: type) -> Iterator[type]:
    for each in type.__subclasses__(found):
        yield each
        yield from subclasses(each)


def takes(override: inspect.Signature, twin: inspect.Signature) -> bool:
    """Whether the override takes, for the parameters of the same names, what the twin passes on:
    whatever can go by position does."""
    names = [each.name for each in twin.parameters.values() if each.kind in BY_POSITION]
    keywords = {each.name: each.name for each in twin.parameters.values() if each.kind == 3}
    try:
        bound = override.bind(*names, **keywords).arguments
    except TypeError:
        return False
    own = {name: value for name, value in bound.items() if isinstance(value, str)}
    return all(name == value for name, value in own.items())


def test_no_override_of_djangos_is_called_with_what_it_does_not_take() -> None:
    import_django()
    covered = {source: mixin for mixin, source in mixins()}
    seen: list[str] = []
    wrong: list[str] = []
    for source, mixin in covered.items():
        for cls in {each for each in subclasses(source) if each.__module__.startswith("django.")}:
            if next(each for each in cls.__mro__ if each in covered) is not source:
                continue  # it inherits the twins of another
            for twin in vars(mixin):
                sync = twin.removeprefix("a")
                if sync == twin or not inspect.isfunction(vars(cls).get(sync)):
                    continue
                if twin in vars(cls):
                    continue  # by hand, in the managers of relations
                passes = inspect.signature(vars(source).get(sync) or getattr(source, sync))
                seen.append(f"{cls.__module__}.{cls.__qualname__}.{sync}")
                if not takes(inspect.signature(vars(cls)[sync]), passes):
                    wrong.append(seen[-1])
    print(f"{len(seen)} overrides")
    assert len(seen) > 20
    assert not wrong
