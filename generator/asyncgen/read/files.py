"""A file to facts: its bytes, its encoding, and an earlier run's facts where they still hold."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import sys
import tempfile
import tokenize
from contextlib import suppress
from functools import cache
from pathlib import Path

from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.source import Module


def read_file(path: Path, module: str, display: str, *, keep: bool = False) -> Module:
    """Read the Python file at `path` as the module named `module`.

    `display` is how the path is shown in locations. With `keep` the facts are stored for later
    runs, and taken from there: for files that hardly ever change, such as Django's. Raises
    AsyncgenError with AG301 for a file that cannot be read, AG302 for one that is not in its
    declared encoding, AG303 for a syntax error.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AsyncgenError(
            Problem(
                "AG301",
                f"cannot read the file: {error.strerror or error}",
                "check that it exists and that you may read it",
                Location(display, 1),
            )
        ) from error
    stored = _stored(data, module, display) if keep else None
    if stored and (known := _load(stored)):
        return known
    from asyncgen.read.tree import read_source  # LibCST is imported when a file is really read

    is_package = path.stem == "__init__"
    found = read_source(decode(data, display), module, display, is_package=is_package)
    if stored:
        _store(stored, found)
    return found


def decode(data: bytes, display: str) -> str:
    """The text of a source file, by its byte order mark or PEP 263 coding line, else UTF-8."""
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
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _first_undecodable(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


# -- facts of earlier runs ------------------------------------------------------------------------
#
# They lie in the user's own cache folder and never in the project: facts are pickled, and whoever
# can write a pickle that is read can run code.


def _stored(data: bytes, module: str, display: str) -> Path | None:
    """Where the facts of a file are kept, by everything that they depend on."""
    folder = _cache_folder()
    if folder is None:
        return None
    digest = hashlib.sha256(data)
    digest.update(f"\0{module}\0{display}\0{_reader_hash()}".encode())
    return folder / f"{digest.hexdigest()}.pickle"


def _cache_folder() -> Path | None:
    """The user's cache folder; None where there is none, or it is switched off."""
    if os.environ.get("ASYNCGEN_NO_CACHE"):
        return None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base, "asyncgen") if base and os.path.isabs(base) else None


@cache
def _reader_hash() -> str:
    """A hash of the code that makes facts, and of the Python that pickles them."""
    digest = hashlib.sha256(sys.version.encode())
    package = Path(__file__).parent
    types = (package.parent / name for name in ("facts.py", "problems.py", "source.py"))
    for path in sorted([*package.glob("*.py"), *types]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _load(stored: Path) -> Module | None:
    """The stored facts; None where there are none, or they cannot be taken from there."""
    try:
        found = pickle.loads(stored.read_bytes())
    except Exception:  # whatever a damaged pickle raises: the file is read instead
        return None
    return found if isinstance(found, Module) else None


def _store(stored: Path, found: Module) -> None:
    with suppress(OSError):
        stored.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=stored.parent)
        with os.fdopen(handle, "wb") as stream:
            pickle.dump(found, stream, protocol=pickle.HIGHEST_PROTOCOL)
        os.replace(name, stored)
