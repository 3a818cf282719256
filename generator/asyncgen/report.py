"""How results print: problems, drift, the summary, what `explain` says of a callable.

With `cli`, the only module that prints.
"""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

import click

from asyncgen.problems import Location, Problem, Severity, printed

if TYPE_CHECKING:
    from asyncgen.config import Config
    from asyncgen.plan import Entry, Result
    from asyncgen.surface import Drift, StubFunction


@dataclass
class Console:
    """Where a verb speaks: how much, in which format, and what it was doing last."""

    output_format: str = "full"
    quiet: bool = False
    verbose: bool = False
    reading: str = ""  # the file that was read last
    codes: set[str] = field(default_factory=set)  # those of what was printed

    @property
    def verbosity(self) -> int:
        return self.verbose - self.quiet

    @property
    def as_json(self) -> bool:
        """Whether standard output is for programs."""
        return self.output_format in ("json", "sarif")

    def say(self, text: str, *, at: int = 0) -> None:
        """Print to standard output unless -q silenced it; where that is JSON, to the other."""
        if self.verbosity >= at:
            click.echo(text, err=self.as_json)

    def complain(self, problems: Sequence[Problem]) -> None:
        shown = [
            each for each in problems if each.severity is Severity.ERROR or self.verbosity >= 0
        ]
        # SARIF is one document, which is of findings alone.
        form = "full" if self.output_format == "sarif" else self.output_format
        is_text = form in ("full", "concise")
        self.codes.update(each.code for each in shown)
        for line in printed(shown, form):
            has_colours = is_text and _has_colours(sys.stderr)
            click.echo(_painted(line) if has_colours else line, err=is_text, color=has_colours)

    def show(self, text: str, codes: Iterable[str] = ()) -> None:
        """Print what a verb is for to standard output, its severities in colour on a terminal."""
        self.codes.update(codes)
        has_colours = self.output_format == "full" and _has_colours(sys.stdout)
        for line in text.splitlines(keepends=True):
            click.echo(_painted(line) if has_colours else line, nl=False, color=has_colours)

    def show_diff(self, path: str, diff: str) -> None:
        """Print a unified diff, as one object on one line where JSON is asked for."""
        if self.as_json:
            click.echo(json.dumps({"file": path, "diff": diff}))
            return
        has_colours = _has_colours(sys.stdout)
        for line in diff.splitlines(keepends=True):
            colour = _DIFF_COLOURS.get(line[:1]) if has_colours else None
            text = click.style(line, fg=colour) if colour else line
            click.echo(text, nl=False, color=has_colours)

    def say_what_codes_mean(self) -> None:
        """Tell somebody at a terminal, once, how to read about the codes that were printed."""
        is_text = self.output_format in ("full", "concise")
        if self.codes and is_text and self.verbosity >= 0 and sys.stderr.isatty():
            click.echo(f"asyncgen: what a code means: {meanings(self.codes)}", err=True)

    def confess(self, error: Exception) -> None:
        """Print a fault of asyncgen itself, with what a report of it needs."""
        where = f", when {self.reading} had been read" if self.reading else ""
        problem = Problem(
            "AG901",
            f"asyncgen failed: {type(error).__name__}: {error}{where}",
            "this is a fault of asyncgen, nothing was changed: please report it with the lines "
            "below and, if you can, that file; `exclude` or `# asyncgen: skip` may go around it",
            Location(self.reading, 1) if self.reading else None,
        )
        self.complain([problem])
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)

    @contextmanager
    def progress(self) -> Iterator[Callable[[str], None]]:
        """Takes the file being read; names it on a terminal, and not in a pipe."""
        shows = self.verbosity >= 0 and sys.stderr.isatty()

        def note(text: str) -> None:
            self.reading = text
            if shows:
                click.echo(f"\r\033[Kreading {text}", nl=False, err=True)

        yield note
        if shows:
            click.echo("\r\033[K", nl=False, err=True)


def meanings(codes: Iterable[str]) -> str:
    """The command that explains a code, and the other codes that there are."""
    first, *others = sorted(codes)
    return f"asyncgen rule {first}" + (f" (also {', '.join(others)})" if others else "")


# -- colours --------------------------------------------------------------------------------------

_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_SEVERITY_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def _has_colours(stream: TextIO) -> bool:
    """Whether there is a terminal that shows them, and nobody said no: https://no-color.org"""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _painted(line: str) -> str:
    """A printed problem, its severity in colour."""
    for severity, colour in _SEVERITY_COLOURS.items():
        before, mark, after = line.partition(f"{severity.value}: ")
        if mark and "\n" not in before:
            return f"{before}{click.style(severity.value, fg=colour, bold=True)}: {after}"
    return line


# -- build, check and diff ------------------------------------------------------------------------

# By DriftKind's values.
VERBS = {"missing": "wrote", "changed": "rewrote", "orphan": "removed"}


def drift_problem(drift: Drift, twins: str = "") -> Problem:
    """The file that drifted as a problem; `twins` says what becomes of its twins."""
    from asyncgen.surface import DriftKind

    said = {
        DriftKind.MISSING: "is missing",
        DriftKind.CHANGED: "is out of date",
        DriftKind.ORPHAN: "is generated, but from nothing any more",
    }[drift.kind]
    return Problem(
        "AG501",
        f"{drift.path} {said}{f': `asyncgen build` {twins}' if twins else ''}",
        "run `asyncgen build`; `asyncgen diff` shows what would change",
        Location(drift.path, 1),
    )


def summary(result: Result, changed: Sequence[str]) -> str:
    from asyncgen.surface import Kind

    kinds = [entry.decision.kind for entry in result.entries]
    twins = sum(entry.decision.twin is not None for entry in result.entries)
    without = ", ".join(
        f"{kinds.count(kind)} {kind.value}" for kind in Kind if kind in kinds and not kind.has_twin
    )
    files = len({entry.module.path for entry in result.entries})
    return (
        f"asyncgen: {count(len(result.entries), 'callable')} read in {count(files, 'file')}, "
        f"{count(twins, 'twin')}; {f'none for {without}; ' if without else ''}"
        f"{count(len(changed), 'file')} changed{_untyped(result)}"
    )


def count(number: int, what: str, plural: str = "") -> str:
    return f"{number} {what if number == 1 else plural or f'{what}s'}"


def _untyped(result: Result) -> str:
    """What the summary says of types that are not known."""
    from asyncgen.stub.companions import types
    from asyncgen.surface import Origin

    unknown = [each for each in types(result.stubs).values() if each.origin is Origin.UNKNOWN]
    said = ""
    if unknown:
        said = f"; {count(len(unknown), 'return type')} unknown, see `asyncgen explain`"
    if not result.has_django_stubs:
        said += "; django-stubs not found, so types are from the source alone"
    return said


# -- explain --------------------------------------------------------------------------------------


def called(entries: Sequence[Entry], name: str) -> list[Entry]:
    """The callables of that name, or dotted end of one; else with a twin of that name; else of a
    class of that name; else the one that stands at `path:line`."""
    path, _, line = name.rpartition(":")
    if path and line.isdigit():
        return _standing_at(entries, path, int(line))
    for names in (_names, _twin_names, _class_names):
        found = [each for each in entries if any(_ends(full, name) for full in names(each))]
        if found:
            return found
    return []


def near_entry(entries: Sequence[Entry], name: str) -> str:
    """`did you mean …?`, of callables and classes; empty where none is near."""
    from asyncgen.plan.nearby import meant

    known = {each.decision.function.name for each in entries}
    known |= {_dotted(each) for each in entries}
    for each in entries:
        if each.decision.owner:
            owner = each.decision.owner.name
            known |= {owner, f"{owner}.{each.decision.function.name}"}
    return meant(name, known)


def is_class(entries: Sequence[Entry], name: str) -> bool:
    """Whether the name is that of the class of all these."""
    return all(any(_ends(full, name) for full in _class_names(each)) for each in entries)


def _standing_at(entries: Sequence[Entry], path: str, line: int) -> list[Entry]:
    """The last callable of the file that begins in the line or before it."""
    places = [(each.decision.function.location, each) for each in entries]
    before = [pair for pair in places if pair[0].path == path and pair[0].line <= line]
    last = max((place.line for place, _ in before), default=0)
    return [each for place, each in before if place.line == last]


def is_rule(name: str) -> bool:
    """Whether the name is a code, and none of a callable."""
    return re.fullmatch(r"(?i)ag\d\d\d", name) is not None


def _ends(full: str, name: str) -> bool:
    return full == name or full.endswith(f".{name}")


def _names(entry: Entry) -> tuple[str, ...]:
    """The callable's full name, and that which Django's documentation uses."""
    full = _dotted(entry)
    public = full.replace("django.db.models.query.", "django.db.models.")
    return full, public.replace("django.db.models.manager.", "django.db.models.")


def _twin_names(entry: Entry) -> tuple[str, ...]:
    twin = entry.decision.twin
    return tuple(f"{each.rpartition('.')[0]}.{twin}" for each in _names(entry)) if twin else ()


def _class_names(entry: Entry) -> tuple[str, ...]:
    if entry.decision.owner is None:
        return ()
    return tuple(each.rpartition(".")[0] for each in _names(entry))


def _dotted(entry: Entry) -> str:
    owner = entry.decision.owner
    parts = [entry.module.name, *([owner.qualname] if owner else []), entry.decision.function.name]
    return ".".join(parts)


def class_tree(entries: Sequence[Entry]) -> str:
    """The callables of one class or more, each below its class: kind, name, twin."""
    lines: list[str] = []
    for owner in dict.fromkeys(each.decision.owner for each in entries if each.decision.owner):
        own = [each.decision for each in entries if each.decision.owner is owner]
        lines.append(f"{owner.location}: {owner.dotted}")
        width = max(len(each.kind.value) for each in own)
        for each in own:
            twin = f" -> {each.twin}" if each.twin else ""
            lines.append(f"  {each.kind.value:{width}}  {each.function.name}{twin}")
    return "\n".join(lines)


def entry_line(entry: Entry, stub: StubFunction | None = None) -> str:
    decision = entry.decision
    twin = f" -> {decision.twin}" if decision.twin else ""
    unknown = ", return type unknown" if stub and stub.origin.value == "unknown" else ""
    return f"{decision.function.location}: {_dotted(entry)}: {decision.kind.value}{twin}{unknown}"


def entry_json(entry: Entry, stub: StubFunction | None = None) -> dict[str, object]:
    """`file` and `line` are where the callable is defined."""
    decision = entry.decision
    return {
        "file": decision.function.location.path,
        "line": decision.function.location.line,
        "module": entry.module.name,
        "class": decision.owner.qualname if decision.owner else None,
        "name": decision.function.name,
        "kind": decision.kind.value,
        "twin": decision.twin,
        "returns": stub.returns if stub else None,
        "type": stub.origin.value if stub else None,
        "evidence": [
            {
                "message": each.message,
                "file": each.location.path if each.location else None,
                "line": each.location.line if each.location else None,
            }
            for each in decision.evidence
        ],
    }


def entry_text(entry: Entry, result: Result, config: Config) -> str:
    from asyncgen.plan import renderer_of
    from asyncgen.stub.companions import types

    lines = [f"{_dotted(entry)}: {entry.decision.kind.value}"]
    lines += [
        f"  {each.location}: {each.message}" if each.location else f"  {each.message}"
        for each in entry.decision.evidence
    ]
    stub = types(result.stubs).get(id(entry.decision))
    if stub:
        lines.append(f"  its twin returns {stub.returns}: {stub.origin.value}")
    for surface in result.surfaces:
        members = [*surface.functions, *(twin for c in surface.classes for twin in c.twins)]
        for twin in members:
            if twin.decision is entry.decision:
                lines += ["", f"{surface.path}:"]
                text = renderer_of(result, config).twin(twin, surface)
                lines += [f"  {line}".rstrip() for line in text.splitlines()]
    return "\n".join(lines) + "\n"
