"""What an audit finds: a statement on the event loop, what is wrong with it, how it comes to that,
and a way out. Data that the formats, the baseline and `--fix` share."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

from asyncgen.problems import Problem


class Level(enum.Enum):
    """How sure a finding is: only what is certain is reported unless more is asked for."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Link:
    """One step of the chain, from the code on the loop to what blocks."""

    path: Path
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A way out.

    `kind` names the fixer: "await-twin", "async-for", "async-comprehension", "list", "fk-id",
    "missing-await", "thread-the-call", "asyncio-sleep", "django-twin" and so on; it is empty where
    there is only advice. `text` is what to write, ready to paste; `imports` are the dotted names
    that it needs.
    """

    kind: str
    text: str
    safe: bool
    imports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement that blocks the event loop, raises on it, or does not do what it says.

    `line` and `column` count as in `ast`: lines from 1, columns from 0. `function` is the dotted
    name of the function that it stands in, `statement` its source text.
    """

    path: Path
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    level: Level
    message: str
    function: str
    statement: str
    chain: tuple[Link, ...] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """What a run gives: the findings, in the order of files and lines; how many functions on the
    loop were looked at; the entry points; what could not be told; and which files could not be
    read."""

    findings: tuple[Finding, ...]
    functions: int
    entries: tuple[str, ...]
    untold: tuple[Link, ...]
    problems: tuple[Problem, ...] = ()
