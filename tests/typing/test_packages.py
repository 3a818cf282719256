"""Type checkers find nothing in the stubs of real packages, in either style.

What the packages depend on is not installed, and they need no types of their own: only what stands
in a stub counts.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.projects.download import DownloadError, Package, fetch, packages, roots

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

[tool.basedpyright]
typeCheckingMode = "standard"
extraPaths = {search}

[tool.pyrefly]
search-path = {search}
"""
MYPY = (
    *("--strict", "--no-error-summary", "--ignore-missing-imports", "--follow-untyped-imports"),
    *("--follow-imports=silent", "--explicit-package-bases"),
)
ALLOWED = (
    # What a source overrides without fitting it: ty has no switch that is not in the way elsewhere.
    "[incompatible-method-override]",
    # pyrefly does not see through the circle of star imports there, in the package itself either.
    "from `django_ledger.models` [missing-module-attribute]",
)
UNRESOLVED = re.compile(
    r"Import \"(?P<basedpyright>[\w.]+)\".* could not be resolved"
    r"|Cannot find module `(?P<pyrefly>[\w.]+)`"
    r"|Cannot resolve imported module `(?P<ty>[\w.]+)`"
)
# Every checker has to find this one: what finds nothing at all has not run.
PLANTED = "planted.pyi"


def run(folder: Path, *command: str | Path, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def complaints(folder: Path, programs: Path, cache: Path, search: Sequence[str]) -> Iterator[str]:
    """Every error that a checker finds in a stub."""
    (folder / "made" / PLANTED).write_text("wrong: int = ''\n", encoding="utf-8")
    stubs = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*.pyi"))]
    python = programs / "python"
    path = os.pathsep.join(search)
    mypy = (str(python), "-m", "mypy", *MYPY, "--cache-dir", str(cache), *stubs)
    yield from (f"mypy: {line}" for line in run(folder, *mypy, MYPYPATH=path).splitlines())
    extra = [word for root in search for word in ("--extra-search-path", root)]
    commands: list[tuple[str | Path, ...]] = [
        (programs / "basedpyright", "--level", "error", "--pythonpath", python),
        (programs / "pyrefly", "check", "--python-interpreter-path", python),
        (programs / "ty", "check", "--output-format", "concise", "--python", python, *extra),
    ]
    options = {"pyrefly": ("--output-format", "min-text")}
    for command in commands:
        name = Path(command[0]).name
        said = run(folder, *command, *options.get(name, ()), *stubs)
        yield from (f"{name}: {line}" for line in said.splitlines() if "made/" in line)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy keeps of Django's stubs from one package to the next."""
    return tmp_path_factory.mktemp("mypy")


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_type_checkers_find_nothing(
    package: Package, programs: Path, cache: Path, tmp_path: Path
) -> None:
    try:
        fetch(package)
    except DownloadError as error:
        pytest.skip(str(error))
    search = [".", *map(str, roots(package))]
    modules = [*package.modules, *map(_dotted, package.proposed)]
    tables = TABLES.format(search=json.dumps(search), modules=json.dumps(modules))
    (tmp_path / "pyproject.toml").write_text(tables, encoding="utf-8")
    build = (sys.executable, "-m", "asyncgen", "--python", sys.executable, "-q", "build")
    said = run(tmp_path, *build)
    if "[AG207]" in said:
        pytest.skip(f"{package.name} is there for its functions: no class of it has a twin")
    assert list(tmp_path.rglob("*.pyi")), said
    own = {module.partition(".")[0] for module in modules} | {"django", "made"}
    errors = [
        line
        for line in complaints(tmp_path, programs, cache, search)
        if " error" in line.lower() and not _is_allowed(line, own)
    ]
    planted = {line.partition(":")[0] for line in errors if PLANTED in line}
    assert planted == {"mypy", "basedpyright", "pyrefly", "ty"}
    assert [line for line in errors if PLANTED not in line] == []


def _is_allowed(line: str, own: set[str]) -> bool:
    """Whether the line is about what is not ours: a module is where it is neither the package's,
    nor Django's, nor written by us."""
    if any(map(line.count, ALLOWED)):
        return True
    match = UNRESOLVED.search(line)
    names = [name for name in match.groups() if name] if match else []
    return any(name.partition(".")[0] not in own for name in names)


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
