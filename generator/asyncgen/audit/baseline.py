"""The findings that a project has accepted: told by function and statement, so that lines move.

A baseline is a JSON file, to be committed: one line for each kind of finding, in order of files.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from asyncgen.audit.finding import Finding
from asyncgen.audit.places import shown
from asyncgen.problems import AsyncgenError, Location, Problem

_VERSION = 1
# What a formatter may change: white space, the comma after a last argument, the kind of quotes.
_LAYOUT = re.compile(r"\s+|,(?=\s*[)\]}])")


@dataclass(frozen=True, slots=True, order=True)
class Fingerprint:
    """What a finding is known by: not its line, nor how its statement is laid out."""

    file: str
    function: str
    code: str
    statement: str

    @classmethod
    def of(cls, finding: Finding, root: Path) -> Fingerprint:
        file = shown(finding.path, root)
        return cls(file, finding.function, finding.code, _normal(finding.statement))

    @property
    def digest(self) -> str:
        """A short text that is the same wherever the fingerprint is."""
        text = "\0".join((self.file, self.function, self.code, self.statement))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _normal(statement: str) -> str:
    return _LAYOUT.sub("", statement).replace("'", '"')


Baseline = Counter[Fingerprint]  # how many findings have it


@dataclass(frozen=True, slots=True)
class Compared:
    """Findings beside a baseline: those that it does not have, those that it has, and what it has
    of findings that are there no more."""

    new: tuple[Finding, ...]
    known: tuple[Finding, ...]
    mended: tuple[Fingerprint, ...]


def of_findings(findings: Iterable[Finding], root: Path) -> Baseline:
    """The baseline that accepts these findings."""
    return Counter(Fingerprint.of(each, root) for each in findings)


def compared(findings: Sequence[Finding], baseline: Baseline, root: Path) -> Compared:
    """Which findings the baseline has. Of several with one fingerprint the first are known."""
    left = Counter(baseline)
    new: list[Finding] = []
    known: list[Finding] = []
    for each in findings:
        fingerprint = Fingerprint.of(each, root)
        is_known = left[fingerprint] > 0
        left[fingerprint] -= is_known
        (known if is_known else new).append(each)
    return Compared(tuple(new), tuple(known), tuple(sorted(left.elements())))


def text(baseline: Baseline) -> str:
    """The baseline as it is written: one line for each fingerprint, so that diffs are small."""
    rows = [
        json.dumps(
            {
                "file": each.file,
                "function": each.function,
                "code": each.code,
                "statement": each.statement,
                "count": count,
            }
        )
        for each, count in sorted(baseline.items())
    ]
    lines = ",\n".join(f"    {row}" for row in rows)
    body = f"[\n{lines}\n  ]" if rows else "[]"
    return f'{{\n  "version": {_VERSION},\n  "findings": {body}\n}}\n'


def write(path: Path, baseline: Baseline) -> None:
    """Write the file. Raises AsyncgenError (AG111) where it cannot be written."""
    try:
        path.write_text(text(baseline), encoding="utf-8", newline="\n")
    except OSError as error:
        _fail(path, error.strerror or str(error), verb="write")


def read(path: Path) -> Baseline:
    """The baseline in a file. Raises AsyncgenError (AG111) where it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            _fail(path, f"its version is {document['version']!r}, and this asyncgen reads 1")
        rows = document["findings"]
        return Counter(
            {
                Fingerprint(
                    str(each["file"]),
                    str(each["function"]),
                    str(each["code"]),
                    str(each["statement"]),
                ): int(each["count"])
                for each in rows
            }
        )
    except OSError as error:
        _fail(path, error.strerror or str(error))
    except (ValueError, KeyError, TypeError) as error:
        _fail(path, f"{type(error).__name__}: {error}")


def _fail(path: Path, why: str, verb: str = "read") -> NoReturn:
    raise AsyncgenError(
        Problem(
            "AG111",
            f"cannot {verb} the baseline: {why}",
            "write it anew: asyncgen audit --baseline FILE --write-baseline",
            Location(str(path), 1),
        )
    )
