"""What `--fix` writes does what was written before, and blocks nothing.

The oracle is Django itself: with DJANGO_ALLOW_ASYNC_UNSAFE it lets synchronous queries run on the
event loop, so each case gives what its author meant.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asyncgen.cli import main
from click.testing import CliRunner

SOURCE = Path(__file__).parent / "mended"
# What is synchronous has another value there: a coroutine is true.
CHANGED = {"forgets_to_await": ("somebody", "nobody")}

# The cases that are left to --unsafe-fixes.
UNSAFE = set(re.findall(r"async def (\w+)", (SOURCE / "quay/unsafe.py").read_text()))

Outcomes = dict[str, dict[str, Any]]


def ran(folder: Path, **variables: str) -> Outcomes:
    environment = {key: value for key, value in os.environ.items() if "DJANGO" not in key}
    environment |= {"QUAY_DATABASE": str(folder / "quay.sqlite3"), **variables}
    command = [sys.executable, "run_cases.py"]
    finished = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    found: Outcomes = json.loads(finished.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    def copy(name: str) -> Path:
        folder = tmp_path_factory.mktemp("mended") / name
        shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        return folder

    return copy


@pytest.fixture(scope="module")
def meant(copied: Callable[[str], Path]) -> Outcomes:
    return ran(copied("meant"), DJANGO_ALLOW_ASYNC_UNSAFE="1")


@pytest.fixture(scope="module")
def before(copied: Callable[[str], Path]) -> Outcomes:
    return ran(copied("before"))


@dataclass(frozen=True)
class Mended:
    """A mended project, what its cases give, and what is found in it then."""

    folder: Path
    outcomes: Outcomes
    output: str

    def text(self, name: str) -> str:
        return (self.folder / "quay" / name).read_text()


def mend(folder: Path, flag: str) -> Mended:
    arguments = ["--config", str(folder / "pyproject.toml"), "audit", flag, str(folder / "quay")]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    return Mended(folder, ran(folder), result.output)


@pytest.fixture(scope="module")
def mended(copied: Callable[[str], Path]) -> Mended:
    return mend(copied("mended"), "--fix")


@pytest.fixture(scope="module")
def unsafe(copied: Callable[[str], Path]) -> Mended:
    return mend(copied("unsafe"), "--unsafe-fixes")


def test_each_case_blocks_before_it_is_mended(before: Outcomes) -> None:
    silent = {name for name, each in before.items() if not each["seen"]}
    assert silent == set(CHANGED)


def expected(meant: Outcomes) -> dict[str, Any]:
    """The value that each case should give."""
    values = {name: each["value"] for name, each in meant.items()}
    for name, (sync, awaited) in CHANGED.items():
        assert values[name] == sync
        values[name] = awaited
    return values


def seen(mended: Mended) -> set[str]:
    return {name for name, each in mended.outcomes.items() if each["seen"]}


def test_each_case_gives_what_was_meant_and_blocks_nothing(mended: Mended, meant: Outcomes) -> None:
    assert seen(mended) == UNSAFE, mended.output
    values = {name: each["value"] for name, each in mended.outcomes.items()}
    wanted = expected(meant)
    assert {name: values[name] for name in values.keys() - UNSAFE} == {
        name: wanted[name] for name in wanted.keys() - UNSAFE
    }


def test_what_is_suggested_gives_the_same_here(unsafe: Mended, meant: Outcomes) -> None:
    assert seen(unsafe) == set(), unsafe.output
    values = {name: each["value"] for name, each in unsafe.outcomes.items()}
    assert values == expected(meant)
    assert "nothing found" in unsafe.output


def test_only_what_is_suggested_is_left(mended: Mended) -> None:
    assert "quay/jobs.py:" not in mended.output


def test_comments_and_definitions_stay(mended: Mended) -> None:
    jobs, original = mended.text("jobs.py"), (SOURCE / "quay/jobs.py").read_text()
    assert 'return f"{await Boat.objects.acount()} boats"  # a comment stays\n' in jobs
    assert mended.text("helpers.py") == (SOURCE / "quay/helpers.py").read_text()
    assert jobs.count("async def") == original.count("async def")
    assert "import time" not in jobs, "nothing sleeps any longer"
    assert "import asyncio" in jobs


def test_a_file_that_cannot_be_read_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen]\n")
    (tmp_path / "good.py").write_text("import time\n\n\nasync def f():\n    time.sleep(1)\n")
    (tmp_path / "bad.py").write_text("async def f(:\n")
    arguments = ["--config", str(tmp_path / "pyproject.toml"), "audit", str(tmp_path)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 3
    assert "good.py:5: warning" in result.stdout
    assert "bad.py:1: error: syntax error" in result.stderr
    assert "[AG303]" in result.stderr
