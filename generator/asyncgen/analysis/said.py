"""Questions to the analysis and their answers as data, so that another run can ask the same.

What stands in a file is said by its name; what has none there (a function inside of another, a
lambda) cannot be said. Lines are left out: they move without anything being another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import TypeAlias, cast

from asyncgen.analysis import types, values
from asyncgen.analysis.core import Core
from asyncgen.analysis.values import Bound, Proved
from asyncgen.source import Class, Evidence, Function

Data: TypeAlias = "bool | int | str | list[Data] | None"


class Unsaid(Exception):
    """Something has no name in a file."""


@dataclass(frozen=True)
class Speech:
    """Says values and reads them again, by the names that `core` finds."""

    core: Core

    def said(self, value: object) -> Data:
        """The value as data. Raises Unsaid."""
        match value:
            case Enum():
                return [type(value).__name__, cast(Data, value.value)]
            case None | bool() | int() | str():
                return value
            case Class():
                return self._class(value)
            case Bound():
                return self._bound(value)
            case Evidence(message=message):
                return ["Evidence", message]
            case Proved():
                return ["Proved", self._set(value), self.said(value.types)]
            case frozenset():
                return ["set", *self._set(value)]
            case tuple():
                return ["tuple", *map(self.said, value)]
        if type(value) not in _PARTS:
            raise Unsaid
        parts = (getattr(value, name) for name in _PARTS[type(value)])
        return [type(value).__name__, *map(self.said, parts)]

    def _set(self, value: frozenset[object]) -> list[Data]:
        return sorted(map(self.said, value), key=json.dumps)

    def _class(self, cls: Class) -> Data:
        if self.core.resolver.dotted(cls.dotted) is not cls:
            raise Unsaid
        return ["Class", cls.dotted]

    def _bound(self, bound: Bound) -> Data:
        function, owner = bound.function, bound.owner
        found = (owner or bound.module).functions.get(function.name)
        if (
            found is not function
            or self.core.resolver.readable(bound.module.name) is not bound.module
        ):
            raise Unsaid
        where = [self.said(owner), self.said(bound.receiver)]
        return ["Bound", bound.module.name, function.name, *where]

    def meant(self, data: Data) -> object:
        """What was said. Raises Unsaid where it is there no more."""
        if not isinstance(data, list):
            return data
        kind, *parts = data
        match kind, parts:
            case "Class", [str(dotted)]:
                definition = self.core.resolver.dotted(dotted)
                if isinstance(definition, Class):
                    return definition
                raise Unsaid
            case "Bound", [str(module), str(name), owner, receiver]:
                return self._bound_meant(module, name, self.meant(owner), self.meant(receiver))
            case "Evidence", [str(message)]:
                return Evidence(message)
            case "Proved", [list(members), known]:
                return Proved(map(self.meant, members), self.meant(known))  # type: ignore[arg-type]
            case "set", _:
                return frozenset(map(self.meant, parts))
            case "tuple", _:
                return tuple(map(self.meant, parts))
        made = _SAID.get(str(kind))
        if made is None:
            raise Unsaid
        return made(*map(self.meant, parts))

    def _bound_meant(self, module: str, name: str, owner: object, receiver: object) -> Bound:
        where = self.core.resolver.readable(module)
        functions: Mapping[str, Function] = {}
        if isinstance(owner, Class):
            functions = owner.functions
        elif where:
            functions = where.functions
        if where is None or name not in functions:
            raise Unsaid
        return Bound(functions[name], where, owner, receiver)  # type: ignore[arg-type]

    def digest(self, answer: object) -> str:
        """A hash of an answer; empty where it cannot be said."""
        try:
            return hashlib.sha256(json.dumps(self.said(answer)).encode()).hexdigest()[:24]
        except Unsaid:
            return ""


_SAID: Mapping[str, type] = {
    name: each
    for module in (values, types)
    for name, each in vars(module).items()
    if isinstance(each, type)
    and each.__module__ == module.__name__
    and (is_dataclass(each) or issubclass(each, Enum))
}
_PARTS: Mapping[type, Sequence[str]] = {
    each: [part.name for part in fields(each) if part.init]
    for each in _SAID.values()
    if is_dataclass(each)
}
