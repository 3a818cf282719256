"""For people: what is wrong, how it comes to that, line by line, and what to write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asyncgen.audit.finding import Finding, Level, Link
from asyncgen.audit.places import shown
from asyncgen.codes import codes


def text(findings: Sequence[Finding], root: Path) -> str:
    """A paragraph for each finding."""
    return "".join(f"{line}\n" for each in findings for line in _lines(each, root))


def _lines(finding: Finding, root: Path) -> list[str]:
    severity = codes()[finding.code].severity.value
    doubt = "possible " if finding.level is Level.POSSIBLE else ""
    place = f"{shown(finding.path, root)}:{finding.line}"
    head = f"{place}: {doubt}{severity}: {finding.message} [{finding.code}]"
    advice = finding.fix.text.splitlines() if finding.fix else []
    return [head, *_chain(finding.chain, root), *(f"  {line}" for line in advice)]


def _chain(chain: Sequence[Link], root: Path) -> list[str]:
    """Each step with its place, the places below each other."""
    steps = [f"{'-> ' if number else ''}{each.text}" for number, each in enumerate(chain)]
    width = min(max(map(len, steps), default=0), 60)
    return [
        f"  {step:{width}}  {shown(each.path, root)}:{each.line}"
        for step, each in zip(steps, chain, strict=True)
    ]
