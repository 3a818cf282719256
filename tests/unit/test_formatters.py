"""Formatters have nothing to do in what is generated, wherever a project has their settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.formatters import keeping_off, tables
from asyncgen.stamp import warnings
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

CONFIGURATION = '[tool.asyncgen]\nsources = ["shop/*.py"]\nunwired = ["*"]\n'
SOURCE = """\
from collections.abc import Iterator, Sequence
from django.db import models

from shop.books import Book


class BookQuerySet(models.QuerySet[Book]):
    def first_of(self, name: str = "a", *, authors: Sequence[str] = ("b", "c")) -> Book | None:
        return self.filter(name=name, author__in=authors).first()

    def one_by_one(self) -> Iterator[Book]:
        yield from self.all()
"""
OFF, UNSORTED = "# fmt: off", "# isort: skip_file"


@dataclass(frozen=True, slots=True)
class Case:
    """Files in which tools are told something, with the comments that keep them off."""

    files: dict[str, str] = field(default_factory=dict)
    comments: tuple[str, ...] = ()
    length: int = 88


CASES = {
    "nothing said": Case(),
    "ruff's own file": Case({"ruff.toml": "line-length = 120\n"}, length=120),
    "its hidden file before the other": Case(
        {"ruff.toml": "line-length = 70\n", ".ruff.toml": "line-length = 60\n"}, length=60
    ),
    "a file of the repository's root": Case({"../ruff.toml": "line-length = 60\n"}, length=60),
    "the table of the repository's root": Case(
        {"../pyproject.toml": "[tool.ruff]\nline-length = 60\n"}, length=60
    ),
    "the nearest": Case(
        {"../ruff.toml": "line-length = 60\n", "ruff.toml": "line-length = 70\n"}, length=70
    ),
    "single quotes": Case({"ruff.toml": '[format]\nquote-style = "single"\n'}, (OFF,)),
    "tabs": Case({"ruff.toml": '[format]\nindent-style = "tab"\n'}, (OFF,)),
    "two spaces": Case({"ruff.toml": "indent-width = 2\n"}, (OFF,)),
    "quotes as they are": Case({"ruff.toml": '[format]\nquote-style = "preserve"\n'}),
    "one name a line": Case({"ruff.toml": "[lint.isort]\nforce-single-line = true\n"}, (UNSORTED,)),
    "in the old place": Case({"ruff.toml": "[isort]\nforce-single-line = true\n"}, (UNSORTED,)),
    "headings": Case(
        {"ruff.toml": '[lint.isort.import-heading]\nstandard-library = "Python"\n'}, (UNSORTED,)
    ),
    "what is known": Case({"ruff.toml": '[lint.isort]\nknown-first-party = ["shop"]\n'}),
}


@pytest.fixture
def repository(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[Case], Path]:
    """A project in a folder of a repository, with a case's files."""

    def make(case: Case) -> Path:
        top = project({"outer/repository/.git/HEAD": ""}) / "outer" / "repository"
        root = top / "web"
        own = {"pyproject.toml": CONFIGURATION, "shop/__init__.py": "", "shop/querysets.py": SOURCE}
        for name, text in {**own, "shop/books.py": "class Book: ...\n", **case.files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.chdir(root)
        return root

    return make


@pytest.mark.parametrize("name", CASES)
def test_ruff_changes_nothing(name: str, repository: Callable[[Case], Path], run: Run) -> None:
    case = CASES[name]
    root = repository(case)
    built = run("build")
    assert built.exit_code == 0, built.output
    assert load(root / "pyproject.toml").line_length == case.length
    written = sorted(root.glob("shop/querysets_*.py*"))
    assert len(written) == 4
    for path in written:
        found = [each for each in (OFF, UNSORTED) if each in path.read_text().splitlines()]
        assert found == list(case.comments)
    for arguments in (["check", "--select", "I"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, *map(str, written)]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_outside_of_the_repository_is_the_machines(
    repository: Callable[[Case], Path],
) -> None:
    root = repository(Case({"../../ruff.toml": "line-length = 60\n"}))
    assert load(root / "pyproject.toml").line_length == 88


ISORTS = {
    ("pyproject.toml", '[tool.isort]\nprofile = "black"\nknown_first_party = ["shop"]\n'): True,
    ("pyproject.toml", '[tool.isort]\nprofile = "black"\nline_length = 88\n'): True,
    ("pyproject.toml", '[tool.isort]\nprofile = "black"\nline_length = 100\n'): False,
    ("pyproject.toml", '[tool.isort]\nprofile = "black"\ncombine_as_imports = true\n'): False,
    ("pyproject.toml", '[tool.isort]\nprofile = "google"\n'): False,
    ("pyproject.toml", "[tool.isort]\nline_length = 88\n"): False,  # breaks lines otherwise
    ("pyproject.toml", '[tool.isort]\nprofile = "black"\nimport_heading_stdlib = "x"\n'): False,
    (".isort.cfg", "[settings]\nprofile = black\n"): True,
    (".isort.cfg", "[settings]\nforce_single_line = true\n"): False,
    ("setup.cfg", "[isort]\nmulti_line_output = 3\nline_length = 88\nskip = migrations\n"): True,
    ("setup.cfg", "[isort]\nmulti_line_output = 3\n"): False,
    ("tox.ini", "[isort]\nlines_after_imports = 3\n"): False,
    ("tox.ini", "[isort\n"): True,  # nothing that anybody reads
}


@pytest.mark.parametrize(("told", "is_plain"), ISORTS.items(), ids=range(len(ISORTS)))
def test_isort_is_kept_off_where_it_would_do_otherwise(
    told: tuple[str, str], is_plain: bool, tmp_path: Path
) -> None:
    name, text = told
    (tmp_path / name).write_text(text)
    found = keeping_off(tables(tmp_path / "pyproject.toml"), 88)
    assert found == (() if is_plain else (UNSORTED,))


@pytest.mark.parametrize("name", ["ruff.toml", "../ruff.toml", ".isort.cfg"])
def test_what_formatters_are_told_is_a_change(
    name: str, repository: Callable[[Case], Path], run: Run
) -> None:
    root = repository(Case())
    run("build")
    assert warnings(str(root / "pyproject.toml"), None) is not None
    (root / name).write_text(
        "line-length = 50\n" if "ruff" in name else "[isort]\nprofile=google\n"
    )
    assert warnings(str(root / "pyproject.toml"), None) is None
    assert run("check").exit_code == 1
