"""Golden cases: NAME/source is a project, NAME/expected what `asyncgen build` writes for it.

`make golden` writes the expectations anew; read the diff before you commit it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import black
import pytest

from asyncgen.config import load
from tests.support.building import build

HERE = Path(__file__).parent
NAMES = sorted(path.parent.name for path in HERE.glob("*/source"))


def built(name: str) -> dict[str, str]:
    """The files that a build of the case writes, by path. It stands alone: generated files follow
    what formatters are told above a project, and here that would be ours."""
    with tempfile.TemporaryDirectory() as folder:
        project = shutil.copytree(HERE / name / "source", Path(folder) / "source")
        return build(project / "pyproject.toml", warnings=True).texts


def expected(name: str) -> dict[str, str]:
    folder = HERE / name / "expected"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.py*")
        if path.suffix in (".py", ".pyi")
    }


def update(name: str) -> None:
    folder = HERE / name / "expected"
    texts = built(name)
    for path in expected(name).keys() - texts.keys():
        (folder / path).unlink()
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_as_expected(name: str) -> None:
    if os.environ.get("ASYNCGEN_UPDATE_GOLDEN"):
        update(name)
    assert built(name) == expected(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_output_is_the_same_twice(name: str) -> None:
    assert built(name) == built(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_expected_files_are_formatted_and_compile(name: str, tmp_path: Path) -> None:
    shutil.copytree(HERE / name / "source", tmp_path, dirs_exist_ok=True)
    for path, text in expected(name).items():
        compile(text, path, "exec")
        mode = black.Mode(is_pyi=path.endswith(".pyi"))
        assert black.format_str(text, mode=mode) == text
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    # Imports sorted, only those used, every name known.
    lint = [*ruff, "check", "--isolated", "--select=F,I", "--target-version=py311"]
    for command in ([*ruff, "format", "--isolated", "--diff"], lint):
        finished = subprocess.run([*command, *expected(name)], cwd=tmp_path, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stdout + finished.stderr
