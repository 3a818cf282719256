"""`[tool.asyncgen]` to a Config. Strict: an unknown key is an error with a suggestion.

Every key is one row of KEYS, which docs/reference/configuration.md is checked against.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeAlias

from asyncgen.problems import AsyncgenError, Location, Problem

Toml: TypeAlias = object  # what tomllib gives; each use is checked against KEYS

# What `kinds` and a comment `# asyncgen: …` may say of a callable.
WORDS = ("skip", "queryset", "eager", "value", "iterator", "steps", "context", "pure", "hook")
# A rule of the audit, or the beginning that several have: AG703, AG72.
_AUDIT_CODE = re.compile(r"AG7[0-9]{0,2}")
DEFAULT_BRIDGE = "asgiref.sync.sync_to_async"


@dataclass(frozen=True, slots=True)
class Release:
    """A distribution that is downloaded, checked against its hash, and read."""

    name: str
    version: str
    sha256: str

    @property
    def slug(self) -> str:
        return f"{self.name.lower()}-{self.version}"

    @property
    def series(self) -> tuple[int, int]:
        """The first two numbers of the version: (6, 1) for 6.1.3."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


@dataclass(frozen=True, slots=True)
class Source:
    """What to read, and what to make of it. Every field but `location` is a key."""

    sources: tuple[str, ...] = ()
    output: str = "{directory}/{stem}_async.py"
    stubs: str = "beside"
    managers: str = "{directory}/{stem}_managers.py"
    style: str = "mixin"
    placement: str = "end"
    docstrings: str = "full"
    accessors: str = "all"
    prefix: str = "a"
    rename: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    await_rows: tuple[str, ...] = ()
    unwired: tuple[str, ...] = ()
    handwritten: str = "keep"
    bridge: str = DEFAULT_BRIDGE
    bridges: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False
    releases: tuple[Release, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Auditing:
    """`[tool.asyncgen.audit]`: what `asyncgen audit` passes over, and what it knows of the project.

    Functions and classes are told by dotted name. `threads` run what they are given in a thread,
    `on_loop` are decorators, bases and functions whose sync callables the event loop runs, `blocks`
    block the loop without raising.
    """

    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    threads: tuple[str, ...] = ()
    on_loop: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration; paths are absolute."""

    root: Path
    path: Path
    sources: tuple[Source, ...]
    line_length: int = 88
    python: str | None = None
    django: str | None = None  # the series that the twins are for
    django_stubs: str = "found"
    search: tuple[Path, ...] = ()
    dispatch: str | None = None
    # Packages and functions, by dotted name: what is known of them that cannot be read.
    pure: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    templates: Path | None = None  # the folder of the project's own, which go before ours
    audit: Auditing = field(default_factory=Auditing)

    @property
    def own_templates(self) -> tuple[Path, ...]:
        """The files of the project's templates."""
        return tuple(sorted(self.templates.rglob("*.jinja"))) if self.templates else ()

    @property
    def default_search(self) -> tuple[Path, ...]:
        """The roots of a configuration that names none."""
        return (self.root / "src", self.root)


@dataclass(frozen=True, slots=True)
class Key:
    """One key: the type of its value, in words and as a check; None where any table may be."""

    type: str
    accepts: Callable[[Toml], bool]
    choices: tuple[str, ...] = ()


def _is_string(value: Toml) -> bool:
    return isinstance(value, str)


def _is_strings(value: Toml) -> bool:
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
    return _is_strings(value) and all(map(_AUDIT_CODE.fullmatch, _strings(value)))


def _is_codes_by_file(value: Toml) -> bool:
    return isinstance(value, dict) and all(map(_is_codes, value.values()))


def _is_boolean(value: Toml) -> bool:
    return isinstance(value, bool)


def _is_length(value: Toml) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 40 <= value <= 320


def _is_series(value: Toml) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9]+\.[0-9]+", value) is not None


_STRING = Key("a string", _is_string)
_STRINGS = Key("a list of strings", _is_strings)

# Keys that a [[tool.asyncgen.source]] table may override.
SOURCE_KEYS: Mapping[str, Key] = {
    "sources": _STRINGS,
    "output": _STRING,
    "stubs": _STRING,
    "managers": _STRING,
    "style": Key("a string", _is_string, ("mixin", "subclass", "inline")),
    "placement": Key("a string", _is_string, ("end", "below")),
    "docstrings": Key("a string", _is_string, ("full", "short", "none")),
    "accessors": Key("a string", _is_string, ("all", "called")),
    "prefix": _STRING,
    "rename": Key("a table of strings", _is_table),
    "include": _STRINGS,
    "exclude": _STRINGS,
    "kinds": Key(f"a table of {', '.join(WORDS)}", _is_kinds),
    "classes": _STRINGS,
    "functions": _STRINGS,
    "await-rows": _STRINGS,
    "unwired": _STRINGS,
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
    "search": _STRINGS,
    "dispatch": _STRING,
    "pure": _STRINGS,
    "blocks": _STRINGS,
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
    "threads": _STRINGS,
    "on-loop": _STRINGS,
    "blocks": _STRINGS,
}
KEYS: Mapping[str, Key] = {**SOURCE_KEYS, **TOP_KEYS}


# Of a release: what each key may be, and an example. Names as in the core metadata specification.
_RELEASE: Mapping[str, tuple[re.Pattern[str], str]] = {
    "name": (re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"), "one such as Django"),
    "version": (re.compile(r"[0-9]+\.[0-9]+(?:\.[A-Za-z0-9]+)*"), "one such as 6.1.3"),
    "sha256": (re.compile(r"[0-9a-f]{64}"), "the 64 hexadecimal digits of the wheel's hash"),
}


def load(path: Path, *, is_optional: bool = False) -> Config:
    """The configuration in the pyproject.toml (or a file of the same form) at `path`; where it may
    be missing, and is, that of its folder with nothing said.

    Raises AsyncgenError: AG101 file or table missing, AG102 not TOML, AG103 unknown key,
    AG104 wrong value.
    """
    if is_optional and not path.exists():
        return Config(path.parent, path, (), search=(path.parent / "src", path.parent))
    text = _read(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", None) or _line_in(str(error))
        _fail("AG102", f"not valid TOML: {error}", "correct the file", Location(str(path), line))
    tool = document.get("tool", {})
    table = tool.get("asyncgen") if isinstance(tool, dict) else None
    if table is None and is_optional:
        table = {}
    if not isinstance(table, dict):
        _fail(
            "AG101",
            "there is no [tool.asyncgen] table",
            "run `asyncgen init` to add one, or name another file with --config",
            Location(str(path), 1),
        )
    reader = _Reader(path, text)
    return reader.config(table, _formatter_length(tool))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        _fail(
            "AG101",
            f"cannot read the configuration: {error.strerror}",
            "run asyncgen in the project's folder, where `asyncgen init` makes one, or name the "
            "file with --config",
            Location(str(path), 1),
        )
    except UnicodeDecodeError as error:
        _fail("AG102", f"not UTF-8: {error}", "TOML is always UTF-8", Location(str(path), 1))


def _line_in(message: str) -> int:
    """The line that tomllib names in its message, "… (at line 3, column 1)"."""
    _, _, rest = message.partition("at line ")
    digits = rest.partition(",")[0]
    return int(digits) if digits.isdigit() else 1


def _formatter_length(tool: Mapping[str, Toml]) -> int:
    """The line length that the project's formatter is configured to (ruff, then black)."""
    for table, key in (("ruff", "line-length"), ("black", "line-length"), ("black", "line_length")):
        section = tool.get(table)
        value = section.get(key) if isinstance(section, dict) else None
        if isinstance(value, int):
            return value
    return 88


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    text: str

    def config(self, table: dict[str, Toml], formatter_length: int) -> Config:
        self.check(table, KEYS, "[tool.asyncgen]")
        root = self.path.parent
        common = self.source(Source(location=self.locate("sources")), table)
        entries = table.get("source", [])
        assert isinstance(entries, list)
        sources = [common] if common.sources else []
        for number, entry in enumerate(entries, start=1):
            name = f"[[tool.asyncgen.source]] number {number}"
            self.check(entry, SOURCE_KEYS, name)
            location = self.locate("[[tool.asyncgen.source]]", number)
            base = replace(common, sources=(), location=location)
            found = self.source(base, entry)
            if not found.sources:
                _fail("AG104", f"{name} names no sources", 'add sources = ["…"]', location)
            sources.append(found)
        length = table.get("line-length", formatter_length)
        python = table.get("python")
        dispatch = table.get("dispatch")
        return Config(
            root=root,
            path=self.path,
            sources=tuple(sources),
            line_length=length if isinstance(length, int) else formatter_length,
            python=python if isinstance(python, str) else None,
            django=str(table["django"]) if "django" in table else None,
            django_stubs=str(table.get("django-stubs", "found")),
            dispatch=dispatch if isinstance(dispatch, str) else None,
            pure=_strings(table.get("pure", [])),
            blocks=_strings(table.get("blocks", [])),
            templates=self.templates(table.get("templates"), root),
            audit=self.auditing(table.get("audit", {})),
            search=tuple(
                Path(os.path.normpath(root / each))
                for each in _strings(table.get("search", ["src", "."]))
            ),
        )

    def templates(self, value: Toml, root: Path) -> Path | None:
        """The folder of the project's own templates."""
        if not isinstance(value, str):
            return None
        folder = root / value
        if not folder.is_dir():
            where = self.locate("templates")
            _fail("AG104", f"templates is {value!r}", "name a folder of the project", where)
        return folder

    def auditing(self, value: Toml) -> Auditing:
        """What `[tool.asyncgen.audit]` says."""
        assert isinstance(value, dict), "KEYS has it so"
        self.check(value, AUDIT_KEYS, "[tool.asyncgen.audit]")
        by_file = value.get("per-file-ignores", {})
        lists = {
            key.replace("-", "_"): _strings(value[key])
            for key in AUDIT_KEYS.keys() & value.keys() - {"per-file-ignores"}
        }
        return Auditing(
            per_file_ignores={pattern: _strings(codes) for pattern, codes in by_file.items()},
            **lists,
        )

    def check(self, table: dict[str, Toml], keys: Mapping[str, Key], name: str) -> None:
        for key, value in table.items():
            known = keys.get(key)
            where = self.locate(key)
            if known is None:
                close = get_close_matches(key, keys, n=1, cutoff=0.5)
                hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(keys)}"
                _fail("AG103", f"unknown key {key!r} in {name}", hint, where)
            if not known.accepts(value):
                _fail("AG104", f"{key} must be {known.type}", _instead(key, value), where)
            if known.choices and value not in known.choices:
                _fail(
                    "AG104",
                    f"{key} is {value!r}",
                    f"it must be one of {', '.join(known.choices)}",
                    where,
                )

    def source(self, base: Source, table: dict[str, Toml]) -> Source:
        """`base` with what the table says in its place."""
        changes: dict[str, object] = {}
        for key in SOURCE_KEYS.keys() & table.keys():
            value = table[key]
            field_name = key.replace("-", "_")
            if key == "releases" and isinstance(value, list):
                changes[field_name] = tuple(map(self.release, value))
            elif isinstance(value, list):
                changes[field_name] = _strings(value)
            else:
                changes[field_name] = value
        found = replace(base, **changes)  # type: ignore[arg-type]  # checked against KEYS above
        if found.style == "inline" and found.handwritten == "replace":
            _fail(
                "AG104",
                'handwritten is "replace", which style = "inline" cannot do: both would stand in '
                "one class",
                "remove the methods that are written by hand, or keep them",
                self.locate("handwritten"),
            )
        if not found.prefix.isidentifier():
            where = self.locate("prefix")
            _fail("AG104", f"prefix is {found.prefix!r}", "it must begin an identifier", where)
        self.check_bridge("bridge", found.bridge, self.locate("bridge"))
        for pattern, bridge in found.bridges.items():
            self.check_bridge(f"bridges of {pattern!r}", bridge, self.locate("bridges"))
        return found

    def check_bridge(self, key: str, bridge: str, where: Location) -> None:
        parts = bridge.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            hint = "name a callable with its module, like asgiref.sync.sync_to_async"
            _fail("AG104", f"{key} is {bridge!r}", hint, where)

    def release(self, value: Toml) -> Release:
        """A release whose parts are what they say, for they go into a requirement for pip."""
        table = value if isinstance(value, dict) else {}
        where = self.locate("releases")
        if set(table) != set(_RELEASE):
            _fail("AG104", "a release is incomplete", "give name, version and sha256", where)
        for key, (pattern, example) in _RELEASE.items():
            if not pattern.fullmatch(str(table[key])):
                _fail("AG104", f"{key} of a release is {table[key]!r}", f"give {example}", where)
        return Release(**{key: str(each) for key, each in table.items()})

    def locate(self, key: str, number: int = 1) -> Location:
        """The line of the `number`th place where the key or header stands, or the file's first."""
        seen = 0
        for line, text in enumerate(self.text.splitlines(), start=1):
            bare = text.strip()
            if bare == key or bare.partition("=")[0].strip().strip("\"'") == key:
                seen += 1
                if seen == number:
                    return Location(str(self.path), line)
        return Location(str(self.path), 1)


def _instead(key: str, value: Toml) -> str:
    """What to write in the place of a value of the wrong type."""
    if key == "source" and _is_strings(value):
        return f"write `sources = {json.dumps(value)}`, or tables"
    if isinstance(value, str) and KEYS.get(key) is _STRINGS:
        return f"it is {value!r}: write `{key} = [{json.dumps(value)}]`"
    return f"it is {value!r}"


def _strings(value: Toml) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _fail(code: str, message: str, hint: str, location: Location) -> NoReturn:
    raise AsyncgenError(Problem(code, message, hint, location))
