"""Every checker agrees with what is asserted, and refuses what is wrong."""

from __future__ import annotations

from pathlib import Path

import checkers
import pytest


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_the_hard_cases(checker: str, project: Path, programs: Path) -> None:
    lines, said = checkers.complaints(checker, project, programs)
    wrong = {line for case in checkers.cases() for line in case.errors}
    assert lines["errors"] >= wrong, said
    assert not lines["uses"], said
    assert not lines["other"], said


def test_every_line_that_is_asserted_belongs_to_a_case() -> None:
    covered = {line for case in checkers.cases() for line in case.uses}
    source = (checkers.PROJECT / "uses.py").read_text().splitlines()
    asserted = {n for n, line in enumerate(source, 1) if "assert_type(" in line}
    assert asserted <= covered


def test_the_table_in_the_documentation_has_a_row_for_each_case() -> None:
    text = checkers.DOCUMENT.read_text()
    table = text.partition(checkers.MARKS[0])[2].partition(checkers.MARKS[1])[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if line][2:]
    assert rows == [case.name for case in checkers.cases()]
