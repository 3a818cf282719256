"""Files by pattern, and the folders in which a new file would match.

As in a shell, a wildcard matches no hidden name; `**` is any number of folders, and follows no
link to one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

MAGIC = frozenset("*?[")


@dataclass
class Globber:
    """`folders` are all that were looked into, or would be if they were there."""

    folders: dict[Path, None] = field(default_factory=dict)

    def files(
        self, root: Path, pattern: str, enters: Callable[[Path], bool] = lambda folder: True
    ) -> list[Path]:
        """The regular files below `root` that match, in order; for `**` only of folders that are to
        be entered."""
        found = dict.fromkeys(self._matches(root, PurePath(pattern).parts, enters))
        return sorted(path for path in found if path.is_file())

    def _matches(
        self, folder: Path, parts: tuple[str, ...], enters: Callable[[Path], bool]
    ) -> Iterator[Path]:
        if not parts:
            yield folder
            return
        first, *rest = parts
        if first == "**":
            yield from self._matches(folder, tuple(rest), enters)
            for entry in self._entries(folder):
                if entry.is_dir(follow_symlinks=False) and entry.name != "__pycache__":
                    below = folder / entry.name
                    if enters(below):
                        yield from self._matches(below, parts, enters)
        elif MAGIC.isdisjoint(first):
            self.folders[folder] = None
            yield from self._matches(folder / first, tuple(rest), enters)
        else:
            for entry in self._entries(folder):
                if fnmatchcase(entry.name, first) and (not rest or entry.is_dir()):
                    yield from self._matches(folder / entry.name, tuple(rest), enters)

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        self.folders[folder] = None
        try:
            with os.scandir(folder) as entries:
                return sorted((each for each in entries if each.name[0] != "."), key=_name)
        except OSError:
            return []


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
