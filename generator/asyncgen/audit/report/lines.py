"""JSON, one object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from asyncgen.audit.baseline import Fingerprint
from asyncgen.audit.finding import Finding
from asyncgen.audit.places import shown
from asyncgen.codes import codes


def text(findings: Sequence[Finding], root: Path) -> str:
    """An object for each finding; lines and columns count from 1."""
    return "".join(f"{json.dumps(as_object(each, root))}\n" for each in findings)


def as_object(finding: Finding, root: Path) -> dict[str, object]:
    """`chain` has [file, line, text] for each step, from the loop to what blocks; `fix` is what to
    write, `safe` if `--fix` writes it."""
    fix = finding.fix
    return {
        "file": shown(finding.path, root),
        "line": finding.line,
        "end_line": finding.end_line,
        "code": finding.code,
        "level": finding.level.value,
        "message": finding.message,
        "chain": [[shown(each.path, root), each.line, each.text] for each in finding.chain],
        "fix": fix and asdict(fix),
        "severity": codes()[finding.code].severity.value,
        "column": finding.column + 1,
        "end_column": finding.end_column + 1,
        "function": finding.function,
        "fingerprint": Fingerprint.of(finding, root).digest,
    }
