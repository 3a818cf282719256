"""Rendered files against those on disk: compare, diff, write atomically, find orphans."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.surface import HEADER, Drift, DriftKind, Rendered

_HEAD = 600  # bytes within which the header must stand


def drift(root: Path, rendered: Iterable[Rendered], orphans: Iterable[str] = ()) -> list[Drift]:
    """What differs on disk from what was rendered, by path.

    Raises AsyncgenError: AG401 a hand-written file is in the way, AG402 a path leads outside the
    project, AG403 a file cannot be read.
    """
    found: list[Drift] = []
    for each in rendered:
        known = current(root, each.path)
        if known != each.text:
            kind = DriftKind.MISSING if known is None else DriftKind.CHANGED
            found.append(Drift(each.path, kind, _diff(each.path, known or "", each.text)))
    found += [
        Drift(path, DriftKind.ORPHAN, _diff(path, current(root, path) or "", ""))
        for path in orphans
    ]
    return sorted(found, key=lambda each: each.path)


def current(root: Path, path: str) -> str | None:
    """The text of a generated file as it is now; None where there is none."""
    target = inside(root, path)
    try:
        data = target.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    if data.strip() and HEADER.encode() not in data[:_HEAD]:
        raise AsyncgenError(
            Problem(
                "AG401",
                "a hand-written file is in the way: it does not bear asyncgen's header",
                "move the file, or set another `output` in [tool.asyncgen]",
                Location(path, 1),
            )
        )
    return data.decode("utf-8", errors="surrogateescape")


def inside(root: Path, path: str) -> Path:
    """The absolute path of an output, which must lie in the project."""
    target = Path(os.path.normpath(root / path))
    resolved = target.resolve()
    if not resolved.is_relative_to(root.resolve()) or not target.is_relative_to(root):
        raise AsyncgenError(
            Problem(
                "AG402",
                f"the output {path} lies outside the project",
                "set `output` in [tool.asyncgen] to a path below the pyproject.toml",
                Location(path, 1),
            )
        )
    return target


def _unreadable(path: str, reason: str) -> AsyncgenError:
    return AsyncgenError(
        Problem("AG403", f"cannot read the output: {reason}", "check its mode", Location(path, 1))
    )


def _diff(path: str, before: str, after: str) -> str:
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), path, path
        )
    )


def write(root: Path, rendered: Sequence[Rendered], drifts: Sequence[Drift]) -> list[str]:
    """Bring the files that drifted in line; the paths that changed.

    All new files are written beside their targets first, then each replaces its target, so that a
    failure leaves every target as it was. Raises AsyncgenError (AG404) when that fails.
    """
    texts = {each.path: each.text for each in rendered}
    undo: list[Callable[[], object]] = []
    current_path = ""
    try:
        ready: list[tuple[Path, Path]] = []
        for each in drifts:
            current_path = each.path
            if each.kind is not DriftKind.ORPHAN:
                target = inside(root, each.path)
                undo += [folder.rmdir for folder in _make_folders(target.parent)]
                temporary = _written_beside(target, texts[each.path])
                undo.append(partial(temporary.unlink, missing_ok=True))
                ready.append((temporary, target))
        for temporary, target in ready:
            current_path = target.relative_to(root).as_posix()
            undo.append(_restorer(target))
            os.replace(temporary, target)
        for each in drifts:
            current_path = each.path
            if each.kind is DriftKind.ORPHAN:
                undo.append(_restorer(inside(root, each.path)))
                inside(root, each.path).unlink()
    except OSError as error:
        for step in reversed(undo):
            with suppress(OSError):
                step()
        raise AsyncgenError(
            Problem(
                "AG404",
                f"cannot write the output: {error.strerror}",
                "check the folder's mode and the disk; nothing was changed",
                Location(current_path, 1),
            )
        ) from error
    return [each.path for each in drifts]


def _restorer(target: Path) -> Callable[[], object]:
    """What puts `target` back as it is now."""
    if not target.exists():
        return partial(target.unlink, missing_ok=True)
    return partial(target.write_bytes, target.read_bytes())


def _make_folders(folder: Path) -> list[Path]:
    """Make the folder and its parents; those that were not there before."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
    return missing[::-1]


def _written_beside(target: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def orphans(root: Path, folders: Iterable[Path], wanted: Iterable[str]) -> Iterator[str]:
    """Files that bear asyncgen's header in folders it writes to, but that it no longer writes."""
    known = set(wanted)
    for folder in sorted(set(folders)):
        for pattern in ("*.py", "*.pyi"):
            for path in sorted(folder.glob(pattern)):
                name = path.relative_to(root).as_posix()
                if name not in known and _is_generated(path):
                    yield name


def _is_generated(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return HEADER.encode() in stream.read(_HEAD)
    except OSError:
        return False
