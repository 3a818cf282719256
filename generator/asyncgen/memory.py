"""What earlier runs found out, kept by the content that it came from.

It is data: a table in JSON from which a fixed set of our own dataclasses is made, so whoever can
write one can at most have us decide wrongly, never run code. Even so, a file or folder that
somebody else owns or could write to is not used. It lies in the user's own cache folder, never in a
project.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from operator import attrgetter
from pathlib import Path
from types import ModuleType, NoneType
from typing import Any, TypeVar

from asyncgen import facts, problems, source
from asyncgen.files import private_bytes, user_folder, write_private

T = TypeVar("T")
_DAY = 24 * 60 * 60  # seconds
# A table's rows: a scalar, or a kind and the numbers of the rows that it is made of.
Row = str | int | bool | None | Sequence[str | int]
Made = list[object]
Maker = Callable[[Made, list[int]], object]
MakeLater = Callable[[source.Snippet, str], source.Later]
Taker = Callable[[Any], tuple[str, Sequence[object]]]


def digest(*parts: bytes | str) -> str:
    """The key of what was found out from `parts`, which are all that it depends on."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        digest.update(b"%d\0" % len(data))
        digest.update(data)
    return digest.hexdigest()


def recall(key: str, kind: type[T], make_later: MakeLater | None = None) -> T | None:
    """What was kept under `key`; None where there is nothing of that kind, or it is not ours.
    `make_later` makes the blocks in it that are read when they are asked for."""
    folder = user_folder()
    if folder is None:
        return None
    path = os.path.join(folder, f"{key}.json")
    data = private_bytes(path)
    if data is None:
        return None
    checksum, _, table = data.partition(b"\n")
    if checksum.decode("ascii", "replace") != digest(table):
        return None  # damaged: it is found out again
    try:
        found = decoded(json.loads(table), make_later)
    except (LookupError, TypeError, ValueError):
        return None  # of another shape: a run that went on while asyncgen was replaced kept it
    if not isinstance(found, kind):
        return None
    _note_use(path)
    return found


def keep(key: str, value: object) -> None:
    """Keep `value` for later runs, where there is a folder for it that only we can write to."""
    folder = user_folder(make=True)
    if folder is None:
        return
    # Of a long source this is the most that is in memory at once, so there is no copy too many.
    table = json.dumps(encoded(value), separators=(",", ":")).encode()
    with suppress(OSError):
        write_private(os.path.join(folder, f"{key}.json"), b"%s\n" % digest(table).encode(), table)


def prune() -> None:
    """Once a day, take out what no run has asked for in a month, or was killed while writing."""
    folder = user_folder()
    if folder is None:
        return
    with suppress(OSError):
        mark = Path(folder, "pruned")
        if mark.exists() and time.time() - mark.stat().st_mtime < _DAY:
            return
        mark.touch(mode=0o600)
        for path in mark.parent.glob("*.json*"):
            if time.time() - path.stat().st_mtime > 30 * _DAY:
                path.unlink()


def _note_use(path: str) -> None:
    with suppress(OSError):
        if time.time() - os.stat(path).st_mtime > _DAY:
            os.utime(path)


# -- values as tables -----------------------------------------------------------------------------
#
# Flat, so that no depth of an expression is too much; each value once, so that a name which stands
# in a hundred places is one row.


def encoded(value: object) -> list[Row]:
    """The table of a value; its last row stands for the value itself. Raises TypeError for what is
    no scalar, tuple, frozenset, dict, or dataclass or enumeration of ours."""
    table: list[Row] = []
    numbers: dict[object, int] = {}  # of scalars and rows, by what they say
    known: dict[int, int] = {}  # of values, by identity
    todo = [value]
    opened: list[tuple[object, str, Sequence[object]]] = []  # whose parts come first
    while todo:
        each = todo.pop()
        if each is not _CLOSE:
            if id(each) in known:
                continue
            kind, parts = _taken_apart(each)
            if parts:
                opened.append((each, kind, parts))
                todo.append(_CLOSE)
                todo += parts
                continue
        else:
            each, kind, parts = opened.pop()
        row = (kind, *[known[id(part)] for part in parts]) if kind else (each.__class__, each)
        number = None if kind in _BY_IDENTITY else numbers.get(row)
        if number is None:
            number = numbers[row] = len(table)
            table.append(row if kind else each)  # type: ignore[arg-type]  # of JSON it is a list
        known[id(each)] = number
    table.append(["same", known[id(value)]])
    return table


def decoded(table: list[Row], make_later: MakeLater | None = None) -> object:
    """The value of a table."""
    made: Made = []
    makers = dict(_MAKERS)
    if make_later:
        makers["Later"] = lambda made, row: make_later(made[row[1]], made[row[2]])  # type: ignore[arg-type]
    for row in table:
        made.append(makers[row[0]](made, row) if row.__class__ is list else row)
    return made[-1]


def _taken_apart(value: object) -> tuple[str, Sequence[object]]:
    """The kind of a value and its parts, in the order in which they are put together again; of a
    scalar no kind."""
    kind = type(value)
    take = _TAKERS.get(kind)
    if take is None:
        raise TypeError(f"{kind.__name__} is not kept")
    return take(value)


def _taker(kind: type) -> Taker:
    """What takes an object of a class of ours apart."""
    name = kind.__name__
    if issubclass(kind, Enum):
        return lambda value: (name, (value.value,))
    parts = _slots(kind)
    if len(parts) == 1:
        return lambda value: (name, (getattr(value, parts[0]),))
    take = attrgetter(*parts)
    return lambda value: (name, take(value))


def _maker(kind: type) -> Maker:
    """What makes such an object of the numbers of its rows. Frozen dataclasses with slots are
    filled slot by slot: their own `__init__` does the same by name, which takes twice as long."""
    if issubclass(kind, Enum):
        return lambda made, row: kind(made[row[1]])
    setters = [getattr(kind, name).__set__ for name in _slots(kind)]
    new, size = object.__new__, len(setters) + 1

    def make(made: Made, row: list[int]) -> object:
        if len(row) != size:
            raise ValueError(f"a {kind.__name__} has another number of parts")
        found = new(kind)
        for number, put in enumerate(setters, 1):
            put(found, made[row[number]])
        return found

    return make


def _table(later: source.Later) -> str:
    """What was made of a block, as a table of its own: most are not asked for the next time. It is
    one string, however often it is asked for: `encoded` knows values by their identity."""
    if later.made is not None and not later.table:
        later.table = json.dumps(encoded(later.made), separators=(",", ":"))
    return later.table


def _slots(kind: type) -> list[str]:
    assert is_dataclass(kind)
    return [field.name for field in fields(kind)]


def _kept_types(*modules: ModuleType) -> Iterator[type]:
    for module in modules:
        for each in vars(module).values():
            is_own = isinstance(each, type) and each.__module__ == module.__name__
            is_own &= each is not source.Later
            if is_own and (is_dataclass(each) or issubclass(each, Enum)):
                yield each


_CLOSE = object()  # after the parts of a value comes the value
_KEPT = tuple(_kept_types(facts, problems, source))
# What makes a container: two of them are two, also where they say the same (`analysis.growth`).
_MAKING = (facts.Assign, facts.Bind, facts.Call, facts.Comprehension, facts.Display)
_BY_IDENTITY = frozenset(
    each.__name__
    for each in (*_KEPT, source.Later)
    if issubclass(each, (*_MAKING, facts.Definition, source.Module, source.Later))
)
_TAKERS: Mapping[type, Taker] = {
    **dict.fromkeys((bool, int, str, NoneType), lambda value: ("", ())),
    tuple: lambda value: ("tuple", value),
    frozenset: lambda value: ("frozenset", sorted(value)),
    dict: lambda value: ("dict", [part for item in value.items() for part in item]),
    source.Later: lambda value: ("Later", (value.snippet, _table(value))),
    **{each: _taker(each) for each in _KEPT},
}
_MAKERS: Mapping[str, Maker] = {
    "same": lambda made, row: made[row[1]],
    "tuple": lambda made, row: tuple([made[number] for number in row[1:]]),
    "frozenset": lambda made, row: frozenset([made[number] for number in row[1:]]),
    "dict": lambda made, row: {made[row[at]]: made[row[at + 1]] for at in range(1, len(row), 2)},
    **{each.__name__: _maker(each) for each in _KEPT},
}
