"""The keys of `[tool.asyncgen]`, and what each may hold: one row a key.

docs/reference/configuration.md and the JSON Schema are checked against the tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Toml: TypeAlias = object  # what tomllib gives; each use is checked against KEYS

# What `kinds` and a comment `# asyncgen: …` may say of a callable.
WORDS = ("skip", "queryset", "eager", "value", "iterator", "steps", "context", "pure", "hook")
# A rule of the audit, or the beginning that several have: AG703, AG72.
_AUDIT_CODE = re.compile(r"AG7[0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the type of its value, in words and as a check; None where any table may be."""

    type: str
    accepts: Callable[[Toml], bool]
    choices: tuple[str, ...] = ()


def strings(value: Toml) -> tuple[str, ...]:
    """The list as strings; empty for anything else."""
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _is_string(value: Toml) -> bool:
    return isinstance(value, str)


def is_strings(value: Toml) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_table(value: Toml) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _is_kinds(value: Toml) -> bool:
    return isinstance(value, dict) and all(each in WORDS for each in value.values())


def _is_tables(value: Toml) -> bool:
    return isinstance(value, list) and all(map(_is_table, value))


def _is_any_table(value: Toml) -> bool:
    return isinstance(value, dict)


def _is_codes(value: Toml) -> bool:
    return is_strings(value) and all(map(_AUDIT_CODE.fullmatch, strings(value)))


def _is_codes_by_file(value: Toml) -> bool:
    return isinstance(value, dict) and all(map(_is_codes, value.values()))


def _is_boolean(value: Toml) -> bool:
    return isinstance(value, bool)


def _is_length(value: Toml) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 40 <= value <= 320


def _is_series(value: Toml) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]+\.[0-9]+", value) is not None


_STRING = Key("a string", _is_string)
STRINGS = Key("a list of strings", is_strings)

# Keys that a [[tool.asyncgen.source]] table may override.
SOURCE_KEYS: Mapping[str, Key] = {
    "sources": STRINGS,
    "output": _STRING,
    "stubs": _STRING,
    "managers": _STRING,
    "style": Key("a string", _is_string, ("mixin", "subclass", "inline")),
    "placement": Key("a string", _is_string, ("end", "below")),
    "docstrings": Key("a string", _is_string, ("full", "short", "none")),
    "accessors": Key("a string", _is_string, ("all", "called")),
    "prefix": _STRING,
    "rename": Key("a table of strings", _is_table),
    "include": STRINGS,
    "exclude": STRINGS,
    "kinds": Key(f"a table of {', '.join(WORDS)}", _is_kinds),
    "classes": STRINGS,
    "functions": STRINGS,
    "await-rows": STRINGS,
    "unwired": STRINGS,
    "handwritten": Key("a string", _is_string, ("keep", "replace")),
    "bridge": _STRING,
    "bridges": Key("a table of strings", _is_table),
    "strict": Key("true or false", _is_boolean),
    "releases": Key("a list of tables with name, version and sha256", _is_tables),
}
# Keys of [tool.asyncgen] alone.
TOP_KEYS: Mapping[str, Key] = {
    "line-length": Key("a whole number from 40 to 320", _is_length),
    "python": _STRING,
    "django": Key("a series such as 5.2", _is_series),
    "django-stubs": Key("a string", _is_string, ("found", "required", "ignored")),
    "search": STRINGS,
    "dispatch": _STRING,
    "pure": STRINGS,
    "blocks": STRINGS,
    "templates": _STRING,
    "audit": Key("a table: write [tool.asyncgen.audit]", _is_any_table),
    "source": Key(
        "an array of tables: write [[tool.asyncgen.source]]",
        lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
    ),
}
# Keys of [tool.asyncgen.audit].
_CODES = "codes of the audit, such as AG703, or their beginning, AG72"
AUDIT_KEYS: Mapping[str, Key] = {
    "ignore": Key(f"a list of {_CODES}", _is_codes),
    "per-file-ignores": Key(f"a table from patterns to lists of {_CODES}", _is_codes_by_file),
    "threads": STRINGS,
    "on-loop": STRINGS,
    "blocks": STRINGS,
}
KEYS: Mapping[str, Key] = {**SOURCE_KEYS, **TOP_KEYS}


# Of a release: what each key may be, and an example. Names as in the core metadata specification.
RELEASE_KEYS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "name": (re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"), "one such as Django"),
    "version": (re.compile(r"[0-9]+\.[0-9]+(?:\.[A-Za-z0-9]+)*"), "one such as 6.1.3"),
    "sha256": (re.compile(r"[0-9a-f]{64}"), "the 64 hexadecimal digits of the wheel's hash"),
}
