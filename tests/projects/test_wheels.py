"""Packages that nobody labelled: what `init` finds in them builds, in both styles.

Each is built as its own project, with what `asyncgen init` proposes for it, and as a package that
another project cannot edit. What the packages depend on is not installed, but for Django.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import black
import pytest
from asyncgen.surface import HEADER

from tests.projects.download import DownloadError, Package, fetch, packages
from tests.projects.test_build import PYTHON

STYLES = ("mixin", "subclass")
IMPORTS = """\
import importlib, inspect, sys
from django.conf import settings

contrib = ["admin", "auth", "contenttypes", "messages", "sessions", "sites"]
apps = [f"django.contrib.{each}" for each in contrib]
settings.configure(INSTALLED_APPS=[*apps, *sys.argv[1:]], SITE_ID=1)
import django

django.setup()
for name in sys.argv[2:]:
    module = importlib.import_module(f"{name}.surface")
    classes = [each for each in vars(module).values() if inspect.isclass(each)]
    for mixin in (each for each in classes if each.__module__ == module.__name__):
        for twin, function in inspect.getmembers(mixin, inspect.iscoroutinefunction):
            sync = getattr(mixin, twin.removeprefix("a"), None)
            # Django makes some (get_next_by_FOO) as partials, which have parameters of their own.
            made = hasattr(sync, "__partialmethod__") or hasattr(sync, "_partialmethod")
            if sync is not None and not made:
                assert list(inspect.signature(sync).parameters) == list(
                    inspect.signature(function).parameters
                ), twin
"""


@dataclass(frozen=True)
class Project:
    package: Package
    root: Path
    style: str

    def run(self, *arguments: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "asyncgen", *arguments]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        environment.pop("VIRTUAL_ENV", None)
        return subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )

    def outputs(self) -> dict[Path, str]:
        found = sorted([*self.root.rglob("*.py"), *self.root.rglob("*.pyi")])
        texts = {path: path.read_text(encoding="utf-8") for path in found}
        return {path: text for path, text in texts.items() if HEADER in text[:600]}


@pytest.fixture(scope="module", params=packages("built.toml").values(), ids=lambda each: each.name)
def unpacked(request: pytest.FixtureRequest) -> tuple[Package, Path]:
    package: Package = request.param
    try:
        return package, fetch(package)
    except DownloadError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=STYLES)
def project(
    request: pytest.FixtureRequest,
    unpacked: tuple[Package, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """The package as a project, or installed in the environment of one."""
    package, source = unpacked
    root = tmp_path_factory.mktemp("project")
    made = Project(package, root, request.param)
    if made.style == "mixin":
        shutil.copytree(source, root, dirs_exist_ok=True)
        return made
    environment = root / ".venv" / "lib" / PYTHON
    environment.mkdir(parents=True)
    (environment / "site-packages").symlink_to(source)
    modules = [dotted(path) for path in package.proposed]
    (root / "pyproject.toml").write_text(
        f"[tool.asyncgen]\nsources = {modules}\nstyle = 'subclass'\n"
        "output = 'aio/{package}/{path}/surface.py'\n",
        encoding="utf-8",
    )
    return made


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_what_init_proposes_builds(project: Project) -> None:
    if project.style == "mixin":
        answer = project.run("init")
        assert answer.returncode == 0, answer.stderr
        proposed = [line.strip() for line in answer.stdout.splitlines() if line.startswith("  ")]
        # A folder of which most has something to read is proposed as one pattern.
        files = list(project.package.proposed)
        assert [each for each in files if not any(map(PurePosixPath(each).match, proposed))] == []
        assert [
            each for each in proposed if not any(PurePosixPath(f).match(each) for f in files)
        ] == []
    answer = project.run("build")
    assert answer.returncode == 0, answer.stderr
    assert set(re.findall(r"\[(AG\d+)\]", answer.stderr)) <= {"AG203", "AG305"}
    print(project.package.name, project.style, answer.stdout.splitlines()[-1])
    texts = project.outputs()
    assert texts
    for path, text in texts.items():
        compile(text, path.name, "exec")
        mode = black.Mode(is_pyi=path.suffix == ".pyi")
        assert black.format_str(text, mode=mode) == text, path
    ruff = [sys.executable, "-m", "ruff"]
    lint = [*ruff, "check", "--isolated", "--select=F,I", "--target-version=py311"]
    for command in ([*ruff, "format", "--isolated", "--diff"], lint):
        done = ran([*command, *map(str, texts)], project.root)
        assert done.returncode == 0, done.stdout + done.stderr
    # In sync by what it remembers; and again, by another run's order of sets.
    assert project.run("check").returncode == 0
    shutil.rmtree(project.root / ".asyncgen_cache", ignore_errors=True)
    again = project.run("check", seed="4242")
    assert again.returncode == 0, again.stderr
    if project.style == "subclass" and project.package.app:
        assert_importable(project, texts)


def assert_importable(project: Project, texts: dict[Path, str]) -> None:
    """The async classes are joined, and each twin takes what its sync callable takes."""
    surfaces = [path.parent for path in texts if path.name == "surface.py"]
    for path in surfaces:
        app = ".".join(path.relative_to(project.root).parts)
        (path / "apps.py").write_text(
            "from django.apps import AppConfig\n\n\nclass Config(AppConfig):\n"
            f"    name = '{app}'\n    label = '{app.replace('.', '_')}'\n",
            encoding="utf-8",
        )
    (site_packages,) = (project.root / ".venv" / "lib" / PYTHON).iterdir()
    names = [".".join(path.relative_to(project.root).parts) for path in surfaces]
    pythonpath = os.pathsep.join([str(project.root), str(site_packages)])
    done = ran(
        [sys.executable, "-c", IMPORTS, str(project.package.app), *names], project.root, pythonpath
    )
    assert done.returncode == 0, done.stderr


def ran(
    command: Sequence[str], folder: Path, pythonpath: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": pythonpath or os.environ.get("PYTHONPATH", "")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
