"""No verb imports or runs anything of the project, whatever its modules are called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.wheels import shelves

# Names by which the interpreter itself, or pip, would import something of the project, were its
# folder on sys.path.
ALWAYS = ("sitecustomize", "usercustomize", "pip", "click", "libcst", "jinja2", "markupsafe")
VERBS = (
    "init",
    "build",
    "check",
    "diff",
    "explain",
    "audit",
    "apply --check",
    "apply",
    "build",
    "check",
)
SOURCE = """
from __future__ import annotations
import idlelib.foo
import this.that
import xml.dom.minidom
from django.db import models
from . import local
import shop.settings


class BookQuerySet(models.QuerySet):
    def total(self, value: idlelib.foo.Bar = local.VALUE) -> idlelib.foo.Bar:
        return self.count()

    def other(self, node: xml.dom.minidom.Node) -> "this.that.Bar":
        return this.that.Bar(self.count())

    def sum(self):
        return idlelib.foo.Bar(self.count())
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose every module, and every shadow of a module of the standard library, leaves a
    note when it is run; so does its environment."""
    root = tmp_path / "project"
    note = f"open({str(tmp_path / 'notes')!r}, 'a').write(__file__ + chr(10))\n"

    def put(path: str, text: str = note) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    for name in sorted({*sys.stdlib_module_names, *ALWAYS}):
        put(f"{name}/__init__.py")
        put(f"{name}/__main__.py")
        for folder in ("shop", "src", ".venv/bin"):
            put(f"{folder}/{name}.py")
    put("shop/__init__.py")
    put("shop/querysets.py", note + SOURCE)
    put("shop/local.py", note + "VALUE = 1\n")
    for name in ("settings", "manage", "conftest", "setup", "noxfile"):
        put(f"{name}.py")
        put(f"shop/{name}.py")
    site_packages = ".venv/lib/python3.12/site-packages"
    put(f"{site_packages}/evil.pth", f"import sys; {note}")
    put(f"{site_packages}/sitecustomize.py")
    put(f"{site_packages}/idlelib/foo.py")
    put(".venv/pyvenv.cfg", "home = /nowhere\n")
    for name in ("python", "python3", "pip", "mypy", "asyncgen"):
        put(f".venv/bin/{name}", f"#!/bin/sh\necho {name} >> {tmp_path / 'notes'}\n")
        (root / f".venv/bin/{name}").chmod(0o755)
    return root


def run(root: Path, program: list[str], verb: str, **variables: str) -> str:
    """What a verb says; a failure of asyncgen's own is none of the statuses that are expected."""
    command = [*program, *verb.split()]
    path = os.pathsep.join((str(root / ".venv/bin"), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "ASYNCGEN_NO_CACHE": "1", **variables}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in range(4), done.stderr
    return done.stdout + done.stderr


def written(root: Path) -> str:
    """The querysets and what is written for them, in whichever style `init` proposed."""
    return "".join(path.read_text() for path in sorted(root.glob("shop/querysets*.py")))


SCRIPT = [str(Path(sysconfig.get_path("scripts")) / "asyncgen")]
MODULE = [sys.executable, "-P", "-m", "asyncgen"]


@pytest.mark.parametrize("program", [SCRIPT, MODULE], ids=["asyncgen", "python -P -m asyncgen"])
def test_no_verb_runs_anything_of_the_project(program: list[str], project: Path) -> None:
    for verb in VERBS:
        said = run(project, program, verb, VIRTUAL_ENV=str(project / ".venv"))
        assert not (project.parent / "notes").exists(), f"{verb} ran {said}"
    assert "async def atotal" in written(project)


def test_a_plain_module_run_imports_no_more_of_the_project_than_python_itself(
    project: Path,
) -> None:
    """`python -m` puts the project first on the path, and imports some modules before asyncgen is
    reached: without these there is nothing that asyncgen would import from there."""
    empty = project.parent / "empty"
    empty.mkdir()
    (empty / "nothing.py").touch()
    notes = project.parent / "notes"

    def ran(*command: str) -> list[Path]:
        notes.unlink(missing_ok=True)
        subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            env={**os.environ, "PYTHONPATH": str(empty)},
            capture_output=True,
            check=False,
        )
        return [Path(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    while own := ran("nothing"):
        for path in own:
            shutil.rmtree(project / path.relative_to(project).parts[0])
    assert (project / "json").exists()
    assert ran("json.tool", "--help")
    for verb in ("init", "build", "check"):
        assert not ran("asyncgen", verb)
    assert "async def atotal" in written(project)


# -- releases --------------------------------------------------------------------------------------

RELEASE = """\
[tool.asyncgen]
sources = ["django.db.models.query"]
output = "out_{{series}}.py"
releases = [{{ name = "{name}", version = "{version}", sha256 = "{sha256}" }}]
"""
GOOD = {"name": "Shelves", "version": "1.2.3", "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Shelves @ file:///tmp/x"),
        ("name", "./shelves"),
        ("name", "--index-url=x"),
        ("name", "Shelves\\n-r other.txt"),
        ("name", "../Shelves"),
        ("name", ""),
        ("version", "1.2.3 --pre"),
        ("version", "1.2/../.."),
        ("version", "1"),
        ("sha256", "0" * 63),
        ("sha256", "0" * 64 + "\\n./evil.tar.gz"),
        ("sha256", "G" * 64),
    ],
)
def test_a_release_is_what_it_says(key: str, value: str, tmp_path: Path) -> None:
    text = RELEASE.format(**{**GOOD, key: value})
    (tmp_path / "pyproject.toml").write_text(text)
    said = run(tmp_path, SCRIPT, "check")
    assert f"pyproject.toml:4: error: {key} of a release is" in said
    assert "[AG104]" in said


@pytest.mark.parametrize("is_right", [True, False])
def test_pip_runs_apart_from_the_project(is_right: bool, project: Path) -> None:
    digest = shelves(project.parent / "wheels")
    text = RELEASE.format(**{**GOOD, "sha256": digest if is_right else "0" * 64})
    (project / "pyproject.toml").write_text(text)
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(project.parent / "wheels")}
    said = run(project, SCRIPT, "build", **variables)
    assert not (project.parent / "notes").exists()
    unpacked = project / f".asyncgen_cache/shelves-1.2.3-{digest}"
    assert unpacked.is_dir() == is_right, said
    assert ("AG107" in said) != is_right
    assert is_right or f"but {digest}" in said
    left = {each.name for each in (project / ".asyncgen_cache").glob("*")} if is_right else set()
    assert left <= {unpacked.name, "pyproject.toml", "lock", ".gitignore"}
