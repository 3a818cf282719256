"""stubtest, without an allowlist, on the hard cases."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

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
