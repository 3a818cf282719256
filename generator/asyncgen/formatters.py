"""How the project's formatters are set up, by the files in which they look themselves: generated
files follow what can be followed, and have comments that keep them from the rest."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from contextlib import suppress
from pathlib import Path

from asyncgen.files import regular_bytes
from asyncgen.kept import around

Table = Mapping[str, object]

_OF_RUFF = (".ruff.toml", "ruff.toml")
_OF_ISORT = {
    ".isort.cfg": ("settings", "isort"),
    "setup.cfg": ("isort", "tool:isort"),
    "tox.ini": ("isort", "tool:isort"),
}
# Of one folder, a tool takes the first.
_FILES = (*_OF_RUFF, ".isort.cfg", "pyproject.toml", "setup.cfg", "tox.ini")
LINE_LENGTH = 88  # of black and ruff
# By isort's profile, the length of its lines, and how it breaks them: as black does, or otherwise.
# https://pycqa.github.io/isort/docs/configuration/profiles.html
_PROFILES = {"black": (LINE_LENGTH, "3"), "": (79, "0")}
# What isort may be told that brings no other order and layout.
_HARMLESS = (
    *("profile", "line_length", "multi_line_output", "known_", "src", "skip", "extend_skip"),
    *(
        "filter_files",
        "include_trailing_comma",
        "use_parentheses",
        "ensure_newline_before_comments",
    ),
)


def files(configuration: Path) -> tuple[Path, ...]:
    """Where formatters may have their settings, there or not, nearest first."""
    nearby = [folder / name for folder in around(configuration.parent) for name in _FILES]
    return tuple(nearby if configuration in nearby else [configuration, *nearby])


def tables(configuration: Path) -> dict[str, Table]:
    """What ruff, black and isort are told, each by its name."""
    found: dict[str, Table] = {}
    for path in files(configuration):
        for tool, table in _in_file(path):
            found.setdefault(tool, table)
    return found


def line_length(found: Mapping[str, Table]) -> int:
    """That of the formatter: of ruff, or else of black."""
    for tool, key in (("ruff", "line-length"), ("black", "line-length"), ("black", "line_length")):
        value = found.get(tool, {}).get(key)
        if isinstance(value, int):
            return value
    return LINE_LENGTH


def keeping_off(found: Mapping[str, Table], length: int) -> tuple[str, ...]:
    """The comments that keep tools from a generated file with lines of that length which would lay
    it out in another way."""
    ruff = found.get("ruff", {})
    isort = found.get("isort")
    is_sorted_otherwise = (isort is not None and not _is_plain(isort, length)) or any(
        not key.startswith(("known-", "src")) for key in isort_of_ruff(ruff)
    )
    wanted = {
        "# fmt: off": not _is_blacks(ruff),
        "# isort: skip_file": is_sorted_otherwise,
    }
    return tuple(comment for comment, is_needed in wanted.items() if is_needed)


def isort_of_ruff(ruff: Table) -> Table:
    """What ruff is told of imports."""
    match ruff:
        case {"lint": {"isort": {**table}}} | {"isort": {**table}}:
            return {str(key): value for key, value in table.items()}
    return {}


def _is_plain(isort: Table, length: int) -> bool:
    """Whether isort breaks lines as black does, at that length, and sorts in its own way."""
    profile = _PROFILES.get(str(isort.get("profile", "")))
    if profile is None:
        return False
    said = (isort.get("line_length", profile[0]), isort.get("multi_line_output", profile[1]))
    return (str(length), "3") == tuple(map(str, said)) and all(
        key.startswith(_HARMLESS) for key in isort
    )


def _is_blacks(ruff: Table) -> bool:
    """Whether ruff's formatter is told of no other quotes and no other indent than black's."""
    table = ruff.get("format")
    told = table if isinstance(table, dict) else {}
    return (
        told.get("quote-style") != "single"
        and told.get("indent-style") != "tab"
        and ruff.get("indent-width", 4) == 4
    )


def _in_file(path: Path) -> Iterator[tuple[str, Table]]:
    """What a file tells tools, each by its name."""
    with suppress(OSError, ValueError, Error):
        text = regular_bytes(path).decode("utf-8")
        if path.name in _OF_ISORT:
            parser = ConfigParser(interpolation=None)
            parser.read_string(text)
            for section in filter(parser.has_section, _OF_ISORT[path.name]):
                yield "isort", dict(parser[section])
            return
        document = tomllib.loads(text)
        if path.name in _OF_RUFF:
            yield "ruff", document
            return
        named = document.get("tool")
        for tool in ("ruff", "black", "isort"):
            table = named.get(tool) if isinstance(named, dict) else None
            if isinstance(table, dict):
                yield tool, table
