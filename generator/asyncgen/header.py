"""The header that every generated file bears: how it is known again."""

from __future__ import annotations

from pathlib import Path

from asyncgen.surface import HEADER

_HEAD = 4096  # bytes within which it must stand


def sources_in(data: bytes) -> tuple[str, ...]:
    """The sources that the header names. It is one of the comments that a file begins with: words
    like it anywhere else make no file a generated one."""
    for line in data[:_HEAD].splitlines():
        if line.startswith(HEADER.encode()):
            named = line.decode("utf-8", errors="surrogateescape").removeprefix(HEADER)
            return tuple(named.removesuffix(".").split(", "))
        if line.strip() and not line.startswith(b"#"):
            break
    return ()


def is_generated(data: bytes) -> bool:
    return bool(sources_in(data))


def bears_header(path: Path) -> bool:
    """Whether a file is generated; of one that cannot be read, no."""
    try:
        return path.is_file() and is_generated(head_of(path))
    except OSError:
        return False


def head_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD)
