"""The project's modules with querysets, managers or models that no source names: by their looks,
for nothing else is known of a module that nobody asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress

from asyncgen.config import Config
from asyncgen.globs import Globber
from asyncgen.header import is_generated
from asyncgen.plan.own import own_files
from asyncgen.plan.result import Result
from asyncgen.problems import Problem, Severity

SHOWN = 3  # so many are named
_OF_DJANGO = re.compile(rb"^from django\b", re.MULTILINE)
_COVERABLE = re.compile(
    rb"^class \w+\((?:[^)]*[\s.,(\[])?(?:models\.Model|\w*QuerySet|\w*Manager)\b", re.MULTILINE
)
_SKIPPED = b"# asyncgen: skip"


def uncovered(config: Config, result: Result, globber: Globber) -> Iterator[Problem]:
    """One warning of all such modules; not of those in which a comment skips something, nor of
    tests. A new one comes into one of the `globber`'s folders."""
    shown = {
        each.relative_to(config.root).as_posix(): each for each in own_files(config.root, globber)
    }
    unnamed = (name for name in shown if name not in result.sources)
    found = [name for name in unnamed if _looks_so(shown[name].read_bytes())]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        yield Problem(
            "AG212",
            f"no source names {', '.join(sorted(found)[:SHOWN])}{more}, with querysets, managers "
            "or models",
            "add them to `sources`, or say `# asyncgen: skip` in them",
            config.sources[0].location,
            Severity.WARNING,
        )


def _looks_so(data: bytes) -> bool:
    if _SKIPPED in data or not _OF_DJANGO.search(data) or is_generated(data):
        return False
    lines = {data.count(b"\n", 0, each.start()) + 1 for each in _COVERABLE.finditer(data)}
    return bool(lines) and not lines.isdisjoint(_classes(data))


def _classes(data: bytes) -> Iterator[int]:
    """The lines of the classes: a search finds those in strings, too."""
    with suppress(SyntaxError, ValueError):
        yield from (each.lineno for each in ast.parse(data).body if isinstance(each, ast.ClassDef))
