"""Which callable is the twin of which, of classes and modules that have been imported.

A generated twin says so itself: its docstring begins ``Asynchronous `Book.total()```, whatever its
prefix and wherever it stands. What Django or somebody else wrote by hand is known by its name: a
coroutine function (or an asynchronous generator) `aget` beside `get`.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

# How a template of asyncgen begins the docstring of a twin, and what it says of its kind.
_SUMMARY = re.compile(
    r"Asynchronous `(?:\w+\.)*(\w+)(?:\(\))?`(?::(?P<how>.*)|\.(?:\n\n(?P<next>.*))?)?"
)
_MARKS = {"iterate": "async for", "enter": "async with"}


@dataclass(frozen=True, slots=True)
class Partner:
    """The other of a pair: its full name, and whether it is the twin or the sync callable."""

    name: str
    is_twin: bool


@cache
def imported(dotted: str) -> object:
    """The module, class or attribute of that name.

    Raises ImportError or AttributeError where there is no such thing.
    """
    try:
        return importlib.import_module(dotted)
    except ImportError:
        path, _, name = dotted.rpartition(".")
        if not path:
            raise
        return getattr(imported(path), name)


def summary(twin: object) -> re.Match[str] | None:
    """The match of what a generated twin says of itself; None of anything else."""
    return _SUMMARY.match(inspect.cleandoc(getattr(twin, "__doc__", None) or ""))


def mark(twin: object) -> str:
    """What stands before the call of a twin that is no coroutine function; else nothing."""
    match = summary(twin)
    if match is None:
        return "async for" if inspect.isasyncgenfunction(twin) else ""
    words = (match["how"] or match["next"] or "").split()
    return _MARKS.get(words[0].lower(), "") if words else ""


@cache
def twins(where: object) -> Mapping[str, str]:
    """Of a class or module: the name of each sync callable, and that of its twin."""
    pairs: dict[str, str] = {}
    for name in dir(where):
        member = getattr(where, name, None)
        if match := summary(member):
            pairs[match[1]] = name
        elif name[:1] == "a" and hasattr(where, name[1:]) and _is_async(member):
            pairs.setdefault(name[1:], name)
    return pairs


def partner(dotted: str) -> Partner | None:
    """The other of the pair that `dotted` belongs to. The twin of a function stands in the module
    `<module>_async`, where asyncgen puts it unless `output` says otherwise."""
    path, _, name = dotted.rpartition(".")
    home = path.removesuffix("_async")
    for sync_path, twin_path in ((path, path), (home, f"{home}_async")):
        for sync, twin in _twins_in(twin_path).items():
            if (path, name) == (sync_path, sync):
                return Partner(f"{twin_path}.{twin}", is_twin=True)
            if (path, name) == (twin_path, twin) and _exists(f"{sync_path}.{sync}"):
                return Partner(f"{sync_path}.{sync}", is_twin=False)
    return None


def _twins_in(path: str) -> Mapping[str, str]:
    """Those of the class or module of that name; none where there is no such thing."""
    try:
        return twins(imported(path))
    except (ImportError, AttributeError):
        return {}


def _is_async(member: object) -> bool:
    return inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)


def _exists(dotted: str) -> bool:
    try:
        imported(dotted)
    except (ImportError, AttributeError):
        return False
    return True
