"""Which files are audited."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from asyncgen.config import Config
from asyncgen.header import bears_header

# Folders of others, beside those whose names begin with a dot.
_ASIDE = frozenset({"__pycache__", "node_modules", "site-packages"})


def selected(config: Config, paths: Sequence[Path]) -> list[Path]:
    """The Python files that `paths` name, or that are in the folders that they name, in order;
    without paths, those of the project. A folder gives none that asyncgen wrote, and none of an
    environment."""
    found: dict[Path, None] = {}
    for path in paths or (config.root,):
        whole = Path(os.path.abspath(path))
        found |= dict.fromkeys([whole] if whole.is_file() else _below(whole))
    return sorted(found)


def _below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if not _is_aside(parent, each)]
        for name in files:
            path = Path(parent, name)
            if name.endswith(".py") and not bears_header(path):
                yield path


def _is_aside(parent: str, name: str) -> bool:
    is_environment = os.path.exists(os.path.join(parent, name, "pyvenv.cfg"))
    return name.startswith(".") or name in _ASIDE or is_environment
