"""stubtest, without an allowlist, on the hard cases; and what it finds when a stub is changed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import checkers
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def stubtest(folder: Path, programs: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    paths = [folder, ROOT / "runtime"]
    return subprocess.run(
        [str(programs / "python"), str(HERE / "stubtest_django.py"), *modules],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "MYPYPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def modules(folder: Path) -> Iterator[str]:
    for path in sorted((folder / "library").glob("*.pyi")):
        yield f"library.{path.stem}"


def test_the_hard_cases(project: Path, programs: Path) -> None:
    found = stubtest(project, programs, *modules(project))
    assert found.returncode == 0, found.stdout + found.stderr


# One change each of: a parameter's name, its default, its kind, being async, a return type.
MUTATIONS = {
    "a parameter's name": ("*, inclusive: bool = True", "*, included: bool = True"),
    "a default": (
        "def astream(self, chunk_size: int = 10)",
        "def astream(self, chunk_size: int = 11)",
    ),
    "a kind": ("nowait: bool = False) -> AbstractAsync", "nowait: bool) -> AbstractAsync"),
    "async": ("async def arevenue(self)", "def arevenue(self)"),
    "a missing parameter": ("async def aparse(text: str)", "async def aparse()"),
    "a return type": ("async def arevenue(self) -> Decimal", "async def arevenue(self) -> int"),
    "an argument's type": ("when: datetime.date | None = None", "when: int | None = None"),
    "an iterator's rows": ("-> AsyncIterator[Book]", "-> AsyncIterator[int]"),
    "an overload": ("as_text: Literal[True]) -> str", "as_text: Literal[True]) -> bytes"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_stub_is_noticed(
    name: str, project: Path, programs: Path, tmp_path: Path
) -> None:
    before, after = MUTATIONS[name]
    shutil.copytree(project, tmp_path / "copy")
    path = tmp_path / "copy" / "library" / "querysets_async.pyi"
    text = path.read_text()
    assert before in text
    path.write_text(re.sub(re.escape(before), lambda _: after, text, count=1))
    found = stubtest(path.parents[1], programs, "library.querysets_async")
    lines, _ = checkers.complaints("mypy", path.parents[1], programs)
    assert found.returncode or lines["uses"], "neither stubtest nor the asserted types notice"
