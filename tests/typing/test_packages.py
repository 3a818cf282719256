"""mypy --strict finds nothing in the stubs of real packages, in either style.

What the packages depend on is not installed, and they need no types of their own: only what stands
in a stub counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from download import DownloadError, Package, fetch, packages, roots

PACKAGES = {
    each.path.name: each
    for pins in ("packages.toml", "built.toml")
    for each in packages(pins).values()
}
TABLES = """
[tool.asyncgen]
search = {search}
[[tool.asyncgen.source]]
sources = {modules}
style = "mixin"
output = "made/mixins/{{path}}.py"
[[tool.asyncgen.source]]
sources = {modules}
style = "subclass"
output = "made/subclasses/{{path}}.py"
"""
MYPY = (
    *("--strict", "--no-error-summary", "--ignore-missing-imports", "--follow-untyped-imports"),
    *("--follow-imports=silent", "--explicit-package-bases"),
)


def run(folder: Path, *command: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy keeps of Django's stubs from one package to the next."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_mypy_finds_nothing(package: Package, cache: Path, tmp_path: Path) -> None:
    try:
        fetch(package)
    except DownloadError as error:
        pytest.skip(str(error))
    search = [".", *map(str, roots(package))]
    modules = [*package.modules, *map(_dotted, package.proposed)]
    tables = TABLES.format(search=search, modules=modules)
    (tmp_path / "pyproject.toml").write_text(tables, encoding="utf-8")
    said = run(tmp_path, "asyncgen", "--python", sys.executable, "-q", "build")
    stubs = [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*.pyi"))]
    assert stubs, said
    path = os.pathsep.join(search)
    said = run(tmp_path, "mypy", *MYPY, "--cache-dir", str(cache), *stubs, MYPYPATH=path)
    assert "error" not in said, said


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
