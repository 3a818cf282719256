"""The environments that uv, Poetry and Pipenv make for a project are those that are read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.environment import site_packages

from tests.support.locked import ROOT, programs_of

PYPROJECT = """\
[project]
name = "My-{}"
version = "1"
requires-python = ">=3.11"
[tool.asyncgen]
sources = []
"""


@dataclass(frozen=True)
class Tool:
    """What makes an environment, in which folder of the project; and its settings."""

    commands: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""  # the member of a workspace, where the project is one


PIPENV = {"Pipfile": '[packages]\n[requires]\npython_version = "3"\n'}
POETRY = ("poetry install --no-root --no-interaction",)
TOOLS = {
    "uv": Tool(("uv sync --offline",)),
    "uv elsewhere": Tool(("uv sync --offline",), {"UV_PROJECT_ENVIRONMENT": "made"}),
    "uv, a member of a workspace": Tool(
        ("uv sync --offline --all-packages",),
        files={
            "pyproject.toml": PYPROJECT.format("All") + '[tool.uv.workspace]\nmembers = ["shop"]\n',
            ".git/HEAD": "",
        },
        inside="shop",
    ),
    "uv venv": Tool(("uv venv --offline venv",)),
    "poetry": Tool(POETRY),
    "poetry, in the project": Tool(POETRY, {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}),
    "poetry, by a variable": Tool(POETRY, {"POETRY_VIRTUALENVS_PATH": "{home}/variable"}),
    "poetry, by the user's settings": Tool(
        ("poetry config virtualenvs.path {home}/settings", *POETRY)
    ),
    "poetry, by the project's settings": Tool(
        ("poetry config --local virtualenvs.path {{cache-dir}}/mine", *POETRY)
    ),
    "poetry, before anything is locked": Tool(("poetry env use {python}",)),
    "pipenv": Tool(("pipenv install",), files=PIPENV),
    "pipenv, in the project": Tool(("pipenv install",), {"PIPENV_VENV_IN_PROJECT": "1"}, PIPENV),
    "pipenv, with a Python": Tool(("pipenv install",), {"PIPENV_PYTHON": "{python}"}, PIPENV),
    "pipenv, by a name": Tool(("pipenv install",), {"PIPENV_CUSTOM_VENV_NAME": "mine"}, PIPENV),
    "pipenv, by a file": Tool(("pipenv install",), {}, {**PIPENV, ".venv": "named"}),
}
# What each tool answers when it is asked for the environment's folder.
ASKED = {
    "poetry": "poetry env info --path",
    "pipenv": "pipenv --venv",
    "uv": "uv run --offline --no-sync python -c 'import sys; print(sys.prefix)'",
}


@pytest.fixture(scope="module")
def programs() -> Path:
    return programs_of("environments")


@pytest.mark.parametrize("name", TOOLS)
def test_the_environment_that_a_tool_makes_is_read(
    name: str, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, home, root = TOOLS[name], tmp_path / "home", tmp_path / "work"
    project = root / tool.inside
    files = {
        **tool.files,
        f"{tool.inside}/pyproject.toml".lstrip("/"): PYPROJECT.format("Shop"),
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    home.mkdir()
    filled = {"home": str(home), "python": str(programs / "python")}
    environment = {
        "PATH": os.pathsep.join([str(programs), str(ROOT / ".venv/bin"), os.environ["PATH"]]),
        "HOME": str(home),
        "PIPENV_VERBOSITY": "-1",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        **{key: value.format(**filled) for key, value in tool.variables.items()},
    }
    for key in [*os.environ.keys() - environment.keys()]:
        monkeypatch.delenv(key)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)

    for command in tool.commands:
        run(command.format(**filled), project)
    if name == "uv venv":
        made = project / "venv"
    else:
        made = Path(run(ASKED[name.partition(",")[0].partition(" ")[0]], project))
    found = site_packages(load(project / "pyproject.toml"))
    assert found[0].resolve().is_relative_to(made.resolve())


def run(command: str, folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
