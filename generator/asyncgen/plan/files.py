"""The files of packages, as Python finds them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def package_files(folder: Path) -> Iterator[Path]:
    """The modules in a folder and in the packages below it."""
    try:
        entries = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.endswith(".py") and entry.is_file():
            yield Path(entry)
        elif entry.is_dir() and os.path.isfile(os.path.join(entry, "__init__.py")):
            yield from package_files(Path(entry))
