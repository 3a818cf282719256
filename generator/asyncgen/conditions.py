"""What a run depends on, as conditions: each has a kind, a subject, and what held of it then.

Comparing needs nothing that takes long to import: a check without a change has little else to do.
"""

from __future__ import annotations

import hashlib
import os
import sys

from asyncgen.files import hash_of_file, state_of_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from asyncgen.config import Config

    Condition = tuple[str, str]  # the kind and the subject

LOOK = "look"
_OWN = (".py", ".pyi", ".toml", ".jinja")


def now(kind: str, subject: str, python: str | None) -> str:
    """What holds of a condition now; `python` is what `--python` says."""
    return _CONDITIONS[kind](subject, python)


def holds(kind: str, subject: str, known: str, python: str | None) -> bool:
    """Whether a condition is as it was. Nobody looks again at a file whose state is the same."""
    if kind != LOOK:
        return _CONDITIONS[kind](subject, python) == known
    look, _, state = known.partition(" ")
    return state == state_of_file(subject) or look == _look(subject, python).partition(" ")[0]


def of_environment(config: Config) -> Iterator[Condition]:
    """What decides where modules are found, and what is made of them."""
    from asyncgen.environment import dependencies
    from asyncgen.kept import VARIABLES

    yield from (("option", "python"), ("interpreter", ""))
    yield from (("variable", name) for name in VARIABLES)
    yield from (("file", str(path)) for path in (*_own_files(), config.path))
    for folder in dependencies(config):
        yield of_folder(folder)
        yield from (("file", str(path)) for path in sorted(folder.glob("*.pth")))


def of_absent(paths: Iterable[Path]) -> Iterator[Condition]:
    """That these are not there."""
    there: dict[Path, bool] = {}
    yield from (("presence", str(_topmost_missing(path, there))) for path in paths)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _option(subject: str, python: str | None) -> str:
    """What `--python` says."""
    return python or ""


def _variable(subject: str, python: str | None) -> str:
    return os.environ.get(subject, "")


def _interpreter(subject: str, python: str | None) -> str:
    """The interpreter that runs asyncgen: the last environment in which modules are found."""
    return f"{sys.prefix} {sys.version_info[:3]}"


def _file(path: str, python: str | None) -> str:
    """What a file says."""
    return hash_of_file(path)


def _folder(path: str, python: str | None) -> str:
    """The names in a folder of what may be imported, or lead to it, or is a template."""
    try:
        with os.scandir(path) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.endswith((".py", ".pyi", ".pth", ".jinja"))
                or (entry.name[0] != "." and entry.name != "__pycache__" and entry.is_dir())
            )
    except OSError:
        return ""
    return hash_of("\0".join(names))


def _presence(path: str, python: str | None) -> str:
    """Whether there is anything: of what was looked for in vain."""
    return "there" if os.path.lexists(path) else ""


def _look(path: str, python: str | None) -> str:
    """What a file that no source names looks like, and then its state when it was looked at."""
    from asyncgen.looks import look_of

    return look_of(path)


_CONDITIONS: Mapping[str, Callable[[str, str | None], str]] = {
    "option": _option,
    "variable": _variable,
    "interpreter": _interpreter,
    "file": _file,
    "folder": _folder,
    "presence": _presence,
    LOOK: _look,
}


def of_folder(folder: Path) -> Condition:
    """What is in a folder; or that there is none."""
    if folder.is_dir():
        return "folder", str(folder)
    return "presence", str(_topmost_missing(folder, {}))


def _topmost_missing(path: Path, there: dict[Path, bool]) -> Path:
    """The path, or that folder on the way to it which is the first that is not there: what comes
    to be below it cannot come before it. `there` has the folders that were asked for before."""
    while path.parent != path:
        if path.parent not in there:
            there[path.parent] = path.parent.is_dir()
        if there[path.parent]:
            break
        path = path.parent
    return path


def _own_files() -> Iterator[Path]:
    """asyncgen's own code, tables and templates: a change there is a change of what it says."""
    from importlib import resources
    from pathlib import Path

    for package in ("asyncgen", "asyncgen_templates"):
        folder = Path(str(resources.files(package)))
        yield from sorted(path for path in folder.rglob("*") if path.suffix in _OWN)
