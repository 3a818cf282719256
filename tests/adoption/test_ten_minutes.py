"""What a user does between `pip install` and the first awaited twin, as one script: 30 models in 6
apps, services, managers, and the classes of another package. No hand is in between."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ten") / "harbour"
    shutil.copytree(HERE / "harbour", folder, ignore=shutil.ignore_patterns("__pycache__"))
    # As pip would have it in the project's environment.
    packages = folder / ".venv/lib/python3.12/site-packages"
    packages.parent.mkdir(parents=True)
    (folder / "installed").rename(packages)
    return folder


def run(root: Path, *command: str, status: int = 0) -> str:
    """What a command of the script prints; it has to end with the status."""
    packages = next(root.glob(".venv/lib/*/site-packages"))
    environment = {**os.environ, "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    # Other folders of tests name their own settings, which `manage.py` would keep.
    for theirs in ("VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE"):
        environment.pop(theirs, None)
    done = subprocess.run(
        [sys.executable, *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def asyncgen(root: Path, *arguments: str, status: int = 0) -> str:
    return run(root, "-m", "asyncgen", *arguments, status=status)


def sources(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*.py*")
        if ".venv" not in path.parts and ".asyncgen_cache" not in path.parts
    }


def install_the_runtime(root: Path) -> None:
    """As an editable installation does."""
    packages = next(root.glob(".venv/lib/*/site-packages"))
    (packages / "runtime.pth").write_text(f"{HERE.parents[1] / 'runtime'}\n")


def test_the_ten_minutes(root: Path) -> None:
    assert "Ran 5 tests" in run(root, "manage.py", "test")

    assert "*/models.py" in asyncgen(root, "init", "--services")
    built = asyncgen(root, "build")
    assert "Next: install asyncgen-runtime" in built
    assert "Next: `asyncgen apply`" in built
    assert "[AG502]" in asyncgen(root, "check")  # a warning, as long as nothing uses a mixin
    install_the_runtime(root)
    asyncgen(root, "apply")
    assert asyncgen(root, "check") == "asyncgen: in sync\n"
    assert "Next" not in asyncgen(root, "build")

    (root / "after/tests_async.py").rename(root / "harbour/tests_async.py")
    assert "Ran 10 tests" in run(root, "manage.py", "test")
    assert "No changes" in run(root, "manage.py", "makemigrations", "--check", "--dry-run")

    for arguments in (["check"], ["format", "--check"]):
        run(root, "-m", "ruff", *arguments, ".")
    before = sources(root)
    asyncgen(root, "build")
    asyncgen(root, "apply")
    assert sources(root) == before, "a second time changes nothing"


def test_nobody_elses_package_was_changed(root: Path) -> None:
    packages = next(root.glob(".venv/lib/*/site-packages"))
    for path in (HERE / "harbour/installed").rglob("*.py"):
        name = path.relative_to(HERE / "harbour/installed")
        assert (packages / name).read_bytes() == path.read_bytes()
