"""A file to facts: its bytes, its encoding, and an earlier run's facts where they still hold."""

from __future__ import annotations

import io
import os
import stat
import sys
import tokenize
from functools import cache
from pathlib import Path

from asyncgen import memory
from asyncgen.marks import blanked
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.source import Module


def read_file(path: Path, module: str, display: str, *, keep: bool = False) -> Module:
    """Read the Python file at `path` as the module named `module`.

    `display` is how the path is shown in locations. With `keep` the facts are stored for later
    runs, and taken from there: for files that hardly ever change, such as Django's. Raises
    AsyncgenError with AG301 for a file that cannot be read, AG302 for one that is not in its
    declared encoding, AG303 for a syntax error.
    """
    data = source_bytes(path, display)
    is_package = path.stem == "__init__"
    key = memory.digest(data, module, display, str(is_package), _code()) if keep else ""
    known = memory.recall(key, Module) if keep else None
    if known:
        return known
    from asyncgen.read.tree import read_source  # LibCST is imported when a file is really read

    found = read_source(decode(data, display), module, display, is_package=is_package)
    if keep:
        memory.keep(key, found)
    return found


def source_bytes(path: Path, display: str) -> bytes:
    """The content of a source file. A pipe or a device is not opened, for it may never end.
    Raises AsyncgenError (AG301)."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError("it is no regular file")
        return path.read_bytes()
    except OSError as error:
        raise AsyncgenError(
            Problem(
                "AG301",
                f"cannot read the file: {error.strerror or error}",
                "check that it exists and that you may read it",
                Location(display, 1),
            )
        ) from error


def decode(data: bytes, display: str) -> str:
    """The text of a source file, by its byte order mark or PEP 263 coding line, else UTF-8. What
    asyncgen wrote into it is blank: nothing is to be told from that. Raises AsyncgenError."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise AsyncgenError(
            Problem(
                "AG302",
                f"the file is not in its declared encoding: {error}",
                "save it as UTF-8, or declare its encoding in the first line (PEP 263)",
                Location(display, data.count(b"\n", 0, _first_undecodable(data)) + 1),
            )
        ) from error
    return blanked(text.replace("\r\n", "\n").replace("\r", "\n"), display)


def _first_undecodable(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


@cache
def _code() -> str:
    """A hash of the code that makes facts."""
    package = Path(__file__).parent
    types = (
        package.parent / name
        for name in ("facts.py", "marks.py", "memory.py", "problems.py", "source.py")
    )
    paths = sorted([*package.glob("*.py"), *types])
    return memory.digest(sys.version, *(path.read_bytes() for path in paths))
