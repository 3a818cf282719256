"""Every checker agrees with what is asserted, and refuses what is wrong, however the project is
installed; and so it is for the bookshop."""

from __future__ import annotations

import shutil
from pathlib import Path

import checkers
import pytest
from checkers import Place


@pytest.fixture(scope="session", params=["inline", "wheel", "editable"])
def place(
    request: pytest.FixtureRequest,
    project: Path,
    programs: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Place:
    """The project of hard cases, in one of the ways in which users have it."""
    if request.param == "inline":
        return Place(project, programs / "python")
    options = ["--editable"] if request.param == "editable" else []
    folder = tmp_path_factory.mktemp(request.param)
    built = shutil.copytree(project, folder / "project")
    place = checkers.installed(built, programs, folder, *options)
    stubs = list(place.python.parents[1].glob("lib/*/site-packages/library/*.pyi"))
    assert bool(stubs) is (request.param == "wheel")
    return place


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_the_hard_cases(checker: str, place: Place, programs: Path) -> None:
    agrees(checker, checkers.PROJECT, place, programs)


@pytest.fixture(scope="session")
def bookshop(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Place:
    return checkers.bookshop(tmp_path_factory.mktemp("bookshop"), programs)


@pytest.mark.parametrize("checker", checkers.CHECKERS)
def test_the_bookshop(checker: str, bookshop: Place, programs: Path) -> None:
    agrees(checker, checkers.BOOKSHOP, bookshop, programs)


def agrees(checker: str, folder: Path, place: Place, programs: Path) -> None:
    """Assert that all cases hold but those that have a reason not to, and nothing else is said."""
    lines, said = checkers.complaints(checker, place, programs)
    explained = checkers.explained(folder, checker)
    assert checkers.failing(folder, lines) == explained, said
    known = {n for case in checkers.cases(folder) if case.name in explained for n in case.uses}
    assert lines["uses"] <= known, said
    assert not lines["stubs"], said


@pytest.mark.parametrize("folder", [checkers.PROJECT, checkers.BOOKSHOP])
def test_every_line_that_is_asserted_belongs_to_a_case(folder: Path) -> None:
    covered = {line for case in checkers.cases(folder) for line in case.uses}
    source = (folder / "uses.py").read_text().splitlines()
    asserted = {n for n, line in enumerate(source, 1) if "assert_type(" in line}
    assert asserted <= covered


def test_the_table_in_the_documentation_is_what_these_tests_show() -> None:
    projects = (checkers.PROJECT, checkers.BOOKSHOP)
    explained = {
        each: {name for folder in projects for name in checkers.explained(folder, each)}
        for each in checkers.CHECKERS
    }
    assert checkers.documented() == checkers.table(explained)
