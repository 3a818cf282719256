"""Whether anything changed since the last build, told by content and without reading Python.

The stamp holds a hash of every file that the build read or wrote, of the configuration and of
asyncgen itself; the names that could be imported; and the warnings, to be given again. It only
ever says "nothing changed", and any difference, or none to be found, means that everything is
read again; so a stale stamp cannot hide drift.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from pathlib import Path

from asyncgen.config import Config
from asyncgen.environment import CACHE, site_packages
from asyncgen.problems import Location, Problem, Severity

NAME = "stamp.json"


def warnings(config: Config) -> list[Problem] | None:
    """The warnings of the last build; None when something that it depended on has changed."""
    try:
        text = (config.root / CACHE / NAME).read_text(encoding="utf-8")
        stamp = json.loads(text)
        files: dict[str, str] = stamp["files"]
        if stamp["environment"] != _environment(config) or stamp["listing"] != _listing(config):
            return None
        if any(_hash(Path(path)) != known for path, known in files.items()):
            return None
        return [_warning(*each) for each in stamp["warnings"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remember(
    config: Config, read: Iterable[Path], written: Iterable[str], warnings: Iterable[Problem]
) -> None:
    """Stamp the state after a build; a folder that cannot be written to is left alone."""
    files = [*read, config.path, *(config.root / path for path in written), *_own_files()]
    stamp = {
        "environment": _environment(config),
        "listing": _listing(config),
        "files": {str(path): _hash(path) for path in files},
        "warnings": [
            (each.code, each.message, each.hint, each.location and astuple(each.location))
            for each in warnings
        ],
    }
    folder = config.root / CACHE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        temporary = folder / f"{NAME}.new"
        temporary.write_text(json.dumps(stamp, indent=0), encoding="utf-8")
        temporary.replace(folder / NAME)
    except OSError:
        return


def _warning(code: str, message: str, hint: str, place: tuple[str, int] | None) -> Problem:
    return Problem(code, message, hint, Location(*place) if place else None, Severity.WARNING)


def _environment(config: Config) -> list[list[str]]:
    """What decides where modules are found: the roots, and the names that each has."""
    return [[str(root), *_importable(root)] for root in (*config.search, *site_packages(config))]


def _importable(root: Path) -> list[str]:
    """The names in a folder that can be imported."""
    names = os.listdir(root) if root.is_dir() else ()
    return sorted(
        name for name in names if name != "__pycache__" and name.removesuffix(".py").isidentifier()
    )


def _listing(config: Config) -> list[str]:
    """The files that the configured globs find now: a new one means a new build."""
    names = (name for source in config.sources for name in source.sources if "*" in name)
    return sorted(str(path) for name in dict.fromkeys(names) for path in config.root.glob(name))


def _own_files() -> Iterator[Path]:
    """asyncgen's own code and templates: a change there is a change of what it writes."""
    from importlib import resources

    for package in ("asyncgen", "asyncgen_templates"):
        folder = Path(str(resources.files(package)))
        yield from sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".jinja"))


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
