"""The project's modules with querysets, managers or models that no source names: by their looks,
for nothing else is known of a module that nobody asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asyncgen.config import Config
from asyncgen.header import is_generated
from asyncgen.plan.files import package_files
from asyncgen.plan.result import Result
from asyncgen.plan.selection import ASIDE

_OF_DJANGO = re.compile(rb"^from django\b", re.MULTILINE)
_COVERABLE = re.compile(
    rb"^class \w+\((?:[^)]*[\s.,(\[])?(?:models\.Model|\w*QuerySet|\w*Manager)\b", re.MULTILINE
)
_SKIPPED = b"# asyncgen: skip"


def uncovered(config: Config, result: Result) -> Iterator[str]:
    """The paths of such modules; not of those in which a comment skips something, nor of tests."""
    for search in config.search:
        if search.is_relative_to(config.root):
            for path in package_files(search):
                name = path.relative_to(config.root).as_posix()
                parts = path.relative_to(search).with_suffix("").parts
                if name not in result.sources and not any(map(ASIDE.fullmatch, parts)):
                    try:
                        data = path.read_bytes()
                    except OSError:
                        continue
                    if _looks_so(data):
                        yield name


def _looks_so(data: bytes) -> bool:
    return (
        _COVERABLE.search(data) is not None
        and _OF_DJANGO.search(data) is not None
        and _SKIPPED not in data
        and not is_generated(data)
    )
