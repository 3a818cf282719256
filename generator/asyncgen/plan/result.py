"""What a run found, and what was decided on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asyncgen.analysis.answers import Asked
from asyncgen.problems import Problem, Severity
from asyncgen.source import Module
from asyncgen.surface import Decision, Dispatch, ManagerModule, StubModule, Surface
from asyncgen.wiring import Fault


@dataclass(frozen=True, slots=True)
class Entry:
    """One callable that the configuration covers, and what was decided."""

    module: Module
    decision: Decision


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found: the surfaces to render, every decision, and the problems on the way."""

    surfaces: tuple[Surface, ...]
    dispatches: tuple[tuple[Dispatch, str | None], ...]  # each with the path of its stub
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    # What the result depends on: every file with the hash of what was read of it, the folders in
    # which files were looked for by pattern, and what was not there.
    read: Mapping[Path, str]
    folders: tuple[Path, ...] = ()
    absent: tuple[Path, ...] = ()
    stubs: tuple[StubModule, ...] = ()
    managers: tuple[ManagerModule, ...] = ()
    has_django_stubs: bool = True  # as far as stubs were asked for
    faults: tuple[Fault, ...] = ()  # of how classes inherit their mixins
    # Whether a top-level package is the project's own, which isort sets apart.
    is_first_party: Callable[[str], bool] = lambda package: False
    sources: frozenset[str] = frozenset()  # the project's own modules that a source names
    marked: tuple[str, ...] = ()  # sources that have twins in them, and are to have none

    # Each module that was read, with its file, and the key that its facts are kept under.
    modules: tuple[tuple[Path, Module, str], ...] = ()
    # What callables came to, where one evaluator was asked for all of it.
    asked: Asked | None = None
    # How each file that no source names looks.
    looks: Mapping[Path, str] = field(default_factory=dict)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)
