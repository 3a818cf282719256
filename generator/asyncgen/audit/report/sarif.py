"""SARIF 2.1.0, for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, which the sections below are of.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from asyncgen.audit.baseline import Fingerprint
from asyncgen.audit.finding import Finding, Level, Link
from asyncgen.audit.places import shown
from asyncgen.codes import Code, codes

Object: TypeAlias = dict[str, object]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "PROJECT"  # what paths are relative to


@dataclass(frozen=True, slots=True)
class Replacement:
    """Text in place of what stands between two places; lines and columns count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


Replacements: TypeAlias = Mapping[Finding, Sequence[Replacement]]


def text(findings: Sequence[Finding], root: Path, replacements: Replacements | None = None) -> str:
    """One log with one run. `replacements` says what each mend would write."""
    return json.dumps(_log(findings, root, replacements or {}), indent=2) + "\n"


def _log(findings: Sequence[Finding], root: Path, replacements: Replacements) -> Object:
    told = sorted({each.code for each in findings})
    indices = {code: index for index, code in enumerate(told)}
    seen: Counter[Fingerprint] = Counter()
    results = []
    for finding in findings:
        fingerprint = Fingerprint.of(finding, root)
        seen[fingerprint] += 1
        result = _result(finding, root, indices[finding.code], replacements.get(finding, ()))
        # § 3.27.17: several results that are alike are told apart by a number.
        result["partialFingerprints"] = {"asyncgen/v1": f"{fingerprint.digest}:{seen[fingerprint]}"}
        results.append(result)
    driver = {"name": "asyncgen", "rules": [_rule(codes()[code]) for code in told]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"uri": f"{root.absolute().as_uri()}/"}},
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Code) -> Object:
    """§ 3.49."""
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": " ".join(rule.why.split())},
        "help": {"text": f"Instead of\n\n{rule.example}\nwrite\n\n{rule.way}"},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(
    finding: Finding, root: Path, index: int, replacements: Sequence[Replacement]
) -> Object:
    """§ 3.27."""
    result: Object = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _level(finding),
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": _place(finding, root)} | _function(finding)],
    }
    if finding.chain:
        result["codeFlows"] = [
            {"threadFlows": [{"locations": [_step(each, root) for each in finding.chain]}]}
        ]
    if replacements and finding.fix:
        result["fixes"] = [_fix(finding, finding.fix.text, root, replacements)]
    return result


def _level(finding: Finding) -> str:
    is_certain = finding.level is Level.CERTAIN
    return codes()[finding.code].severity.value if is_certain else "note"


def _message(finding: Finding) -> str:
    return f"{finding.message}\n{finding.fix.text}" if finding.fix else finding.message


def _function(finding: Finding) -> Object:
    """§ 3.33."""
    name = finding.function
    kind = {"fullyQualifiedName": name, "kind": "function"}
    return {"logicalLocations": [kind]} if name else {}


def _place(finding: Finding, root: Path) -> Object:
    region = {
        "startLine": finding.line,
        "startColumn": finding.column + 1,
        "endLine": finding.end_line,
        "endColumn": finding.end_column + 1,
    }
    return {"artifactLocation": _file(finding.path, root), "region": region}


def _file(path: Path, root: Path) -> Object:
    """§ 3.4. A file outside of the project is named in full."""
    whole = root / path
    if whole.is_relative_to(root):
        return {"uri": quote(shown(path, root)), "uriBaseId": _ROOT}
    return {"uri": whole.absolute().as_uri()}


def _step(link: Link, root: Path) -> Object:
    """§ 3.38."""
    place = {"artifactLocation": _file(link.path, root), "region": {"startLine": link.line}}
    return {"location": {"physicalLocation": place, "message": {"text": link.text}}}


def _fix(finding: Finding, said: str, root: Path, replacements: Sequence[Replacement]) -> Object:
    """§ 3.55."""
    made = [
        {
            "deletedRegion": {
                "startLine": each.line,
                "startColumn": each.column,
                "endLine": each.end_line,
                "endColumn": each.end_column,
            },
            "insertedContent": {"text": each.text},
        }
        for each in replacements
    ]
    change = {"artifactLocation": _file(finding.path, root), "replacements": made}
    return {"description": {"text": said}, "artifactChanges": [change]}
