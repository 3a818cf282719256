"""Which modules a build would cover if a source named them: by what their classes inherit from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asyncgen import environment
from asyncgen.analysis import Evaluator
from asyncgen.config import Config
from asyncgen.django.relations import Relations
from asyncgen.modules import every_class
from asyncgen.plan.roots import Roots
from asyncgen.plan.run import Progress, Run
from asyncgen.plan.selection import import_root
from asyncgen.problems import AsyncgenError
from asyncgen.read import read_outline
from asyncgen.resolve import Resolver
from asyncgen.source import Module


@dataclass(frozen=True, slots=True)
class Covered:
    """The modules below one root of imports that a build would cover, and what tells so."""

    modules: tuple[Module, ...]
    resolver: Resolver
    evaluator: Evaluator


def covered(config: Config, modules: Mapping[Path, Module], run: Run) -> Iterator[Covered]:
    """Those of the modules, each by its file, that define what a build would cover. What they
    inherit from is followed, into other packages too."""
    installed = environment.site_packages(config)
    groups: dict[Path, list[Module]] = {}  # two folders may each have a package of one name
    for path, module in modules.items():
        groups.setdefault(import_root(module.name, path), []).append(module)
    for root, group in groups.items():
        resolver = Resolver(tuple(dict.fromkeys((root, *config.search, *installed))), run.read)
        for each in group:
            resolver.add(each)
        evaluator = Evaluator(resolver, Relations(resolver, group))
        found = tuple(each for each in group if _defines_any(each, evaluator))
        yield Covered(found, resolver, evaluator)


def outlines(
    config: Config, paths: Iterable[Path], progress: Progress
) -> Iterator[tuple[Path, Module]]:
    """The classes of the project's files; a file that cannot be read has none."""
    roots = Roots(config)
    for path in paths:
        display = path.relative_to(config.root).as_posix()
        progress(display)
        with suppress(AsyncgenError):
            yield path, read_outline(path, roots.module_name(path), display)


def _defines_any(module: Module, evaluator: Evaluator) -> bool:
    return any(evaluator.role(each) and each.pragma != "skip" for each in every_class(module))
