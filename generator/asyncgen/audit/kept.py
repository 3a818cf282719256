"""What is kept of an audit for the next one: the units of it as data, with what each rests on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asyncgen.analysis.answers import Answers, Asked, Body
from asyncgen.audit.data import Row, finding, link, of_finding, of_link
from asyncgen.audit.project import Project
from asyncgen.audit.units import Unit
from asyncgen.edits import Known


@dataclass(frozen=True, slots=True)
class Held:
    """A unit, with the numbers of the answers that it asked for and the bodies that were read for
    it. `is_apart`: it rests on nothing else."""

    unit: Unit
    asked: frozenset[int]
    read: frozenset[Body]
    is_apart: bool

    def names(self, path: Path) -> bool:
        """Whether a file is named in anything that is said."""
        return any(path == each.path for each in self.unit.untold) or any(
            path in (each.path, *(link.path for link in each.chain)) for each in self.unit.findings
        )


@dataclass(frozen=True)
class Kept:
    """All units of an audit, with the answers that they rest on; and of each file of the project
    that was read how to find its facts, and what a glance at it told."""

    units: tuple[Held, ...]
    answers: Answers
    modules: tuple[Known, ...]
    glances: Mapping[str, str]

    def as_text(self) -> str:
        units = [_of_held(each) for each in self.units]
        modules = [(each.path, each.key, each.name, each.shown) for each in self.modules]
        return json.dumps([units, self.answers.as_text(), modules, dict(self.glances)])

    @classmethod
    def from_text(cls, text: str) -> Kept:
        """Raises ValueError, TypeError or LookupError where the text is something else."""
        units, answers, modules, glances = json.loads(text)
        return cls(
            tuple(map(_held, units)),
            Answers.from_text(answers),
            tuple(Known(*each) for each in modules),
            glances,
        )


def held(asked: Asked, units: Iterable[Unit]) -> tuple[tuple[Held, ...], Answers]:
    """The units with what they rest on, and the answers that this is."""
    known = list(units)
    keys = dict.fromkeys(key for unit in known for key in unit.rest.asked)
    numbers, answers = asked.numbered(keys)
    made = []
    for unit in known:
        rest = frozenset(numbers[key] for key in unit.rest.asked)
        is_apart = unit.rest.is_apart and all(map(answers.is_apart, rest))
        made.append(Held(unit, rest, frozenset(asked.bodies(unit.rest.read)), is_apart))
    return tuple(made), answers


def modules_of(project: Project) -> Iterator[Known]:
    """The project's own files that were read."""
    keys = project.reader.key_of
    for module, key in keys.items():
        path = project.files[module.path]
        if path in project.texts:
            yield Known(str(path), key, module.name, module.path)


def moved(held: Held, numbers: Sequence[int]) -> Held:
    """The same, of answers that have other numbers."""
    return replace(held, asked=frozenset(numbers[each] for each in held.asked))


# -- as rows ---------------------------------------------------------------------------------------


def _of_held(held: Held) -> Row:
    unit = held.unit
    return (
        unit.places,
        [of_finding(each) for each in unit.findings],
        [of_link(each) for each in unit.untold],
        unit.entries,
        unit.functions,
        sorted(held.asked),
        sorted(held.read),
        held.is_apart,
    )


def _held(row: Row) -> Held:
    places, findings, untold, entries, functions, asked, read, is_apart = row
    unit = Unit(
        tuple(map(_place, places)),
        tuple(map(finding, findings)),
        tuple(map(link, untold)),
        tuple((_place(place), tuple(names)) for place, names in entries),
        functions,
    )
    return Held(unit, frozenset(asked), frozenset(map(_place, read)), is_apart)


def _place(row: Row) -> tuple[str, int]:
    path, number = row
    return str(path), int(number)
