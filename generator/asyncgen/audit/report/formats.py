"""The formats, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from asyncgen.audit.finding import Finding
from asyncgen.audit.report import concise, full, github, lines, sarif

# From findings and the project's folder to the text that is printed.
Formatter: TypeAlias = Callable[[Sequence[Finding], Path], str]

FORMATS: Mapping[str, Formatter] = {
    "full": full.text,
    "concise": concise.text,
    "github": github.text,
    "json": lines.text,
    "sarif": sarif.text,
}
