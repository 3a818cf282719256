"""`asyncgen audit --confirm`: findings beside what a run of the tests has seen.

The record is that of `asyncgen_runtime.watch`: one JSON object a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from asyncgen.audit.finding import Finding, Level, Link
from asyncgen.problems import AsyncgenError, Location, Problem

MISSED = "AG742"
_SEEN = " (seen at run time)"


@dataclass(frozen=True, slots=True)
class Sight:
    """Something that a run has seen: `path` and `line` are of the statement in the function that
    the loop runs; `chain` leads to what blocked."""

    path: Path
    line: int
    function: str
    what: str
    is_raised: bool
    chain: tuple[Link, ...]
    test: str

    def confirms(self, finding: Finding) -> bool:
        """Whether the finding is about the same: it stands there, or where the chain goes through;
        or its own chain goes to where this was seen."""
        places = [(self.path, self.line), *((each.path, each.line) for each in self.chain)]
        is_there = any(
            path == finding.path and finding.line <= line <= finding.end_line
            for path, line in places
        )
        return is_there or (self.path, self.line) in (
            (each.path, each.line) for each in finding.chain
        )

    def missed(self) -> Finding:
        """What is said of it where nothing was found."""
        said = "raised SynchronousOnlyOperation" if self.is_raised else "blocked the event loop"
        where = f" in {self.test}" if self.test else ""
        return Finding(
            path=self.path,
            line=self.line,
            column=0,
            end_line=self.line,
            end_column=0,
            code=MISSED,
            level=Level.CERTAIN,
            message=f"{self.what} {said}{where}, and no finding says so",
            function=self.function,
            statement="",
            chain=self.chain,
        )


def read(path: Path, root: Path) -> list[Sight]:
    """What a record has seen in the files of the project. Raises AsyncgenError (AG112) where it is
    none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return list(dict.fromkeys(_sights(lines, root)))
    except OSError as error:
        why = error.strerror or str(error)
    except (ValueError, KeyError, TypeError) as error:
        why = f"{type(error).__name__}: {error}"
    raise AsyncgenError(
        Problem(
            "AG112",
            f"cannot read the record: {why}",
            "write it anew: pytest -p asyncgen_runtime.watch --watch-record FILE",
            Location(str(path), 1),
        )
    )


def _sights(lines: Sequence[str], root: Path) -> Iterator[Sight]:
    for line in lines:
        known = json.loads(line)
        path = Path(known["file"])
        if path.is_relative_to(root):
            chain = [Link(Path(file), int(number), text) for file, number, text in known["chain"]]
            yield Sight(
                path=path,
                line=int(known["line"]),
                function=str(known["function"]),
                what=str(known["what"]),
                is_raised=known["kind"] == "raises",
                chain=tuple(chain),
                test=str(known["test"]),
            )


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Findings, those that were seen marked so and certain, with what was seen and not found; and
    how many were seen."""

    findings: tuple[Finding, ...]
    seen: int
    missed: int


def confirmed(findings: Sequence[Finding], sights: Sequence[Sight], files: set[Path]) -> Confirmed:
    """What the sights say of the findings in these files."""
    told = [
        replace(each, level=Level.CERTAIN, message=f"{each.message}{_SEEN}")
        if any(sight.confirms(each) for sight in sights)
        else each
        for each in findings
    ]
    missed = [
        sight.missed()
        for sight in sights
        if sight.path in files and not any(map(sight.confirms, findings))
    ]
    seen = sum(each.message.endswith(_SEEN) for each in told)
    return Confirmed((*told, *missed), seen, len(missed))
