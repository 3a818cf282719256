"""Changes of people's own files, written all or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from asyncgen.mend.apply import Change
from asyncgen.problems import AsyncgenError, Location, Problem


def write(root: Path, changes: Iterable[Change]) -> list[str]:
    """Put the new content in the place of the old; the paths that changed.

    Each is written beside its file first, then replaces it with its mode, so that a failure leaves
    every file as it was. A symbolic link stays one. Raises AsyncgenError (AG404).
    """
    ready: list[tuple[Path, Path, Change]] = []
    replaced: list[tuple[Path, Change]] = []
    path = ""
    try:
        for each in changes:
            path = each.path
            target = (root / path).resolve()
            if target.read_bytes() != each.before:
                raise OSError(None, "the file has changed since it was read")
            ready.append((_written_beside(target, each.after), target, each))
        for temporary, target, each in ready:
            path = each.path
            os.replace(temporary, target)
            replaced.append((target, each))
    except OSError as error:
        for target, each in replaced:
            with suppress(OSError):
                target.write_bytes(each.before)
        for temporary, _, _ in ready:
            temporary.unlink(missing_ok=True)
        raise AsyncgenError(
            Problem(
                "AG404",
                f"cannot write the file: {error.strerror}",
                "check the folder's mode and the disk; nothing was changed",
                Location(path, 1),
            )
        ) from error
    return [each.path for _, each in replaced]


def _written_beside(target: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        temporary.chmod(target.stat().st_mode & 0o777)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
