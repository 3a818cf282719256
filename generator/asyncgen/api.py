"""asyncgen from Python: what `import asyncgen` offers. See the page API for what is promised of it.

Nothing here prints, exits or runs anything of the project. Whatever is wrong is one AsyncgenError,
which carries the problems.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from asyncgen.config import Config as Config
from asyncgen.config import load as load
from asyncgen.deep import deeply
from asyncgen.problems import AsyncgenError as AsyncgenError
from asyncgen.problems import Location as Location
from asyncgen.problems import Problem as Problem
from asyncgen.problems import Severity as Severity
from asyncgen.surface import Drift, Rendered
from asyncgen.surface import Kind as Kind

if TYPE_CHECKING:
    from asyncgen.plan import Result


@dataclass(frozen=True, slots=True)
class File:
    """A generated file that was not as it should be.

    `path` is below the configuration's folder; `change` is "missing", "changed", or "orphan" if the
    file is no longer due; `diff` is unified.
    """

    path: str
    change: str
    diff: str


@dataclass(frozen=True, slots=True)
class Callable:
    """A callable that was read: its dotted name, its kind, and the name of its twin if it has one.

    `location` is where it is defined; `evidence` says in sentences how its kind was told.
    """

    name: str
    kind: Kind
    twin: str | None
    location: Location
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found. `files` are those that differ, or differed before `build` wrote them;
    `problems` are warnings, and classes that do not inherit what was written for them."""

    files: tuple[File, ...]
    callables: tuple[Callable, ...]
    problems: tuple[Problem, ...]

    @property
    def is_in_sync(self) -> bool:
        """Whether no file differs and no problem is an error: `asyncgen check` exits with 0."""
        return not self.files and all(each.severity is not Severity.ERROR for each in self.problems)


def check(config: Config | str | PathLike[str]) -> Outcome:
    """Compare what would be written with what is on disk; write nothing.

    `config` is a configuration, or the path of a pyproject.toml. Raises AsyncgenError.
    """
    return deeply(lambda: _compared(_loaded(config))[0])


def build(config: Config | str | PathLike[str]) -> Outcome:
    """Write what is missing or out of date, remove what is no longer due: all of it, or nothing.

    `config` is a configuration, or the path of a pyproject.toml. Raises AsyncgenError.
    """
    from asyncgen.journal import complete
    from asyncgen.output import write

    def run() -> Outcome:
        loaded = _loaded(config)
        complete(loaded.root)
        outcome, rendered, drifts = _compared(loaded)
        write(loaded.path, rendered, drifts)
        return outcome

    return deeply(run)


def _loaded(config: Config | str | PathLike[str]) -> Config:
    return config if isinstance(config, Config) else load(Path(config).resolve())


def _compared(config: Config) -> tuple[Outcome, list[Rendered], list[Drift]]:
    from asyncgen.output import drift, leftovers
    from asyncgen.plan import Run, rendered

    result = Run(config, lambda path: None).result()
    if result.errors:
        raise AsyncgenError(*result.errors)
    texts = list(rendered(result, config))
    left = leftovers(config, texts)
    drifts = drift(config.root, texts, left.removable)
    problems = (*result.problems, *left.problems, *(each.problem() for each in result.faults))
    files = tuple(File(each.path, each.kind.value, each.diff) for each in drifts)
    return Outcome(files, tuple(_callables(result)), problems), texts, drifts


def _callables(result: Result) -> Iterator[Callable]:
    for entry in result.entries:
        decision = entry.decision
        owner = [decision.owner.qualname] if decision.owner else []
        yield Callable(
            ".".join([entry.module.name, *owner, decision.function.name]),
            decision.kind,
            decision.twin,
            decision.function.location,
            tuple(each.message for each in decision.evidence),
        )
