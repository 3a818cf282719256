"""The reader of `tests/cases`, and that all cases stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.cases import FOLDER, SOURCE, cases, parsed

TEXT = """\
-- two cases
[case a list, x[0]] value: list[int]
return [1]  # note  # AG701
-- between them

[case two]
x()
[file b.py]
y = [
[1]]
"""
MARK = re.compile(r"# (?:AG\d+)$")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.test"
    path.write_text(TEXT)
    return path


def test_a_file_is_read(file: Path) -> None:
    one, two = parsed(file)
    assert (one.name, one.wants) == ("a list, x[0]", "value: list[int]")
    assert one.source == "return [1]  # note  # AG701\n"
    assert (two.name, two.wants) == ("two", "")
    assert two.files == {SOURCE: "x()\n", "b.py": "y = [\n[1]]\n"}


def test_what_came_is_compared_with_both_sides_printed(file: Path) -> None:
    one, two = parsed(file)
    one.came("value: list[int]")
    one.came_of_lines({1: "AG701"}, MARK)
    two.came_of_lines({}, MARK)
    with pytest.raises(
        AssertionError, match=r"(?m)^-\[case a list, x\[0\]\] value: list.*\n^\+\[case .* pure"
    ):
        one.came("pure")
    with pytest.raises(AssertionError, match=r"-return .*# AG701\n\+return .*# AG702"):
        one.came_of_lines({1: "AG702"}, MARK)
    assert file.read_text() == TEXT


def test_what_came_is_written_when_asked_for(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASYNCGEN_UPDATE_CASES", "1")
    one, two = parsed(file)
    one.came("pure")
    two.came_of_lines({1: "AG701"}, MARK)
    written = TEXT.replace("value: list[int]", "pure").replace("x()\n", "x()  # AG701\n")
    assert file.read_text() == written


def test_every_case_stands_in_the_folder_of_cases() -> None:
    tests = FOLDER.parent
    folders = {"audit", "kinds", "returned", "running", "types"}
    assert {path.parent for path in tests.rglob("*.test")} == {FOLDER / name for name in folders}


def test_no_head_is_read_as_part_of_the_case_before_it() -> None:
    for case in (case for path in FOLDER.rglob("*.test") for case in parsed(path)):
        assert "[case" not in "".join(case.files.values()), case.name


def test_the_cases_of_one_file_are_had_by_its_name() -> None:
    assert cases("kinds/proof.test").keys() < cases("kinds").keys()
