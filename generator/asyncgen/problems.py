"""Coded problems, and how they print: full, concise, as GitHub annotations, or as JSON.

Apart from the model, so that a check that finds nothing to do need not load it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a source file; `line` counts from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the user should know: what, where, and what to do about it."""

    code: str
    message: str
    hint: str
    location: Location | None = None
    severity: Severity = Severity.ERROR


class AsyncgenError(Exception):
    """The one exception that stages raise; carries what is to be printed."""

    def __init__(self, problem: Problem, *more: Problem) -> None:
        super().__init__(problem.message)
        self.problems = (problem, *more)


Formatter = Callable[[Problem], str]


def full(problem: Problem) -> str:
    """Three lines: where and what, then what to do."""
    where = f"{problem.location}: " if problem.location else ""
    return f"{where}{problem.severity.value}: {problem.message} [{problem.code}]\n  {problem.hint}"


def concise(problem: Problem) -> str:
    where = f"{problem.location}: " if problem.location else ""
    return f"{where}{problem.code} {problem.message}"


def github(problem: Problem) -> str:
    """A workflow command: https://docs.github.com/actions/reference/workflow-commands"""
    place = ""
    if problem.location:
        path = as_property(problem.location.path)
        place = f"file={path},line={problem.location.line},"
    text = as_data(f"{problem.message} ({problem.hint})")
    return f"::{problem.severity.value} {place}title={as_property(problem.code)}::{text}"


def as_json(problem: Problem) -> str:
    """One object on one line."""
    return json.dumps(
        {
            "code": problem.code,
            "severity": problem.severity.value,
            "message": problem.message,
            "hint": problem.hint,
            "file": problem.location.path if problem.location else None,
            "line": problem.location.line if problem.location else None,
        }
    )


def from_json(text: str) -> Problem:
    """The problem that `as_json` wrote."""
    known = json.loads(text)
    location = Location(known["file"], known["line"]) if known["file"] else None
    severity = Severity(known["severity"])
    return Problem(known["code"], known["message"], known["hint"], location, severity)


def as_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def as_property(text: str) -> str:
    return as_data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: Mapping[str, Formatter] = {
    "full": full,
    "concise": concise,
    "github": github,
    "json": as_json,
}


def printed(problems: Sequence[Problem], output_format: str) -> list[str]:
    """The problems as text, in the order of the files and lines they point at."""
    ordered = sorted(
        problems,
        key=lambda each: (
            (each.location.path, each.location.line) if each.location else ("", 0),
            each.code,
        ),
    )
    return [FORMATS[output_format](each) for each in ordered]
