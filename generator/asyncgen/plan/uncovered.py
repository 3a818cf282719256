"""The project's modules with querysets, managers or models that no source names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from asyncgen.config import Config
from asyncgen.globs import Globber
from asyncgen.looks import COVERABLE, look_of
from asyncgen.plan.covered import covered, outlines
from asyncgen.plan.own import own_files
from asyncgen.plan.result import Result
from asyncgen.plan.run import Run
from asyncgen.problems import Problem, Severity

SHOWN = 3  # so many are named


def unnamed(config: Config, result: Result, globber: Globber) -> dict[Path, str]:
    """The project's files that no source names, but for tests, each as it looks. A new one comes
    into one of the `globber`'s folders."""
    return {
        path: look_of(path)
        for path in own_files(config.root, globber)
        if path.relative_to(config.root).as_posix() not in result.sources
    }


def uncovered(config: Config, looks: Mapping[Path, str]) -> Iterator[Problem]:
    """One warning of all files that look as though a source should name them, and do define what a
    build would cover."""
    run = Run(config)
    paths = (path for path, look in looks.items() if look.startswith(COVERABLE))
    modules = dict(outlines(config, paths, lambda display: None))
    found = sorted(each.path for group in covered(config, modules, run) for each in group.modules)
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        yield Problem(
            "AG212",
            f"no source names {', '.join(found[:SHOWN])}{more}, with querysets, managers or models",
            "add them to `sources`, or say `# asyncgen: skip` in them",
            config.sources[0].location,
            Severity.WARNING,
        )
