"""What a file looks like that no source names: nothing else is known of what nobody asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from os import PathLike

from asyncgen.files import regular_bytes, state_of_file
from asyncgen.header import is_generated

# How a file looks.
COVERABLE, OTHER = "coverable", "other"
_OF_DJANGO = re.compile(rb"^from django\b", re.MULTILINE)
_COVERABLE = re.compile(
    rb"^class \w+\((?:[^)]*[\s.,(\[])?(?:models\.Model|\w*QuerySet|\w*Manager)\b", re.MULTILINE
)
_SKIPPED = b"# asyncgen: skip"


def look_of(path: str | PathLike[str]) -> str:
    """Whether the file has querysets, managers or models that a source could name, with the state
    that it was looked at in; not one in which a comment skips something."""
    state = state_of_file(path)  # before it is read, so that a change in between is seen
    try:
        data = regular_bytes(path)
    except OSError:
        data = b""
    return f"{COVERABLE if _is_coverable(data) else OTHER} {state}"


def _is_coverable(data: bytes) -> bool:
    if _SKIPPED in data or not _OF_DJANGO.search(data) or is_generated(data):
        return False
    lines = {data.count(b"\n", 0, each.start()) + 1 for each in _COVERABLE.finditer(data)}
    return bool(lines) and not lines.isdisjoint(_classes(data))


def _classes(data: bytes) -> Iterator[int]:
    """The lines of the classes: a search finds those in strings, too."""
    with suppress(SyntaxError, ValueError):
        yield from (each.lineno for each in ast.parse(data).body if isinstance(each, ast.ClassDef))
