"""Where people's tools keep the environment of a project: uv, Poetry, Pipenv, conda, venv."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from asyncgen.files import regular_bytes

# What decides where they are, besides files.
VARIABLES = (
    "VIRTUAL_ENV",
    "UV_PROJECT_ENVIRONMENT",
    "CONDA_PREFIX",
    "POETRY_CACHE_DIR",
    "POETRY_CONFIG_DIR",
    "POETRY_VIRTUALENVS_PATH",
    "PIPENV_CUSTOM_VENV_NAME",
    "WORKON_HOME",
)
_BESIDE = (".venv", "venv", "env")

Variables = Mapping[str, str]


def environments(root: Path, variables: Variables = os.environ) -> Iterator[Path]:
    """The environments of the project in `root`, nearest first; not all have to be there: the one
    that is active, uv's, those in the project's folder and around it in its repository, those that
    Poetry and Pipenv keep elsewhere, and conda's."""
    named = [variables.get("VIRTUAL_ENV"), variables.get("UV_PROJECT_ENVIRONMENT")]
    yield from (root / each for each in named if each)
    for folder in around(root):
        yield from (_meant(folder / name, variables) for name in _BESIDE)
    yield from chain(_of_poetry(root, variables), _of_pipenv(root, variables))
    if variables.get("CONDA_PREFIX"):
        yield Path(variables["CONDA_PREFIX"])


def around(root: Path) -> list[Path]:
    """The folder, and those around it that belong to the same repository: an application below its
    root often has its environment there, and a member of uv's workspaces always."""
    folders = (root, *root.parents)
    depth = next((at for at, each in enumerate(folders) if (each / ".git").exists()), 0)
    return list(folders[: depth + 1])


def _meant(place: Path, variables: Variables) -> Path:
    """An environment, which Pipenv lets a file name, by its path or by its name among Pipenv's."""
    if not place.is_file():
        return place
    name = place.read_text(encoding="utf-8", errors="replace").strip()
    return (place.parent if "/" in name else _pipenv_home(variables)) / name


def _of_poetry(root: Path, variables: Variables) -> Iterator[Path]:
    """Where Poetry keeps the environments of the project: by its name and folder.

    https://python-poetry.org/docs/configuration/; the name is made by
    `EnvManager.generate_env_name`.
    """
    place = os.path.normcase(os.path.realpath(root))
    name = re.sub(r'[ $`!*@"\\\r\n\t]', "_", _project_name(root).lower())[:42]
    for folder in _poetry_folders(root, variables) if name else ():
        yield from sorted(folder.glob(f"{name}-{_short_hash(place, 8)}-py*"), reverse=True)


def _poetry_folders(root: Path, variables: Variables) -> Iterator[Path]:
    """Its `virtualenvs.path`: by a variable, the project's settings, the user's, by itself."""
    own = _user_folder("config", "pypoetry", variables)
    settings = [
        _read(root / "poetry.toml"),
        _read(Path(variables.get("POETRY_CONFIG_DIR") or own, "config.toml")),
    ]
    set_ = [each["cache-dir"] for each in settings if isinstance(each.get("cache-dir"), str)]
    cache = variables.get("POETRY_CACHE_DIR") or next(
        iter(set_), str(_user_folder("cache", "pypoetry", variables))
    )
    said = [variables.get("POETRY_VIRTUALENVS_PATH")]
    for each in settings:
        table = each.get("virtualenvs")
        said.append(table.get("path") if isinstance(table, dict) else None)
    for path in (*said, "{cache-dir}/virtualenvs"):
        if isinstance(path, str) and path:
            filled = path.replace("{cache-dir}", str(cache)).replace("{project-dir}", str(root))
            yield root / Path(filled).expanduser()
            return


def _of_pipenv(root: Path, variables: Variables) -> Iterator[Path]:
    """Where Pipenv keeps the environment of the project: by its folder, unless it has a name.

    https://pipenv.pypa.io/en/latest/virtualenv.html; the name is made by `Project.virtualenv_name`.
    """
    pipfile = root / "Pipfile"
    if pipfile.is_file():
        name = re.sub(r'[ &$`!*@"()\[\]\\\r\n\t]', "_", root.name)[:42]
        name = f"{name}-{_short_hash(os.path.realpath(pipfile), 8)}"
        home = _pipenv_home(variables)
        yield home / (variables.get("PIPENV_CUSTOM_VENV_NAME") or name)
        yield from sorted(home.glob(f"{name}-*"), reverse=True)  # with the Python of PIPENV_PYTHON


def _pipenv_home(variables: Variables) -> Path:
    return Path(variables.get("WORKON_HOME") or Path.home() / ".local/share/virtualenvs")


def _short_hash(text: str, length: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


# By platform, where programs keep what is theirs: https://platformdirs.readthedocs.io/
_FOLDERS = {
    ("darwin", "cache"): "Library/Caches/{}",
    ("darwin", "config"): "Library/Application Support/{}",
    ("win32", "cache"): "AppData/Local/{}/Cache",
    ("win32", "config"): "AppData/Roaming/{}",
}


def _user_folder(kind: str, name: str, variables: Variables) -> Path:
    """The folder of the user's in which a program keeps its `cache`, or its `config`."""
    known = _FOLDERS.get((sys.platform, kind))
    if known:
        return Path.home() / known.format(name)
    return Path(variables.get(f"XDG_{kind.upper()}_HOME") or Path.home() / f".{kind}", name)


def _project_name(root: Path) -> str:
    """As pyproject.toml has it, for everybody or for Poetry."""
    document = _read(root / "pyproject.toml")
    tool = document.get("tool")
    tables = (document.get("project"), tool.get("poetry") if isinstance(tool, dict) else None)
    names = (str(each["name"]) for each in tables if isinstance(each, dict) and "name" in each)
    return next(names, "")


def _read(path: Path) -> dict[str, object]:
    """A TOML file; nothing where it is not there, or none."""
    try:
        return tomllib.loads(regular_bytes(path).decode("utf-8"))
    except (OSError, ValueError):
        return {}
