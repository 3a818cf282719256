"""Annotations in a pull request.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asyncgen.audit.finding import Finding
from asyncgen.audit.places import shown
from asyncgen.codes import codes
from asyncgen.problems import as_data, as_property


def text(findings: Sequence[Finding], root: Path) -> str:
    """A workflow command for each finding."""
    return "".join(_command(each, root) for each in findings)


def _command(finding: Finding, root: Path) -> str:
    properties = {
        "file": shown(finding.path, root),
        "line": finding.line,
        "endLine": finding.end_line,
        "title": finding.code,
    }
    if finding.end_line == finding.line:  # elsewhere GitHub takes no columns
        properties |= {"col": finding.column + 1, "endColumn": finding.end_column + 1}
    said = ",".join(f"{key}={as_property(str(value))}" for key, value in properties.items())
    chain = [f"{each.text}  {shown(each.path, root)}:{each.line}" for each in finding.chain]
    advice = [finding.fix.text] if finding.fix else []
    message = as_data("\n".join([finding.message, *chain, *advice]))
    return f"::{codes()[finding.code].severity.value} {said}::{message}\n"
