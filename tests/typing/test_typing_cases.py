"""Every checker says of each case in `tests/cases/types` what it should, and stubtest nothing."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import casefiles
import checkers
import pytest
from test_stubtest import stubtest

from tests.support.cases import Case, cases

CASES = cases("types")


@pytest.fixture(scope="module")
def newest() -> Path:
    """The checkers beside the newest Python: cases may have its syntax."""
    python = checkers.newest_python()
    if python is None:
        pytest.skip("no Python 3.13 is here, whose syntax some cases have")
    return checkers.environment(python)


@pytest.fixture(scope="module")
def place(newest: Path, tmp_path_factory: pytest.TempPathFactory) -> checkers.Place:
    return casefiles.built(CASES.values(), tmp_path_factory.mktemp("cases"), newest)


@cache
def findings(
    checker: str, place: checkers.Place, programs: Path
) -> dict[str, dict[casefiles.Place, str]]:
    return casefiles.findings(checker, place, programs)


@pytest.mark.parametrize("checker", checkers.CHECKERS)
@pytest.mark.parametrize("name", CASES)
def test_a_case(name: str, checker: str, place: checkers.Place, newest: Path) -> None:
    found = findings(checker, place, newest).get(name, {})
    expected = casefiles.expected(CASES[name], checker)
    surplus = [said for where, said in found.items() if where not in expected]
    assert not surplus, "\n".join(surplus)
    assert not expected - found.keys(), "no error is found where one is expected"


@pytest.fixture(scope="module")
def tested(place: checkers.Place, newest: Path) -> str:
    modules = [f"{path.parent.name}.{path.stem}" for path in sorted(place.folder.glob("*/*_*.pyi"))]
    found = stubtest(place.folder, newest, *modules)
    return found.stdout + found.stderr


@pytest.mark.parametrize("name", CASES)
def test_stubtest(name: str, tested: str) -> None:
    assert "checked" in tested or "Success" in tested, tested
    said = [part for part in re.split(r"(?m)^(?=error: )", tested) if f"error: {name}." in part]
    assert not said, "".join(said)


def test_the_checkers_that_a_line_names_are_those_that_must_call_it_an_error() -> None:
    text = "a()  # error\nb()\nc()  # error: ty, mypy with plugin\n"
    case = Case(Path(), "one", "", {"uses.py": text})
    assert casefiles.expected(case, "ty") == {("uses.py", 1), ("uses.py", 3)}
    assert casefiles.expected(case, "mypy") == {("uses.py", 1)}
