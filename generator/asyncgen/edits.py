"""What an edit of a source can matter for: after most of them nothing is decided again.

The facts of the file as it is are compared with those that the last build had of it. What is equal
but for the numbers of its lines decides the same. Where only bodies of functions are others, what
was read for which answer tells what is to be looked at again (see `analysis.answers`). Where
anything else is, all is decided anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import pairwise
from pathlib import Path

from asyncgen import memory
from asyncgen.facts import Block
from asyncgen.files import hash_of_file
from asyncgen.header import bears_header
from asyncgen.problems import AsyncgenError, Location, as_json, from_json
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


@dataclass(frozen=True, slots=True)
class Edited:
    """The modules as they are now, and the warnings with the lines as they are now. `bodies` are
    those that stand elsewhere or are others, as they were and as they are; `changed` those of them
    that say something else."""

    modules: list[Known]
    warnings: list[str]
    bodies: list[tuple[Later, Later]]
    changed: list[tuple[Later, Later]]


def edited(known: Sequence[Known], warnings: Sequence[str]) -> Edited | None:
    """What was edited in modules since the last build; None where it is more than bodies.

    `warnings` are those of the last build, as JSON: the lines that they name may be others now.
    """
    files = Files()
    found = Edited([], list(warnings), [], [])
    for each in known:
        before = memory.recall(each.key, Module, files.later(each.key))
        if before is None or bears_header(Path(each.path)):
            return None
        # Before it is read, so that a change in between is seen.
        looked_at = hash_of_file(each.path)
        try:
            now = files.read(Path(each.path), each.name, each.shown)
        except AsyncgenError:
            return None
        comparison = Comparison()
        if not comparison.alike(before, now):
            return None
        moved = [_moved(warning, each.shown, comparison.lines) for warning in found.warnings]
        found.warnings[:] = filter(None, moved)
        if len(found.warnings) < len(moved):
            return None
        found.modules.append(Known(each.path, files.key_of[now], each.name, each.shown, looked_at))
        found.bodies.extend(comparison.bodies)
        found.changed.extend(comparison.changed)
    files.keep()
    return found


def _moved(warning: str, shown: str, lines: dict[int, int]) -> str | None:
    """The warning, on the line where it stands now; None where that cannot be told."""
    problem = from_json(warning)
    if shown in problem.message or shown in problem.hint:
        return None
    if problem.location is None or problem.location.path != shown:
        return warning
    line = lines.get(problem.location.line)
    return as_json(replace(problem, location=Location(shown, line))) if line else None


@dataclass
class Comparison:
    """Compares facts of two versions of a file. Their lines may differ, but in the same way all
    over: what stood on one line stands on one line, and in the same order."""

    lines: dict[int, int] = field(default_factory=dict)
    bodies: list[tuple[Later, Later]] = field(default_factory=list)
    changed: list[tuple[Later, Later]] = field(default_factory=list)

    def alike(self, before: Module, now: Module) -> bool:
        """Whether they say the same, but for bodies that may be read later."""
        return self.same(before, now) and self.is_in_order()

    def is_in_order(self) -> bool:
        now = [self.lines[line] for line in sorted(self.lines)]
        return all(one < other for one, other in pairwise(now))

    def same(self, before: object, now: object) -> bool:
        if isinstance(before, Later) and isinstance(now, Later):
            self.compare(before, now)
            return True
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

    def compare(self, before: Later, now: Later) -> None:
        """Note bodies of one function, and whether they are the same but for their lines."""
        self.bodies.append((before, now))
        one, other = before.snippet, now.snippet
        if one and other and one.text == other.text:
            if one.before == other.before:
                now.table = before.table
        elif not Comparison().alike_blocks(before.read(), now.read()):
            self.changed.append((before, now))

    def alike_blocks(self, before: Block, now: Block) -> bool:
        return self.same(before, now) and self.is_in_order()
