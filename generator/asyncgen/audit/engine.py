"""The audit: entry points are evaluated, and what was seen becomes findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncgen.analysis.frame import Environment
from asyncgen.analysis.values import Bound, Cause, Given
from asyncgen.audit.entries import Entries, Entry
from asyncgen.audit.finding import Audit, Finding, Level, Link
from asyncgen.audit.onloop import OnLoop
from asyncgen.audit.project import Project
from asyncgen.audit.recording import Seen
from asyncgen.audit.syntax import File
from asyncgen.audit.telling import Teller
from asyncgen.audit.twins import Twins
from asyncgen.audit.ways import Ways
from asyncgen.source import Evidence, Function, Module

_QUEUE_LIMIT = 4  # how often one function is evaluated for what it is called with


@dataclass
class Engine:
    """One run of an audit."""

    project: Project
    evaluator: OnLoop = field(init=False)
    modules: list[Module] = field(init=False)
    seen: dict[tuple[object, ...], Seen] = field(default_factory=dict)
    names: dict[Function, str] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)
    doubts: list[Evidence] = field(default_factory=list)
    _asked: dict[Function, set[tuple[object, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.evaluator, self.modules = self.project.evaluator()

    def audit(self, possible: bool) -> Audit:
        entries = Entries(
            self.evaluator,
            frozenset(self.project.config.audit.on_loop),
            lambda: self.project.served,
        )
        for module in self.modules:
            for entry in entries.of(module):
                self.names[entry.bound.function] = entry.name
                self.enter(entry)
        return Audit(
            tuple(self.findings(possible)),
            len(self.names),
            tuple(self.entries),
            self.untold(),
            tuple(dict.fromkeys(self.project.problems)),
        )

    # -- evaluation --------------------------------------------------------------------------------

    def enter(self, entry: Entry) -> None:
        """Evaluate a function that the loop runs, what is asynchronous inside of it, and what it
        calls or hands to the loop with arguments that tell more."""
        evaluator = self.evaluator
        evaluator.nested.clear()
        if entry.is_on_loop:
            self.entries.append(entry.name)
            self.run(entry.bound, (), {}, entry.why)
        else:
            evaluator.outcome(entry.bound)
        self.run_nested(entry)
        while evaluator.queue:
            called = evaluator.queue.pop()
            function = called.bound.function
            known = self._asked.setdefault(function, set())
            key = (called.bound.receiver, called.given, called.environment)
            if key in known or len(known) >= _QUEUE_LIMIT:
                continue
            known.add(key)
            self.names.setdefault(function, f"{called.bound.module.name}.{function.name}")
            self.run(called.bound, called.given, dict(called.environment), called.why)
            self.run_nested(entry)

    def run_nested(self, entry: Entry) -> None:
        """The asynchronous functions that are defined in what just ran, with the names around."""
        evaluator = self.evaluator
        while evaluator.nested:
            function, frame = evaluator.nested.popitem()
            if not function.is_async:
                evaluator.outcome(Bound(function, frame.module))
                continue
            name = f"{entry.name}.<locals>.{function.name}"
            self.names.setdefault(function, name)
            self.entries.append(name)
            bound = Bound(function, frame.module)
            self.run(bound, (), dict(evaluator.closure(function)), "")

    def run(self, bound: Bound, given: Given, around: Environment, why: str) -> None:
        """Evaluate one function in a frame that keeps what it does."""
        frame = self.evaluator.observed(bound, given, around, why)
        self.doubts += frame.doubts
        for each in frame.seen:
            before = self.seen.get(each.key)
            if before is None or before.effect.level < each.effect.level:
                self.seen[each.key] = each

    def untold(self) -> tuple[Link, ...]:
        """What could not be told, each once."""
        files = self.project.files
        links = {
            Link(files[each.location.path], each.location.line, each.message): None
            for each in self.doubts
            if each.location and each.location.path in files
        }
        return tuple(sorted(links, key=lambda link: (link.path, link.line, link.text)))

    # -- findings ----------------------------------------------------------------------------------

    def findings(self, possible: bool) -> Iterator[Finding]:
        """What was seen, in the order of the files; one for a statement and a code."""
        files: dict[str, File] = {}
        made: dict[tuple[object, ...], Finding] = {}
        begun: dict[str, set[int]] = {}  # the lines of transactions, by their files
        for each in self.seen.values():
            if each.effect.cause is Cause.TRANSACTION:
                begun.setdefault(each.module.path, set()).add(each.line)
        for each in self.seen.values():
            path = each.module.path
            if path not in self.project.files or self.project.is_installed(path):
                continue
            if path not in files:
                files[path] = File(self.project.files[path], self.project.contents)
            ways = Ways(self.evaluator, files[path], frozenset(begun.get(path, ())))
            teller = Teller(ways, self.project.files)
            finding = teller.finding(each, self.names.get(each.function, each.function.name))
            if finding is not None and (possible or finding.level is Level.CERTAIN):
                key = (finding.path, finding.line, finding.column, finding.code)
                made.setdefault(key, finding)
        for finding in Twins(self.evaluator, self.project.files, self.project.contents).findings(
            self.project.chosen
        ):
            if possible or finding.level is Level.CERTAIN:
                made[finding.path, finding.line, finding.code] = finding
        yield from sorted(made.values(), key=lambda one: (one.path, one.line, one.column, one.code))
