"""A line for each finding."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asyncgen.audit.finding import Finding
from asyncgen.audit.places import shown


def text(findings: Sequence[Finding], root: Path) -> str:
    """`file:line:column: code message`; columns count from 1, as editors have them."""
    return "".join(
        f"{shown(each.path, root)}:{each.line}:{each.column + 1}: {each.code} {each.message}\n"
        for each in findings
    )
