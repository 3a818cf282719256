"""Where verbs speak: problems, text and diffs, in the format and as much as was asked for.

The only module that prints.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

import click

from asyncgen.problems import Location, Problem, Severity, printed


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

    def show_file(self, path: str) -> None:
        """Print a file that a verb is for, as one object on one line where JSON is asked for."""
        click.echo(json.dumps({"file": path}) if self.as_json else path)

    def show_diff(self, path: str, diff: str, twins: str = "") -> None:
        """Print a unified diff, as one object on one line where JSON is asked for; and what becomes
        of twins, beside what `patch` reads."""
        if self.as_json:
            said = {"twins": twins} if twins else {}
            click.echo(json.dumps({"file": path, "diff": diff, **said}))
            return
        has_colours = _has_colours(sys.stdout)
        for line in diff.splitlines(keepends=True):
            colour = _DIFF_COLOURS.get(line[:1]) if has_colours else None
            text = click.style(line, fg=colour) if colour else line
            click.echo(text, nl=False, color=has_colours)
        if twins and self.verbosity >= 0:
            click.echo(f"asyncgen: in {path} a build {twins}", err=True)

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


def count(number: int, what: str, plural: str = "") -> str:
    return f"{number} {what if number == 1 else plural or f'{what}s'}"


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
