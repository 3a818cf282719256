"""Findings that a comment passes over, and comments that pass over nothing.

`# asyncgen: ignore[AG703] reason` and `# noqa: AG703` hold for the statement in whose lines they
stand; one that has a line of its own holds for the statement below it. A bare `# noqa` is of other
tools, and says nothing here.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncgen.audit.finding import Finding, Level

UNUSED = "AG741"
_COMMENT = re.compile(
    r"#\s*(?:asyncgen:\s*ignore(?:\[(?P<codes>[^\]]*)\])?|noqa:(?P<noqa>[^#]*\bAG7\d\d\b))"
    r"(?P<reason>[^#]*)",
    re.IGNORECASE,
)
_CODE = re.compile(r"AG7[0-9]{0,2}\b")
# A file without one of these has no such comment: most have none, and are not taken apart.
_MARKS = re.compile(r"asyncgen:\s*ignore|noqa:[^#\n]*AG7", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment, and the lines of the statement that it is about."""

    path: Path
    line: int
    column: int
    first: int
    last: int
    codes: tuple[str, ...]
    reason: str
    text: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding begins in the statement, and is of one of the codes."""
        is_there = self.first <= finding.line <= self.last and self.path == finding.path
        return is_there and finding.code.startswith(self.codes)

    def unused(self) -> Finding:
        """What is said of one that passes over nothing."""
        message = "this comment names no code that it ignores: ignore[AG703]"
        if self.codes:
            message = f"nothing here is {' or '.join(self.codes)}: take the comment out"
        return Finding(
            path=self.path,
            line=self.line,
            column=self.column,
            end_line=self.line,
            end_column=self.column + len(self.text),
            code=UNUSED,
            level=Level.CERTAIN,
            message=message,
            function="",
            statement=self.text,
        )


def ignores(path: Path, text: str) -> list[Ignore]:
    """The comments of a file; none where it is no Python, which the audit says by itself."""
    if not _MARKS.search(text):
        return []
    try:
        return list(_ignores(path, text))
    except (tokenize.TokenError, SyntaxError):
        return []


def _ignores(path: Path, text: str) -> Iterator[Ignore]:
    """A statement ends with NEWLINE, a line within one, or without one, with NL."""
    pending: list[tuple[tokenize.TokenInfo, re.Match[str]]] = []
    first = 0  # line of the statement
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            if match := _COMMENT.search(token.string):
                pending.append((token, match))
        elif token.type == tokenize.NEWLINE:
            yield from (
                _ignore(path, comment, match, first, token.start[0]) for comment, match in pending
            )
            pending, first = [], 0
        elif token.type not in _BETWEEN:
            first = first or token.start[0]


_BETWEEN = frozenset({tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})


def _ignore(
    path: Path, comment: tokenize.TokenInfo, match: re.Match[str], first: int, last: int
) -> Ignore:
    return Ignore(
        path=path,
        line=comment.start[0],
        column=comment.start[1] + match.start(),
        first=first,
        last=last,
        codes=tuple(_CODE.findall(match["codes"] or match["noqa"] or "")),
        reason=match["reason"].strip(" \t-:"),
        text=match[0].rstrip(),
    )


@dataclass(frozen=True, slots=True)
class Sorted:
    """Findings that no comment passes over, and those that one does, each with it; and the comments
    that pass over nothing."""

    left: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, Ignore], ...]
    unused: tuple[Ignore, ...]


def sort(findings: Sequence[Finding], comments: Sequence[Ignore]) -> Sorted:
    """Which comment passes over which finding."""
    left: list[Finding] = []
    ignored: list[tuple[Finding, Ignore]] = []
    used: set[Ignore] = set()
    for finding in findings:
        covering = [each for each in comments if each.covers(finding)]
        used.update(covering)
        if covering:
            ignored.append((finding, covering[0]))
        else:
            left.append(finding)
    return Sorted(tuple(left), tuple(ignored), tuple(each for each in comments if each not in used))
