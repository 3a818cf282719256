"""What an edit of bodies changes of what the last audit found: that alone is decided again.

An entry point is evaluated again where its own body is another, where an answer that it asked for
is, and where anything that is said of it stands in a file that was edited: the lines there may have
moved. Where that cannot be told apart from the rest, everything is (see `analysis.answers`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from asyncgen.analysis.answers import Again, Answers, Asked, Body, Looked, look_alike
from asyncgen.audit.engine import Engine
from asyncgen.audit.glance import glance
from asyncgen.audit.kept import Held, Kept, held, moved
from asyncgen.audit.project import Project
from asyncgen.audit.settings import is_settings
from asyncgen.edits import Edited, edited
from asyncgen.files import regular_bytes
from asyncgen.source import Later


def again(
    project: Project, before: Kept, paths: Collection[str]
) -> tuple[Kept, Iterable[Path]] | None:
    """What is to be kept now that these files are others, and what was looked for in vain; None
    where everything is to be audited again."""
    known = [each for each in before.modules if each.path in paths]
    if {each.path for each in known} != set(paths) or not _tell_the_same(before, paths):
        return None
    found = edited(known, [])
    if found is None or not all(look_alike(*each) for each in found.changed):
        return None
    if not before.answers.shared.isdisjoint(_body(old) for old, _ in found.changed):
        return None
    changed = frozenset(_body(new) for _, new in found.changed)
    return _Look(project, _moved(before, found), changed, found).again(set(map(Path, paths)))


def _tell_the_same(before: Kept, paths: Iterable[str]) -> bool:
    """Whether a glance at the files tells what it told. Settings are looked at more closely."""
    return all(
        not is_settings(Path(each)) and glance(regular_bytes(each)) == before.glances.get(each)
        for each in paths
    )


def _body(later: Later) -> Body:
    assert later.snippet is not None, "only what a file has is compared"
    return later.snippet.module, later.snippet.before


def _moved(before: Kept, found: Edited) -> Kept:
    """The same, of files whose bodies stand elsewhere."""
    bodies = {_body(old): _body(new) for old, new in found.bodies}
    names = {each.path: each for each in found.modules}
    return replace(
        before,
        units=tuple(
            replace(each, read=frozenset(bodies.get(body, body) for body in each.read))
            for each in before.units
        ),
        answers=before.answers.moved(bodies),
        modules=tuple(names.get(each.path, each) for each in before.modules),
    )


@dataclass
class _Look:
    """A look at what rests on bodies that are others now."""

    project: Project
    before: Kept
    changed: frozenset[Body]
    found: Edited

    def again(self, paths: Collection[Path]) -> tuple[Kept, Iterable[Path]] | None:
        engine = Engine(self.project)
        asked = Asked(engine.evaluator, self.project.reader.laters)
        looking = Again(self.before.answers, asked, self.changed)
        looked = looking.look()
        if looked is None or not self.is_read_as_it_was():
            return None
        todo = {at for at, each in enumerate(self.before.units) if self.is_due(each, looked, paths)}
        before = [self.before.units[at] for at in todo]
        if not all(each.is_apart for each in before):
            return None
        places = {place for each in before for place in each.unit.places}
        now, answers = held(asked, engine.units(places))
        is_told = all(each.is_apart for each in now) and not self.project.problems
        if not is_told or not looking.is_as_told(answers, looked.looked):
            return None
        together, numbers = looking.together(answers, looked.looked)
        now = tuple(moved(each, numbers) for each in now)
        if not self.leaves_room(looking, together, before, now):
            return None
        left = (each for at, each in enumerate(self.before.units) if at not in todo)
        return replace(
            self.before, units=(*left, *now), answers=together
        ), engine.evaluator.resolver.absent()

    def is_due(self, held: Held, looked: Looked, paths: Collection[Path]) -> bool:
        """Whether a unit is to be evaluated again."""
        return (
            not held.asked.isdisjoint(looked.others)
            or not held.read.isdisjoint(self.changed)
            or any(map(held.names, paths))
        )

    def is_read_as_it_was(self) -> bool:
        """Whether the files are still what was compared."""
        read = {str(path): hash_ for path, hash_ in self.project.hashes.items()}
        return all(read.get(each.path) == each.hash for each in self.found.modules)

    @staticmethod
    def leaves_room(
        looking: Again, answers: Answers, before: Iterable[Held], now: Iterable[Held]
    ) -> bool:
        """Whether what is asked no more, or newly, changes nothing of how arguments are told apart
        for others."""
        asked = frozenset(number for each in before for number in each.asked)
        asked ^= frozenset(number for each in now for number in each.asked)
        return all(looking.has_room(answers.answers[each].question) for each in asked)
