"""`asyncgen init`: propose a configuration from what the project has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from asyncgen.model import HEADER, AsyncgenError, Location, Problem

_CLASSES = re.compile(
    r"^class \w+\((?:[^)]*\b)?(?:\w*QuerySet|\w*Manager|\w*Model|from_queryset)\b", re.MULTILINE
)
_SKIPPED = {"migrations", "tests", "node_modules", "site-packages", "build", "dist"}

TEMPLATE = """\
[tool.asyncgen]
# The modules whose querysets, managers and models get async twins: files, globs, or dotted modules.
sources = [{sources}]
# Where the twins go; each class then inherits its mixin from there.
# output = "{{directory}}/{{stem}}_async.py"
# Module-level functions that get a twin, besides those in __all__.
# functions = ["place_order"]
# Make warnings (something ambiguous, a base that cannot be found) errors.
# strict = true
"""


def initialise(path: Path) -> list[str]:
    """Append a [tool.asyncgen] table to the pyproject.toml at `path`; the sources it names.

    Nothing that is there is changed. Raises AsyncgenError (AG102, AG109).
    """
    try:
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
        document = tomllib.loads(before)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AsyncgenError(
            Problem(
                "AG102",
                f"{path} cannot be read as TOML: {error}",
                "correct the file first; nothing was changed",
                Location(str(path), 1),
            )
        ) from error
    tool = document.get("tool", {})
    if isinstance(tool, dict) and "asyncgen" in tool:
        raise AsyncgenError(
            Problem(
                "AG109",
                f"{path} has a [tool.asyncgen] table already",
                "edit it, or remove it first; nothing was changed",
                Location(str(path), 1),
            )
        )
    sources = list(proposed(path.resolve().parent))
    listed = "".join(f'\n    "{source}",' for source in sources)
    table = TEMPLATE.format(sources=f"{listed}\n" if listed else "")
    newline = "\r\n" if "\r\n" in before else "\n"
    gap = "" if not before else newline if before.endswith("\n") else newline * 2
    after = before + gap + table.replace("\n", newline)
    try:
        tomllib.loads(after)
        path.write_bytes(after.encode("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise AsyncgenError(
            Problem(
                "AG102",
                f"cannot add a table to {path}: {error}",
                "add [tool.asyncgen] by hand; nothing was changed",
                Location(str(path), 1),
            )
        ) from error
    return sources


def proposed(root: Path) -> Iterator[str]:
    """The project's files that define querysets, managers or models."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if any(part.startswith(".") or part in _SKIPPED for part in parts):
            continue
        if path.name.startswith("test") or (path.parent / "pyvenv.cfg").exists():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if _CLASSES.search(text) and HEADER not in text[:600]:
            yield path.relative_to(root).as_posix()
