"""Whether an edit of a source can matter: after most of them nothing is decided again.

The facts of the file as it is are compared with those that the last build had of it. What is equal
but for the numbers of its lines, and for the bodies that nobody asked for, decides the same. Where
it is not, everything is decided anew: an answer about one function may rest on any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import pairwise
from pathlib import Path

from asyncgen import memory
from asyncgen.files import hash_of_file
from asyncgen.header import bears_header
from asyncgen.problems import AsyncgenError, Location
from asyncgen.read import Files
from asyncgen.source import Later, Module


@dataclass(frozen=True, slots=True)
class Known:
    """A module of the last build: its file, the key that its facts are kept under, its name, and
    how its path is shown."""

    path: str
    key: str
    name: str
    shown: str
    hash: str = ""  # of what was looked at


def still_hold(known: Sequence[Known], warnings: Sequence[str]) -> list[Known] | None:
    """The modules as they are now, where what changed in them can change nothing; else None.

    `warnings` are those of the last build, as JSON: the lines that they name may be others now.
    """
    files = Files()
    found = []
    for each in known:
        if any(each.shown in warning for warning in warnings) or bears_header(Path(each.path)):
            return None
        before = memory.recall(each.key, Module, files.later(each.key))
        if before is None:
            return None
        # Before it is read, so that a change in between is seen.
        looked_at = hash_of_file(each.path)
        try:
            now = files.read(Path(each.path), each.name, each.shown)
        except AsyncgenError:
            return None
        if not Comparison().alike(before, now):
            return None
        found.append(Known(each.path, files.key_of[now], each.name, each.shown, looked_at))
    files.keep()
    return found


@dataclass
class Comparison:
    """Compares facts of two versions of a file. Their lines may differ, but in the same way all
    over: what stood on one line stands on one line, and in the same order."""

    lines: dict[int, int] = field(default_factory=dict)

    def alike(self, before: Module, now: Module) -> bool:
        """Whether they say the same, the bodies that nobody asked for aside."""
        return self.same(before, now) and self.is_in_order()

    def is_in_order(self) -> bool:
        now = [self.lines[line] for line in sorted(self.lines)]
        return all(one < other for one, other in pairwise(now))

    def same(self, before: object, now: object) -> bool:
        if isinstance(before, Later) or isinstance(now, Later):
            return self.same_block(before, now)
        if type(before) is not type(now):
            return False
        match before, now:
            case (tuple(), tuple()):
                return len(before) == len(now) and all(map(self.same, before, now))
            case (dict(), dict()):
                return list(before) == list(now) and all(
                    map(self.same, before.values(), now.values())
                )
            case (Location(), Location()):
                return before.path == now.path and self.same_line(before.line, now.line)
        if is_dataclass(before) and is_dataclass(now):
            return all(
                self.same_line(getattr(before, each.name), getattr(now, each.name))
                if each.name == "line"
                else self.same(getattr(before, each.name), getattr(now, each.name))
                for each in fields(before)
            )
        return before == now

    def same_line(self, before: int, now: int) -> bool:
        return self.lines.setdefault(before, now) == now

    def same_block(self, before: object, now: object) -> bool:
        """Whether a body is the same, or was not asked for: then it has nothing that is known
        without asking, before and now."""
        was_asked = not isinstance(before, Later) or bool(before.table)
        if not was_asked:
            return isinstance(now, Later)
        return self.same(
            before.block if isinstance(before, Later) else before,
            now.block if isinstance(now, Later) else now,
        )
