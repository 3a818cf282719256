"""What is in files, or would be: some of them may be edited without being written."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from asyncgen.files import regular_bytes


@dataclass
class Contents:
    """The content of files, by their paths. Whoever is given one reads no file without it."""

    edited: dict[str, bytes] = field(default_factory=dict)

    def edit(self, path: Path, content: bytes) -> None:
        self.edited[os.path.realpath(path)] = content

    def edit_of(self, path: Path) -> bytes | None:
        """The content of a file that is edited; None for any other."""
        return self.edited.get(os.path.realpath(path)) if self.edited else None

    def of(self, path: Path) -> bytes:
        """The content of a file. Raises OSError."""
        edit = self.edit_of(path)
        return regular_bytes(path) if edit is None else edit
