"""What was seen, as findings: which rule, in which words, and with which chain."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import asyncgen.audit.finding as findings
from asyncgen.analysis.values import Bound, Cause, Instance, Level
from asyncgen.audit.finding import Finding, Link
from asyncgen.audit.recording import Seen
from asyncgen.audit.syntax import File
from asyncgen.audit.ways import Ways
from asyncgen.source import Binding, Evidence

_TEXT_LIMIT = 60  # how much of the source a message repeats


@dataclass(frozen=True, slots=True)
class Telling:
    """How a cause is told: under which code, and in a sentence with the text of the source."""

    code: str
    sentence: str


_RAISES = "Django raises SynchronousOnlyOperation"
_TELLINGS: Mapping[Cause, Telling] = {
    Cause.QUERY: Telling("AG701", f"{{text}} queries on the event loop: {_RAISES}"),
    Cause.EVALUATION: Telling(
        "AG702", f"{{text}} evaluates a queryset on the event loop: {_RAISES}"
    ),
    Cause.RELATION: Telling(
        "AG703",
        f"{{text}} is loaded on the event loop, for nothing loaded it before: {_RAISES}",
    ),
    Cause.TRANSACTION: Telling(
        "AG705", f"{{text}} begins a transaction on the event loop: {_RAISES}"
    ),
    Cause.FORM: Telling("AG706", "{text} queries on the event loop: {reason}"),
    Cause.TEMPLATE: Telling("AG707", "{text} queries on the event loop: {reason}"),
    Cause.THREADED: Telling(
        "AG712", "{text} evaluates a queryset on the event loop: the thread only made it"
    ),
    Cause.RECEIVER: Telling(
        "AG708", f"{{text}} runs a receiver on the event loop ({{why}}): {_RAISES}"
    ),
    Cause.LATER: Telling("AG709", "{text} is evaluated on the event loop once it is returned"),
    Cause.NEVER_AWAITED: Telling("AG710", "{text} is never awaited: it {why}"),
    Cause.NOT_ASYNC: Telling("AG711", "{text} {why}"),
    Cause.ACCOUNT: Telling("AG714", f"{{text}} queries on the event loop: {_RAISES}"),
    Cause.WAITING: Telling("AG720", "{text} blocks the event loop until it is done"),
    Cause.STORAGE: Telling("AG721", "{text} blocks the event loop until it is done"),
    Cause.COMPUTING: Telling("AG722", "{text} computes on the event loop, and nothing else runs"),
}
_OF_DJANGO = frozenset(
    {Cause.QUERY, Cause.EVALUATION, Cause.RELATION, Cause.TRANSACTION, Cause.ACCOUNT}
)
_HELPER = Telling("AG704", f"{{text}} queries on the event loop: {_RAISES}")
_NO_TWIN = Telling(
    "AG730",
    f"{{text}} queries on the event loop: {_RAISES}. {{callee}}() has no twin; asyncgen build "
    "would write it",
)
_TOO_SOON = Telling(
    "AG713", "{text} wraps what a call gives: the call itself runs on the event loop"
)
_ON_LOOP = Telling("AG708", "{function} runs on the event loop ({on_loop}), and {text} blocks it")


@dataclass(frozen=True)
class Teller:
    """Makes findings in one file. `files` are those of the project, by how they are shown."""

    ways: Ways
    files: Mapping[str, Path]

    @property
    def file(self) -> File:
        return self.ways.file

    def finding(self, seen: Seen, name: str) -> Finding | None:
        """The finding; None where the place is not found in the file."""
        place = self.file.place(seen.line, seen.expression)
        if place is None:
            return None
        node, effect = place.node, seen.effect
        telling = self.telling(seen)
        fix = self.ways.out(seen, node)
        if bridge := self.ways.bridge_around(node):
            telling, fix = _TOO_SOON, self.ways.wrapped(bridge)
            node = self.ways.call_of(bridge)
        is_certain = effect.level is Level.REACHES and not self.is_of_library(seen)
        return Finding(
            self.file.path,
            node.lineno,
            node.col_offset,
            node.end_lineno or node.lineno,
            node.end_col_offset or 0,
            telling.code,
            findings.Level.CERTAIN if is_certain else findings.Level.POSSIBLE,
            telling.sentence.format(
                text=_short(node, place.text),
                why=effect.evidence[0].message,
                reason=effect.evidence[-1].message,
                function=name,
                on_loop=seen.why,
                callee=_dotted(seen.callee),
            ),
            name,
            place.statement,
            tuple(self.chain(seen, _short(node, place.text))),
            fix,
        )

    def is_of_library(self, seen: Seen) -> bool:
        """Whether something waits in a library, which may well do so once."""
        location = seen.effect.evidence[-1].location
        path = self.files.get(location.path) if location else None
        is_waiting = seen.effect.cause is Cause.WAITING
        return is_waiting and path is not None and "site-packages" in path.parts

    def telling(self, seen: Seen) -> Telling:
        cause = seen.effect.cause
        if seen.why:
            return _ON_LOOP
        if cause in _OF_DJANGO and Ways.is_helper(seen):
            return _NO_TWIN if seen.callee and self.lacks_twin(seen.callee) else _HELPER
        return _TELLINGS[cause]

    def lacks_twin(self, callee: Bound) -> bool:
        """Whether it is a method of the project, of a kind that twins are written for, without."""
        path = self.files.get(callee.module.path)
        is_ours = path is not None and "site-packages" not in path.parts
        return (
            is_ours
            and callee.owner is not None
            and bool(self.ways.evaluator.role(callee.owner))
            and callee.function.binding is Binding.METHOD
            and not callee.function.name.startswith("_")
            and not self.ways.twin(replace(callee, receiver=Instance(callee.owner)))
        )

    def chain(self, seen: Seen, text: str) -> list[Link]:
        """From the statement to what blocks."""
        return [Link(self.file.path, seen.line, text), *map(self.link, seen.effect.evidence)]

    def link(self, evidence: Evidence) -> Link:
        location = evidence.location
        if location is None:
            return Link(self.file.path, 1, evidence.message)
        path = self.files.get(location.path, Path(location.path))
        return Link(path, location.line, evidence.message)


def _dotted(callee: Bound | None) -> str:
    owner = f"{callee.owner.name}." if callee and callee.owner else ""
    return f"{owner}{callee.function.name}" if callee else ""


def _short(node: ast.AST, text: str) -> str:
    """The text of a node on one line: of a call, without its arguments."""
    if isinstance(node, ast.Call):
        function = ast.unparse(node.func)
        text = f"{function}()"
    text = " ".join(text.split())
    return text if len(text) <= _TEXT_LIMIT else f"{text[: _TEXT_LIMIT - 1]}…"
