"""Cases: a source, and what must come of it, in one file of `tests/cases`.

    -- a comment
    [case the name of it] what must come of it
    the source
    [file other.py]
    a further file of the same case

What must come of one line stands at its end, in a comment. Which words these are, the test of the
folder says. Where something else comes, both sides are printed; with `ASYNCGEN_UPDATE_CASES=1` what
came is written into the file instead, to be read there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "cases"
_HEAD = re.compile(r"^\[(?P<kind>case|file) (?P<name>.+?)\](?: (?P<wants>.+))?\n", re.MULTILINE)
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
SOURCE = ""  # the name of the text that follows the head of a case


@dataclass(frozen=True)
class Case:
    """One case: what its head says must come of it, and its files by their names."""

    path: Path
    name: str
    wants: str
    files: dict[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        return self.files[SOURCE]

    def came(self, what: str) -> None:
        """Compare with what the head wants."""
        head = f"[case {self.name}] "
        self._same(f"{head}{self.wants}\n{self.source}", f"{head}{what}\n{self.source}")

    def came_of_lines(self, what: Mapping[int, str], mark: re.Pattern[str]) -> None:
        """Compare with what the lines want: what came of each, in place of their `mark`."""
        lines = (mark.sub("", line).rstrip() for line in self.source.splitlines())
        marked = (
            f"{line}  # {what[number]}" if number in what else line
            for number, line in enumerate(lines, start=1)
        )
        self._same(self.source, "\n".join(marked) + "\n")

    def _same(self, wanted: str, came: str) -> None:
        if wanted == came:
            return
        if os.environ.get("ASYNCGEN_UPDATE_CASES"):
            text = self.path.read_text("utf-8")
            assert text.count(wanted) == 1, f"{self.path}: {self.name} is to be updated by hand"
            self.path.write_text(text.replace(wanted, came), "utf-8")
            return
        sides = (wanted.splitlines(keepends=True), came.splitlines(keepends=True))
        diff = "".join(unified_diff(*sides, "wanted", "came"))
        raise AssertionError(f"{self.path.name}, [case {self.name}]\n{diff}")


def cases(folder: str) -> dict[str, Case]:
    """All the cases below a folder of `tests/cases`, or of one file in it, by their names."""
    path = FOLDER / folder
    files = [path] if path.suffix else sorted(path.glob("*.test"))
    read = [case for each in files for case in parsed(each)]
    named = {case.name: case for case in read}
    assert len(named) == len(read) > 0, f"{folder}: two cases have one name, or there is none"
    return named


def parsed(path: Path) -> Iterator[Case]:
    """The cases of one file, in order."""
    text = _COMMENT.sub("", path.read_text("utf-8"))
    heads = list(_HEAD.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    case: Case | None = None
    for head, end in zip(heads, ends, strict=True):
        content = text[head.end() : end].strip("\n") + "\n"
        if head["kind"] == "file":
            assert case, f"{path}: a file before the first case"
            case.files[head["name"]] = content
            continue
        if case:
            yield case
        case = Case(path, head["name"], head["wants"] or "", {SOURCE: content})
    if case:
        yield case
