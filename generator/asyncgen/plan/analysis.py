"""What sources choose, and what all that they choose is looked at with: each module knows of the
models, querysets and managers of the others, whichever source names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asyncgen.analysis import DjangoStubs, Spelling
from asyncgen.classify import Classifier
from asyncgen.config import Release, Source
from asyncgen.plan.selection import Selected
from asyncgen.source import Module


@dataclass(frozen=True, slots=True)
class Chosen:
    """The modules that a source selects, from one of its releases or as they are installed."""

    source: Source
    release: Release | None
    roots: tuple[Path, ...]  # the folder of the release, if it is one
    selected: tuple[Selected, ...]
    # The source's patterns that matched something there: (key, pattern).
    used: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Of modules that can import each other; `modules` are those that can be read, by their
    files."""

    classifier: Classifier
    spelling: Spelling
    django: DjangoStubs | None
    modules: Mapping[Path, Module]

    def of(self, chosen: Chosen) -> list[tuple[Selected, Module]]:
        """The modules that are chosen there, as far as they belong to this analysis."""
        return [
            (each, self.modules[each.path]) for each in chosen.selected if each.path in self.modules
        ]
