"""The audit: entry points are evaluated, and what was seen becomes findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from asyncgen.analysis.frame import Environment
from asyncgen.analysis.values import Bound, Cause, Given, Key
from asyncgen.audit.entries import Entries, Entry
from asyncgen.audit.finding import Finding, Link
from asyncgen.audit.onloop import OnLoop
from asyncgen.audit.project import Project
from asyncgen.audit.recording import Seen
from asyncgen.audit.syntax import File
from asyncgen.audit.telling import Teller
from asyncgen.audit.twins import Twins
from asyncgen.audit.units import TWINS, Place, Rest, Unit
from asyncgen.audit.ways import Ways
from asyncgen.source import Evidence, Function, Module

_QUEUE_LIMIT = 4  # how often one function is evaluated for what it is called with


@dataclass
class Run:
    """What came of an entry point, or of several that see the same functions."""

    places: list[Place]
    seen: dict[tuple[object, ...], Seen] = field(default_factory=dict)
    names: dict[Function, str] = field(default_factory=dict)
    entries: dict[Place, list[str]] = field(default_factory=dict)
    doubts: list[Evidence] = field(default_factory=list)
    touched: set[Function] = field(default_factory=set)
    rest: Rest[Key] = field(default_factory=Rest)

    def see(self, seen: Seen) -> None:
        before = self.seen.get(seen.key)
        if before is None or before.effect.level < seen.effect.level:
            self.seen[seen.key] = seen

    def add(self, other: Run) -> None:
        self.places += other.places
        for each in other.seen.values():
            self.see(each)
        for function, name in other.names.items():
            self.names.setdefault(function, name)
        self.entries |= other.entries
        self.doubts += other.doubts
        self.rest.add(other.rest)


@dataclass
class Engine:
    """One run of an audit."""

    project: Project
    evaluator: OnLoop = field(init=False)
    modules: list[Module] = field(init=False)
    entries: Entries = field(init=False)
    _files: dict[str, File] = field(default_factory=dict)
    _asked: dict[Function, set[tuple[object, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.evaluator, self.modules = self.project.evaluator()
        on_loop = frozenset(self.project.config.audit.on_loop)
        self.entries = Entries(self.evaluator, on_loop, lambda: self.project.served)

    # -- units -------------------------------------------------------------------------------------

    def units(self, places: Collection[Place] | None = None) -> list[Unit]:
        """What is found from each entry point on, and in the twins of each module; with `places`,
        only from those."""
        wanted = list(self.wanted(places))
        self.evaluator.outcomes.first.read.clear()
        runs = _apart([self.run(place, entry) for place, entry in wanted])
        units = [self.unit(each) for each in runs]
        looks = Twins(self.evaluator, self.project.files, self.project.contents)
        for module in self.project.chosen:
            place = (module.path, TWINS)
            if places is None or place in places:
                rest: Rest[Key] = Rest()
                with rest.noted(self.evaluator.outcomes):
                    found = tuple(looks.findings([module]))
                units.append(Unit((place,), found, rest=rest))
        return units

    def wanted(self, places: Collection[Place] | None) -> Iterator[tuple[Place, Entry]]:
        """The entry points, each with its place."""
        paths = None if places is None else {path for path, _ in places}
        for module in self.modules:
            if paths is not None and module.path not in paths:
                continue
            for number, entry in enumerate(self.entries.of(module)):
                place = (module.path, number)
                if places is None or place in places:
                    yield place, entry

    def unit(self, run: Run) -> Unit:
        with run.rest.noted(self.evaluator.outcomes):
            findings = tuple(self.findings(run))
        entries = tuple((place, tuple(names)) for place, names in run.entries.items())
        untold = tuple(self.untold(run))
        return Unit(tuple(run.places), findings, untold, entries, len(run.names), run.rest)

    # -- evaluation --------------------------------------------------------------------------------

    def run(self, place: Place, entry: Entry) -> Run:
        """Evaluate a function that the loop runs, what is asynchronous inside of it, and what it
        calls or hands to the loop with arguments that tell more."""
        run = Run([place], names={entry.bound.function: entry.name}, entries={place: []})
        run.touched.add(entry.bound.function)
        with run.rest.noted(self.evaluator.outcomes):
            self.evaluator.nested.clear()
            if entry.is_on_loop:
                run.entries[place].append(entry.name)
                self.observe(run, entry.bound, (), {}, entry.why)
            else:
                self.evaluator.outcome(entry.bound)
            self.run_nested(run, entry)
            self.run_queue(run, entry)
        return run

    def run_queue(self, run: Run, entry: Entry) -> None:
        queue = self.evaluator.queue
        while queue:
            called = queue.pop()
            function = called.bound.function
            run.touched.add(function)
            known = self._asked.setdefault(function, set())
            key = (called.bound.receiver, called.given, called.environment)
            if key in known or len(known) >= _QUEUE_LIMIT:
                continue
            known.add(key)
            run.names.setdefault(function, f"{called.bound.module.name}.{function.name}")
            self.observe(run, called.bound, called.given, dict(called.environment), called.why)
            self.run_nested(run, entry)

    def run_nested(self, run: Run, entry: Entry) -> None:
        """The asynchronous functions that are defined in what just ran, with the names around."""
        evaluator = self.evaluator
        while evaluator.nested:
            function, frame = evaluator.nested.popitem()
            run.touched.add(function)
            bound = Bound(function, frame.module)
            if not function.is_async:
                evaluator.outcome(bound)
                continue
            name = f"{entry.name}.<locals>.{function.name}"
            run.names.setdefault(function, name)
            run.entries[run.places[0]].append(name)
            self.observe(run, bound, (), dict(evaluator.closure(function)), "")

    def observe(self, run: Run, bound: Bound, given: Given, around: Environment, why: str) -> None:
        """Evaluate one function in a frame that keeps what it does."""
        frame = self.evaluator.observed(bound, given, around, why)
        run.doubts += frame.doubts
        for each in frame.seen:
            run.see(each)

    # -- findings ----------------------------------------------------------------------------------

    def untold(self, run: Run) -> Iterator[Link]:
        """What could not be told."""
        files = self.project.files
        for each in run.doubts:
            if each.location and each.location.path in files:
                yield Link(files[each.location.path], each.location.line, each.message)

    def findings(self, run: Run) -> Iterator[Finding]:
        """What was seen."""
        begun: dict[str, set[int]] = {}  # the lines of transactions, by their files
        for each in run.seen.values():
            if each.effect.cause is Cause.TRANSACTION:
                begun.setdefault(each.module.path, set()).add(each.line)
        for each in run.seen.values():
            path = each.module.path
            if path not in self.project.files or self.project.is_installed(path):
                continue
            ways = Ways(self.evaluator, self.file(path), frozenset(begun.get(path, ())))
            teller = Teller(ways, self.project.files)
            finding = teller.finding(each, run.names.get(each.function, each.function.name))
            if finding is not None:
                yield finding

    def file(self, path: str) -> File:
        if path not in self._files:
            self._files[path] = File(self.project.files[path], self.project.contents)
        return self._files[path]


def _apart(runs: Sequence[Run]) -> list[Run]:
    """The runs, of which those are one that see the same functions: what is said of these is said
    once."""
    times = Counter(function for run in runs for function in run.touched)
    apart: list[Run] = []
    together: Run | None = None
    for run in runs:
        if all(times[each] == 1 for each in run.touched):
            apart.append(run)
        elif together is None:
            together = run
        else:
            together.add(run)
    return [*apart, *([together] if together else ())]
