"""What an audit finds from one entry point on, apart from the others, and what that rests on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from asyncgen.analysis.values import Key
from asyncgen.audit.finding import Audit, Finding, Level, Link
from asyncgen.fixpoint import Fixpoint
from asyncgen.problems import Problem

K = TypeVar("K", bound=Hashable)

Place: TypeAlias = tuple[str, int]  # a file, as it is shown, and the number of an entry point in it
TWINS = -1  # the number for what is said of the twins in a file


@dataclass
class Rest(Generic[K]):
    """What something rests on: the bodies that were read for it, and the questions that were asked.
    `is_apart`: on nothing else, so that it is the same whatever was asked before."""

    read: dict[object, None] = field(default_factory=dict)
    asked: dict[K, None] = field(default_factory=dict)
    is_apart: bool = True

    @contextmanager
    def noted(self, outcomes: Fixpoint[K, Any]) -> Iterator[None]:
        """Note what is read and asked meanwhile."""
        first = outcomes.first
        first.read.clear()
        first.asked.clear()
        first.is_apart = True
        yield
        self.read.update(first.read)
        self.asked.update(first.asked)
        self.is_apart &= first.is_apart
        first.read.clear()
        first.asked.clear()

    def add(self, other: Rest[K]) -> None:
        self.read.update(other.read)
        self.asked.update(other.asked)
        self.is_apart &= other.is_apart


@dataclass(frozen=True)
class Unit:
    """What is found from some entry points on, which see the same functions, and nobody else does;
    mostly it is one. `functions` is how many were looked at on the loop, `entries` has the names of
    those that the loop begins with."""

    places: tuple[Place, ...]
    findings: tuple[Finding, ...] = ()
    untold: tuple[Link, ...] = ()
    entries: tuple[tuple[Place, tuple[str, ...]], ...] = ()
    functions: int = 0
    rest: Rest[Key] = field(default_factory=Rest)


def told(units: Iterable[Unit], possible: bool, problems: Sequence[Problem]) -> Audit:
    """All of it, in the order of the files and lines; of a statement and a code one finding."""
    made: dict[tuple[object, ...], Finding] = {}
    twins: dict[tuple[object, ...], Finding] = {}
    untold: dict[Link, None] = {}
    entries: dict[Place, tuple[str, ...]] = {}
    functions = 0
    for unit in units:
        is_of_twins = unit.places[0][1] == TWINS
        for each in unit.findings:
            if not possible and each.level is not Level.CERTAIN:
                continue
            if is_of_twins:
                twins[each.path, each.line, each.code] = each
            else:
                made.setdefault((each.path, each.line, each.column, each.code), each)
        untold |= dict.fromkeys(unit.untold)
        entries |= dict(unit.entries)
        functions += unit.functions
    ordered = sorted(
        (*made.values(), *twins.values()),
        key=lambda one: (one.path, one.line, one.column, one.code),
    )
    return Audit(
        tuple(ordered),
        functions,
        tuple(name for place in sorted(entries) for name in entries[place]),
        tuple(sorted(untold, key=lambda link: (link.path, link.line, link.text))),
        tuple(dict.fromkeys(problems)),
    )
