"""`import asyncgen`: the same as the command line, from Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import asyncgen
import asyncgen.api
import pytest
from asyncgen.cli import main
from click.testing import CliRunner

MODELS = """\
from django.db import models


class Book(models.Model):
    def total(self) -> int:
        return Book.objects.count()

    def label(self) -> str:
        return "book"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The pyproject.toml of a project whose twins are to be written."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    (tmp_path / "shop/models.py").write_text(MODELS, "utf-8")
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.asyncgen]\nsources = ["shop/*.py"]\n', "utf-8")
    return path


def test_check_writes_nothing_and_build_writes_what_it_named(project: Path) -> None:
    before = asyncgen.check(project)
    assert not before.is_in_sync
    assert [(each.path, each.change) for each in before.files] == [
        ("shop/models_async.py", "missing"),
        ("shop/models_async.pyi", "missing"),
    ]
    assert not (project.parent / "shop/models_async.py").exists()
    assert asyncgen.build(asyncgen.load(project)).files == before.files
    assert "async def atotal(self)" in (project.parent / "shop/models_async.py").read_text()
    after = asyncgen.check(project)
    assert after.files == ()
    # The class does not inherit its mixin yet, which is a warning at first.
    assert [each.code for each in after.problems] == ["AG502"]
    assert after.is_in_sync


def test_each_callable_has_its_kind_with_reasons(project: Path) -> None:
    total, label = asyncgen.check(project).callables
    assert (total.name, total.twin, total.kind) == (
        "shop.models.Book.total",
        "atotal",
        asyncgen.Kind.VALUE,
    )
    assert (label.kind, label.twin) == (asyncgen.Kind.PURE, None)
    assert total.location.line == MODELS.splitlines().index("    def total(self) -> int:") + 1
    assert total.evidence


def test_what_it_finds_is_what_the_command_line_finds(project: Path) -> None:
    outcome = asyncgen.check(project)
    printed = CliRunner().invoke(main, ["--config", str(project), "check"]).output
    for file in outcome.files:
        assert f"{file.path} is missing" in printed


def test_what_is_wrong_is_one_exception_with_problems(project: Path) -> None:
    (project.parent / "shop/models.py").write_text("class Book(:\n", "utf-8")
    with pytest.raises(asyncgen.AsyncgenError) as caught:
        asyncgen.build(project)
    assert [each.code for each in caught.value.problems] == ["AG303"]


def test_public_names_are_those_of_the_module_and_are_imported_late() -> None:
    assert {"build", "check", "load"} < {*asyncgen.__all__}
    for name in asyncgen.__all__:
        assert getattr(asyncgen, name) is getattr(asyncgen.api, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = asyncgen.nothing
    said = "import asyncgen, sys; sys.exit('asyncgen.api' in sys.modules)"
    subprocess.run([sys.executable, "-c", said], check=True)
