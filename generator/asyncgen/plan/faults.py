"""How the classes of the modules that a run covers are wired to the mixins that it writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asyncgen.config import Config
from asyncgen.header import is_generated
from asyncgen.plan.analysis import Analysis, Chosen
from asyncgen.plan.own import every_file
from asyncgen.plan.roots import Roots
from asyncgen.problems import Severity
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Module
from asyncgen.stub.companions import mixins_of
from asyncgen.surface import ManagerModule, Mixin, Mixins, Surface
from asyncgen.wiring import UNWIRED, Fault, FaultKind, Wiring, is_exempt


@dataclass(frozen=True, slots=True)
class Written:
    """What a run writes: the surfaces, and the modules of managers."""

    surfaces: tuple[Surface, ...]
    managers: tuple[ManagerModule, ...]

    def names(self) -> dict[str, frozenset[str]]:
        """The names that each module has at run time."""
        made = {each.module: each.names for each in self.surfaces}
        for each in self.managers:
            made[each.module] = frozenset(manager.name for manager in each.managers)
        return made


# How an import of a mixin looks, on one line or over several.
_IMPORTS_MIXIN = re.compile(rb"^\s*from\s+[\w.]+\s+import\s[^=]*?\w+Async\b", re.MULTILINE)


def faults(
    config: Config,
    looked_at: Sequence[tuple[Analysis, Chosen]],
    written: Written,
) -> tuple[Fault, ...]:
    """Every fault in the project's own modules: in those that sources in the mixin style cover,
    and, of mixins that are there no more, in others. Where none of the former imports what is
    written, the project has yet to begin: it is warned that mixins are missing."""
    root = config.root
    pairs = [(analysis, chosen) for analysis, chosen in looked_at if chosen.source.style == "mixin"]
    wired = _wired(root, pairs, written.surfaces)
    names = written.names()
    found: dict[Fault, None] = {}
    wirings: dict[int, Wiring] = {}
    has_begun = False
    for analysis, chosen in pairs:
        if id(analysis) not in wirings:
            wirings[id(analysis)] = Wiring(analysis.classifier.evaluator.resolver, names, wired)
        for module in _own(root, analysis, chosen):
            found |= dict.fromkeys(wirings[id(analysis)].faults(module))
            has_begun |= wirings[id(analysis)].uses_mixins(module)
    for analysis, _ in looked_at[:1]:
        resolver = analysis.classifier.evaluator.resolver
        wiring = wirings.get(id(analysis)) or Wiring(resolver, names, wired)
        for module in _others(config, wiring.resolver, {each.module for each in found}):
            found |= dict.fromkeys(wiring.faults(module))
    return tuple(each if has_begun else _warned(each) for each in found)


def _warned(fault: Fault) -> Fault:
    is_missing = fault.kind is FaultKind.MISSING
    return replace(fault, severity=Severity.WARNING) if is_missing else fault


def _others(config: Config, resolver: Resolver, known: set[str]) -> Iterator[Module]:
    """The modules of the project that import what may be a mixin; not those that are known."""
    roots = Roots(config)
    for path in filter(_imports_mixin, every_file(config.root, roots.globber)):
        name = roots.module_name(path)
        module = None if name in known else resolver.readable(name)
        if module:
            yield module


def _imports_mixin(path: Path) -> bool:
    """Whether it looks so; not what is generated, nor what cannot be read."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    if b"Async" not in data:  # So it is for nearly all files, and this is far the faster search.
        return False
    return _IMPORTS_MIXIN.search(data) is not None and not is_generated(data)


def _wired(
    root: Path, pairs: Iterable[tuple[Analysis, Chosen]], surfaces: Iterable[Surface]
) -> Mixins:
    """The project's classes that are to inherit a mixin of theirs."""
    mixins = mixins_of(surfaces)
    wired: dict[Class, Mixin] = {}
    for analysis, chosen in pairs:
        chosen.used.add((UNWIRED, "*"))  # no mistake, also where there is no class
        own = {module.name for module in _own(root, analysis, chosen)}
        for cls, mixin in mixins.items():
            if cls.module not in own or mixin.surface_class.subclass:
                continue
            pattern = is_exempt(cls, chosen.source.unwired)
            if pattern:
                chosen.used.add((UNWIRED, pattern))
            else:
                wired[cls] = mixin
    return wired


def _own(root: Path, analysis: Analysis, chosen: Chosen) -> Iterator[Module]:
    """The modules that are the project's own files."""
    for selected, module in analysis.of(chosen):
        parts = selected.path.parts
        if selected.path.is_relative_to(root) and "site-packages" not in parts:
            yield module
