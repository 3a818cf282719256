"""How files are named in what an audit says."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path, root: Path) -> str:
    """The path relative to the project, with slashes; as it is where it lies elsewhere."""
    whole = root / path
    return (whole.relative_to(root) if whole.is_relative_to(root) else whole).as_posix()
