"""`infer = "pyrefly"` with the real pyrefly: what it adds, and what is not believed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from asyncgen import stamp
from asyncgen.cli import main
from asyncgen.config import load
from asyncgen.environment import program
from asyncgen.plan import Result, Run
from asyncgen.problems import AsyncgenError
from asyncgen.pyrefly import ask
from asyncgen.stub.companions import types
from asyncgen.surface import Origin, StubFunction
from click.testing import CliRunner

MODELS = """\
from django.db import models
import zlib
from shop.other import Author as Writer, other_author

STATE = None

class Author(models.Model):
    name = models.CharField(max_length=9)

class Book(models.Model):
    title = models.CharField(max_length=9)
    author = models.ForeignKey(Author, null=True, on_delete=models.CASCADE)

    def ours(self):
        return self.title
    def checksum(self):
        return zlib.crc32(self.title.encode()) & 0xFFFFFFFF
    def initials(self):
        return [word[0] for word in self.title.split()], self.title.partition(" ")[0]
    def writer(self):
        return self.author
    def same_name(self):
        return max(other_author(), other_author(), key=id)
    def mistaken(self):
        x = 1 + zlib.crc32(b"")
        x.bit_count().nothing()
        return (x & 1).bit_length()
    def state(self):
        return STATE or zlib.crc32(b"") & 1
    def untold(self):
        return self.title.__getattribute__("x")
"""
OTHER = """\
class Author:
    def itself(self) -> "Author":
        return self
def other_author() -> Author:
    return Author()
"""


@pytest.fixture
def shop(tmp_path: Path, programs: Path) -> Path:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(MODELS)
    (package / "other.py").write_text(OTHER)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.asyncgen]\nsources = ["shop/models.py"]\ninfer = "pyrefly"\n'
        f'include = ["Book.*"]\npython = "{programs.parent}"\n'
    )
    return tmp_path


def result(root: Path) -> Result:
    return Run(load(root / "pyproject.toml")).result()


def returned(root: Path) -> dict[str, tuple[str, Origin]]:
    found: dict[int, StubFunction] = types(result(root).stubs)
    return {each.name: (each.returns, each.origin) for each in found.values()}


def test_it_fills_what_is_unknown_and_nothing_else(shop: Path) -> None:
    assert returned(shop) == {
        "aours": ("str", Origin.INFERRED),
        "achecksum": ("int", Origin.PYREFLY),
        "ainitials": ("tuple[list[str], str]", Origin.INFERRED),
        "awriter": ("Author | None", Origin.PYREFLY),
        "asame_name": ("_Author", Origin.PYREFLY),
        "amistaken": ("Incomplete", Origin.UNKNOWN),
        "astate": ("Incomplete", Origin.UNKNOWN),
        "auntold": ("Incomplete", Origin.UNKNOWN),
    }


def test_without_being_asked_for_it_is_not_run(shop: Path) -> None:
    path = shop / "pyproject.toml"
    path.write_text(path.read_text().replace('"pyrefly"', '"source"'))
    assert returned(shop)["achecksum"] == ("Incomplete", Origin.UNKNOWN)


def test_it_runs_once_and_leaves_nothing_behind(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop / "pyproject.toml"
    text = path.read_text().replace('sources = ["shop/models.py"]\n', "")
    source = '[[tool.asyncgen.source]]\nsources = ["shop/{}.py"]\ninclude = ["*"]\n'
    path.write_text(text + source.format("models") + source.format("more"))
    (shop / "shop" / "more.py").write_text(MODELS)
    asked: list[int] = []

    def counted(*arguments: object, **keywords: object) -> object:
        questions = arguments[2]
        assert isinstance(questions, dict)
        asked.append(len({question.module for question in questions}))
        return ask(*arguments, **keywords)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr("asyncgen.pyrefly.ask", counted)
    before = {file: file.read_bytes() for file in shop.rglob("*") if file.is_file()}
    assert not result(shop).errors
    assert asked == [2]
    assert {file: file.read_bytes() for file in shop.rglob("*") if file.is_file()} == before


def test_a_second_build_finds_what_the_first_did_and_explain_says_from_where(shop: Path) -> None:
    models = shop / "shop" / "models.py"
    models.write_text(
        MODELS.replace(
            "class Book(models.Model)",
            "from shop.models_async import BookAsync\nclass Book(BookAsync, models.Model)",
        )
        + "    def of_a_twin(self):\n        return Book().aours.__name__.upper()\n"
    )
    config = ["--config", str(shop / "pyproject.toml")]
    built = CliRunner().invoke(main, [*config, "build"])
    assert "4 return types unknown" in built.output
    (shop / ".asyncgen_cache" / stamp.NAME).unlink()
    assert CliRunner().invoke(main, [*config, "check"]).exit_code == 0
    said = CliRunner().invoke(main, [*config, "explain", "Book.checksum"])
    assert "its twin returns int: inferred by pyrefly" in said.output
    said = CliRunner().invoke(main, [*config, "--output-format", "json", "explain", "checksum"])
    assert json.loads(said.output)["type"] == "inferred by pyrefly"


def test_a_change_in_what_pyrefly_alone_reads_is_a_change(shop: Path) -> None:
    path = shop / "pyproject.toml"
    CliRunner().invoke(main, ["--config", str(path), "build"])
    assert stamp.warnings(load(path)) == []
    unread = shop / "shop" / "unread.py"
    unread.write_text("")
    assert stamp.warnings(load(path)) is None
    CliRunner().invoke(main, ["--config", str(path), "build"])
    assert stamp.warnings(load(path)) == []
    unread.write_text("x = 1\n")
    assert stamp.warnings(load(path)) is None


def test_missing_it_is_a_problem(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncgen.environment.program", lambda name, config: None)
    (error,) = result(shop).errors
    assert error.code == "AG206"


def test_a_failure_is_a_problem(shop: Path, tmp_path: Path) -> None:
    broken = tmp_path / "pyrefly"
    broken.write_text("#!/bin/sh\necho out of order >&2\nexit 2\n")
    broken.chmod(0o755)
    config = load(shop / "pyproject.toml")
    questions = Run(config)
    questions.result()
    asked = questions.opinions[0].asked
    with pytest.raises(AsyncgenError) as caught:
        ask(config, broken, asked, (), ())
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("AG207", "pyrefly gave no report: out of order")


def test_it_is_found_in_the_project_then_with_us_then_on_the_path(
    shop: Path, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(shop / "pyproject.toml")
    assert program("pyrefly", config) == programs / "pyrefly"
    assert program("python", config) == programs / "python"
    (tmp_path / "elsewhere").mkdir()
    elsewhere = tmp_path / "elsewhere" / "some-checker"
    elsewhere.write_text("#!/bin/sh\n")
    elsewhere.chmod(0o755)
    assert program("some-checker", config) is None
    monkeypatch.setenv("PATH", f"{elsewhere.parent}{os.pathsep}{os.environ['PATH']}")
    assert program("some-checker", config) == elsewhere
    assert program("asyncgen", config) == Path(sys.executable).parent / "asyncgen"
