"""Files that only we can have written, and the hash of any.

Apart from what is in them, so that a check that finds nothing to do need load no more.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from contextlib import suppress

CACHE = ".asyncgen_cache"  # asyncgen's own folder, beside a configuration
JOURNAL = "journal.json"  # in that folder, while a build writes

READABLE_BY_OTHERS, WRITABLE_BY_OTHERS = 0o077, 0o022


def private_bytes(path: str | os.PathLike[str]) -> bytes | None:
    """The content of a file that is ours, and that nobody else could read or write: no version
    control system and no careless copy makes such a file. None otherwise."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with open(handle, "rb") as stream:
        return stream.read() if is_ours(os.fstat(handle), READABLE_BY_OTHERS) else None


def write_private(path: str | os.PathLike[str], *parts: str | bytes) -> None:
    """Write such a file, whole or not at all. Raises OSError, and leaves nothing beside it then;
    where the process is killed, a file that `is_left` is there."""
    new = f"{os.fspath(path)}.{os.getpid()}"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            for part in parts:
                if isinstance(part, str):
                    part = part.encode("utf-8", "surrogateescape")
                stream.write(part)
        os.replace(new, path)
    except BaseException:
        if os.path.exists(new):
            os.unlink(new)
        raise


def is_left(name: str) -> bool:
    """Whether a file is called as one that is being written, or was when its process was killed."""
    stem, _, process = name.rpartition(".")
    return bool(stem) and process.isdecimal()


def is_ours(status: os.stat_result, forbidden: int) -> bool:
    """Owned by us, without forbidden permissions. On Windows the user's folders are his alone."""
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & forbidden


def user_folder(*, make: bool = False) -> str | None:
    """asyncgen's folder in the user's cache, made if that is asked for. None where there is none
    that only we can write to, or it is switched off."""
    if os.environ.get("ASYNCGEN_NO_CACHE"):
        return None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if not base or not os.path.isabs(base):
        return None
    folder = os.path.join(base, "asyncgen")
    try:
        if make:
            os.makedirs(base, exist_ok=True)
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700)
        return folder if is_ours(os.stat(folder), WRITABLE_BY_OTHERS) else None
    except OSError:
        return None


def regular_bytes(path: str | os.PathLike[str]) -> bytes:
    """What a file says. A pipe or a device is not opened, for it may never end. Raises OSError."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with open(path, "rb") as stream:
        return stream.read()


def hash_of_file(path: str | os.PathLike[str]) -> str:
    """Of what the file says now; empty where it cannot be read."""
    try:
        return hashlib.sha256(regular_bytes(path)).hexdigest()
    except OSError:
        return ""


def state_of_file(path: str | os.PathLike[str]) -> str:
    """What differs after a change of a file, without reading it; empty where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"


def nearest_configuration(folder: str) -> str:
    """The pyproject.toml with a [tool.asyncgen] table that is nearest, in the folder or above it;
    where there is none, that of the folder."""
    above = folder
    while True:
        path = os.path.join(above, "pyproject.toml")
        if is_configuration(path):
            return path
        if above == os.path.dirname(above):
            return os.path.join(folder, "pyproject.toml")
        above = os.path.dirname(above)


def is_configuration(path: str | os.PathLike[str]) -> bool:
    """Whether it is a file that has a table for asyncgen."""
    try:
        return b"[tool.asyncgen]" in regular_bytes(path)
    except OSError:
        return False
