"""stubtest, without an allowlist, on everything that is generated."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def stubtest(folder: Path, programs: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    paths = [folder, ROOT / "runtime", ROOT / "generated"]
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


@pytest.fixture(scope="module")
def surface(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Django's own stubs, where stubtest finds them, and settings."""
    folder = tmp_path_factory.mktemp("surface")
    shutil.copytree(ROOT / "stubs" / "asyncgen_django-stubs", folder / "asyncgen_django")
    (folder / "settings.py").write_text('SECRET_KEY = "typing"\n')
    return folder


def test_the_surface_of_the_installed_django(surface: Path, programs: Path) -> None:
    version = subprocess.run(
        [str(programs / "python"), "-c", "import django; print(*django.VERSION[:2], sep='_')"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    found = stubtest(surface, programs, f"asyncgen_django.v{version}")
    assert found.returncode == 0, found.stdout + found.stderr
