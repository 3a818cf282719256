"""Files brought in line as one transaction, and the ledger of what a configuration wrote.

One rename is atomic, many are not: so all that is to be done is written down first, in a journal.
Whatever stops a build half way, the next one finds the journal and completes it, and clears up.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from asyncgen.files import CACHE, JOURNAL, is_left, private_bytes, regular_bytes, write_private
from asyncgen.problems import AsyncgenError, Location, Problem

_LEDGER = "written.json"
_STAGE = "new"  # the folder of the files that are about to take others' places


@dataclass(frozen=True, slots=True)
class Step:
    """What one file was (the hash of it; None: not there) and becomes (None: it is removed)."""

    path: str
    before: str | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class Record:
    """What a configuration, by the name of its file, has written: paths, and hashes."""

    configuration: str
    written: Mapping[str, str]


def hash_of(data: bytes) -> str:
    """Of what a file says, whatever its newlines are: a checkout may have changed these."""
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()


def content(path: Path) -> bytes | None:
    """What a file holds; None where there is none. Raises OSError, for a pipe or device too."""
    try:
        return regular_bytes(path)
    except FileNotFoundError:
        return None


# -- what a configuration wrote -------------------------------------------------------------------


def folder_of(configuration: Path) -> Path:
    """Where is kept what belongs to one configuration: several may stand in one folder."""
    return configuration.parent / CACHE / configuration.name


def ledger(configuration: Path) -> Mapping[str, str]:
    """The files that builds of the configuration wrote, and the hash of each."""
    try:
        known = json.loads(private_bytes(folder_of(configuration) / _LEDGER) or b"{}")
    except ValueError:
        return {}
    return {str(path): str(known[path]) for path in known} if isinstance(known, dict) else {}


# -- the transaction ------------------------------------------------------------------------------


def carry_out(root: Path, steps: Sequence[Step], record: Record | None = None) -> None:
    """Take the steps, all or none, and keep the record.

    Raises AsyncgenError (AG404) where a step fails; what was done is then taken back.
    """
    if not steps and (not record or record.written == ledger(root / record.configuration)):
        return
    with _reported(CACHE), locked(root) as folder:
        _complete(root, folder)
        write_private(folder / JOURNAL, _encoded(steps, record))
        _take(root, steps)
        _close(folder, record)


def is_half_done(root: Path) -> bool:
    """Whether a build was stopped while it wrote; one that writes now looks the same."""
    return (root / CACHE / JOURNAL).exists()


def complete(root: Path) -> None:
    """Complete what an earlier build, which was stopped, left half done. Raises AG404."""
    if is_half_done(root):
        with _reported(CACHE), locked(root) as folder:
            _complete(root, folder)


def _complete(root: Path, folder: Path) -> None:
    """Take the steps of a journal that are not taken: those whose file is still as it was."""
    path = folder / JOURNAL
    if not path.exists():
        return
    try:
        steps, record = _decoded(private_bytes(path) or b"")
    except (ValueError, KeyError, TypeError, AttributeError):
        path.unlink()  # it was stopped while it wrote this, before it did anything else
        return
    inside = (step for step in steps if _is_inside(root, step.path))
    _take(root, [step for step in inside if _hash_now(root / step.path) == step.before])
    _close(folder, record)


def _encoded(steps: Sequence[Step], record: Record | None) -> str:
    """As JSON, in which bytes are letters."""
    listed = [
        (each.path, each.before, None if each.after is None else each.after.decode("latin-1"))
        for each in steps
    ]
    return json.dumps({"steps": listed, "record": record and asdict(record)})


def _decoded(text: bytes) -> tuple[list[Step], Record | None]:
    entry = json.loads(text)
    steps = [
        Step(path, before, None if after is None else after.encode("latin-1"))
        for path, before, after in entry["steps"]
    ]
    return steps, Record(**entry["record"]) if entry["record"] else None


def _is_inside(root: Path, path: str) -> bool:
    return (root / path).resolve().is_relative_to(root.resolve())


def _hash_now(path: Path) -> str | None:
    data = content(path)
    return None if data is None else hash_of(data)


def _close(folder: Path, record: Record | None) -> None:
    """Keep the record, then forget the journal: from here on all is as it should be."""
    if record:
        own = folder / record.configuration
        own.mkdir(exist_ok=True)
        write_private(own / _LEDGER, json.dumps(dict(record.written), indent=0))
    (folder / JOURNAL).unlink()


def _take(root: Path, steps: Sequence[Step]) -> None:
    """Take all steps or none. New files are first written in a folder of our own, so that most
    failures (no space, no permission) come before anything is changed, and a kill leaves nothing
    beside the project's files."""
    undo: list[Callable[[], object]] = []
    path = ""
    stage = root / CACHE / _STAGE
    try:
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir()
        for number, step in enumerate(steps):
            path = step.path
            if step.after is not None:
                target = root / step.path
                undo += [folder.rmdir for folder in _make_folders(target.parent)]
                _write_new(stage / str(number), step.after, target)
        for number, step in enumerate(steps):
            path = step.path
            target = root / step.path
            undo.append(_restorer(target))
            if step.after is None:
                target.unlink(missing_ok=True)
            else:
                _move(stage / str(number), target)
        shutil.rmtree(stage)
    except BaseException as error:
        with suppress(OSError):  # what cannot be taken back is completed by the next build
            for back in reversed(undo):
                back()
            shutil.rmtree(stage)
            (root / CACHE / JOURNAL).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _cannot_write(path, error) from error
        raise


def _write_new(new: Path, data: bytes, target: Path) -> None:
    """What will replace the target, with its mode."""
    new.write_bytes(data)
    if target.exists():
        new.chmod(target.stat().st_mode & 0o777)


def _move(new: Path, target: Path) -> None:
    """Let the file take the target's place, at once also where the target's folder is mounted."""
    try:
        os.replace(new, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.new")
        shutil.copy(new, beside)
        os.replace(beside, target)


def _restorer(target: Path) -> Callable[[], object]:
    """What puts `target` back as it is now."""
    known = content(target)
    if known is None:
        return partial(target.unlink, missing_ok=True)
    return partial(target.write_bytes, known)


def _make_folders(folder: Path) -> list[Path]:
    """Make the folder and its parents; those that were not there before, innermost last."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
    return missing[::-1]


@contextmanager
def locked(root: str | Path) -> Iterator[Path]:
    """asyncgen's own folder in the project, made where it is not there, while no other build is
    writing. The system lets go of the lock when the process ends, however it does; what one that
    was killed was writing is cleared away."""
    folder = Path(root, CACHE)
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
    with (folder / "lock").open("ab") as stream:
        _lock(stream.fileno())
        for each in [*folder.glob("*"), *folder.glob("*/*")]:
            if is_left(each.name) and each.is_file():
                each.unlink()
        yield folder


try:
    import fcntl
except ImportError:  # Windows

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


@contextmanager
def _reported(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: str, error: OSError) -> AsyncgenError:
    return AsyncgenError(
        Problem(
            "AG404",
            f"cannot write the output: {error.strerror or error}",
            "check the folder's mode and the disk; nothing was changed",
            Location(path, 1),
        )
    )
