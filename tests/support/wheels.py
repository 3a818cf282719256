"""A small wheel, for what is downloaded."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: shelves\nVersion: 1.2.3\n"


def shelves(folder: Path) -> str:
    """Write the wheel of shelves 1.2.3, which has one module, into a new folder; its hash."""
    folder.mkdir()
    path = folder / "shelves-1.2.3-py3-none-any.whl"
    files = {
        "shelves/__init__.py": "",
        "shelves/data.json": "{}",
        "shelves-1.2.3.dist-info/METADATA": METADATA,
        "shelves-1.2.3.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
        "shelves-1.2.3.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()
