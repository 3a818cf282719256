"""A file to facts: its bytes, its encoding, and an earlier run's facts where they still hold."""

from __future__ import annotations

import io
import json
import sys
import tokenize
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import cast

from asyncgen import memory
from asyncgen.contents import Contents
from asyncgen.facts import Block
from asyncgen.files import regular_bytes
from asyncgen.marks import blanked
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.source import Later, Module, Snippet


def read_file(path: Path, module: str, display: str, *, keep: bool = False) -> Module:
    """Read the Python file at `path` as the module named `module`.

    `display` is how the path is shown in locations. With `keep` the facts are kept for later runs,
    and taken from there. Raises AsyncgenError with AG301 for a file that cannot be read, AG302 for
    one that is not in its declared encoding, AG303 for a syntax error.
    """
    if keep:
        files = Files()
        found = files.read(path, module, display)
        files.keep()
        return found
    from asyncgen.read.tree import read_source

    text = decode(source_bytes(path, display), display)
    return read_source(text, module, display, is_package=path.stem == "__init__")


@dataclass
class Files:
    """Reads files. What it reads is taken from what earlier runs kept, and kept for later ones by
    `keep`, with as much of the bodies as somebody has asked for by then."""

    modules: dict[str, Module] = field(default_factory=dict)  # by the key that each is kept under
    new: set[str] = field(default_factory=set)  # those with something that was not kept before
    key_of: dict[Module, str] = field(default_factory=dict)
    laters: list[Later] = field(default_factory=list)  # all bodies that may be read later
    contents: Contents = field(default_factory=Contents)

    def read(self, path: Path, module: str, display: str) -> Module:
        """See `read_file`."""
        edit = self.contents.edit_of(path)
        data = source_bytes(path, display) if edit is None else edit
        is_package = path.stem == "__init__"
        key = memory.digest(data, module, display, str(is_package), _code())

        make_later = self.later(key)
        found = memory.recall(key, Module, make_later)
        if found is None:
            from asyncgen.read.tree import read_source  # LibCST is imported when it is needed

            text = decode(data, display)
            found = read_source(text, module, display, is_package=is_package, make_later=make_later)
            self.new.add(key)
        self.modules[key] = found
        self.key_of[found] = key
        return found

    def later(self, key: str) -> Callable[..., Later]:
        """What makes the blocks that are read later, of a module with that key."""

        def make(snippet: Snippet, table: str = "") -> Later:
            made = Later(lambda: self.block(snippet, table, key), snippet, table)
            self.laters.append(made)
            return made

        return make

    def block(self, snippet: Snippet, table: str, key: str) -> Block:
        """The statements of a snippet, from the table that an earlier run made of them."""
        if table:
            with suppress(LookupError, TypeError, ValueError):
                return cast(Block, memory.decoded(json.loads(table)))
        from asyncgen.read.tree import read_snippet

        self.new.add(key)
        return read_snippet(snippet)

    def keep(self) -> None:
        """Keep what was read, for later runs."""
        for key in self.new & self.modules.keys():
            memory.keep(key, self.modules[key])
        if self.new:
            memory.prune()
        self.new.clear()


def source_bytes(path: Path, display: str) -> bytes:
    """The content of a source file. Raises AsyncgenError (AG301)."""
    try:
        return regular_bytes(path)
    except OSError as error:
        raise AsyncgenError(
            Problem(
                "AG301",
                f"cannot read the file: {error.strerror}",
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
