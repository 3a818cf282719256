"""Findings as rows of scalars and rows, and back: what is kept of them, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from asyncgen.audit.finding import Audit, Finding, Fix, Level, Link

Row: TypeAlias = Sequence[Any]  # only what we wrote has the checksum of `memory`


def of_audit(audit: Audit) -> Row:
    return (
        tuple(map(of_finding, audit.findings)),
        audit.functions,
        audit.entries,
        tuple(map(of_link, audit.untold)),
        audit.problems,
    )


def audit(row: Row) -> Audit:
    findings, functions, entries, untold, problems = row
    return Audit(
        tuple(map(finding, findings)), functions, entries, tuple(map(link, untold)), problems
    )


def of_finding(finding: Finding) -> Row:
    fix = finding.fix
    way = (fix.kind, fix.text, fix.safe, fix.imports) if fix else None
    return (
        str(finding.path),
        *(finding.line, finding.column, finding.end_line, finding.end_column),
        *(finding.code, finding.level.value, finding.message),
        *(finding.function, finding.statement),
        tuple(map(of_link, finding.chain)),
        way,
    )


def finding(row: Row) -> Finding:
    path, line, column, end_line, end_column, code, level, *texts, chain, way = row
    message, function, statement = texts
    return Finding(
        Path(path),
        line,
        column,
        end_line,
        end_column,
        code,
        Level(level),
        message,
        function,
        statement,
        tuple(map(link, chain)),
        _fix(*way) if way else None,
    )


def _fix(kind: str, text: str, safe: bool, imports: Sequence[str]) -> Fix:
    return Fix(kind, text, safe, tuple(imports))


def of_link(link: Link) -> Row:
    return str(link.path), link.line, link.text


def link(row: Row) -> Link:
    path, line, text = row
    return Link(Path(path), line, text)
