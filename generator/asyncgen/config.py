"""`[tool.asyncgen]` to a Config. Strict: an unknown key is an error with a suggestion.

What a key may hold stands in `keys`.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from asyncgen import formatters
from asyncgen.files import is_configuration, regular_bytes
from asyncgen.keys import (
    AUDIT_KEYS,
    KEYS,
    RELEASE_KEYS,
    SOURCE_KEYS,
    STRINGS,
    Key,
    Toml,
    is_strings,
    strings,
)
from asyncgen.problems import AsyncgenError, Location, Problem

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
    line_length: int = formatters.LINE_LENGTH
    keeping_off: tuple[str, ...] = ()  # comments that keep formatters from what is generated
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
            f"run `asyncgen init` to add one, or name another file with --config{_below(path)}",
            Location(str(path), 1),
        )
    reader = _Reader(path, text)
    return reader.config(table, formatters.tables(path))


def _read(path: Path) -> str:
    try:
        return regular_bytes(path).decode("utf-8")
    except OSError as error:
        _fail(
            "AG101",
            f"cannot read the configuration: {error.strerror}",
            "run asyncgen in the project's folder, where `asyncgen init` makes one, or name the "
            f"file with --config{_below(path)}",
            Location(str(path), 1),
        )
    except UnicodeDecodeError as error:
        _fail("AG102", f"not UTF-8: {error}", "TOML is always UTF-8", Location(str(path), 1))


def _below(path: Path) -> str:
    """The configurations in folders below that of the path, for a hint."""
    found = (each for depth in ("*", "*/*") for each in path.parent.glob(f"{depth}/{path.name}"))
    shown = [
        each.relative_to(path.parent).as_posix() for each in sorted(found) if is_configuration(each)
    ]
    return f", such as {shown[0]}" if shown else ""


def _line_in(message: str) -> int:
    """The line that tomllib names in its message, "… (at line 3, column 1)"."""
    _, _, rest = message.partition("at line ")
    digits = rest.partition(",")[0]
    return int(digits) if digits.isdigit() else 1


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path
    text: str

    def config(self, table: dict[str, Toml], told: Mapping[str, formatters.Table]) -> Config:
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
            source = self.source(base, entry)
            if not source.sources:
                _fail("AG104", f"{name} names no sources", 'add sources = ["…"]', location)
            sources.append(source)
        said = table.get("line-length")
        length = said if isinstance(said, int) else formatters.line_length(told)
        python = table.get("python")
        dispatch = table.get("dispatch")
        return Config(
            root=root,
            path=self.path,
            sources=tuple(sources),
            line_length=length,
            keeping_off=formatters.keeping_off(told, length),
            python=python if isinstance(python, str) else None,
            django=str(table["django"]) if "django" in table else None,
            django_stubs=str(table.get("django-stubs", "found")),
            dispatch=dispatch if isinstance(dispatch, str) else None,
            pure=strings(table.get("pure", [])),
            blocks=strings(table.get("blocks", [])),
            templates=self.templates(table.get("templates"), root),
            audit=self.auditing(table.get("audit", {})),
            search=tuple(
                Path(os.path.normpath(root / each))
                for each in strings(table.get("search", ["src", "."]))
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
            key.replace("-", "_"): strings(value[key])
            for key in AUDIT_KEYS.keys() & value.keys() - {"per-file-ignores"}
        }
        return Auditing(
            per_file_ignores={pattern: strings(codes) for pattern, codes in by_file.items()},
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
                changes[field_name] = strings(value)
            else:
                changes[field_name] = value
        source = replace(base, **changes)  # type: ignore[arg-type]  # checked against KEYS above
        if source.style == "inline" and source.handwritten == "replace":
            _fail(
                "AG104",
                'handwritten is "replace", which style = "inline" cannot do: both would stand in '
                "one class",
                "remove the methods that are written by hand, or keep them",
                self.locate("handwritten"),
            )
        if not source.prefix.isidentifier():
            where = self.locate("prefix")
            _fail("AG104", f"prefix is {source.prefix!r}", "it must begin an identifier", where)
        self.check_bridge("bridge", source.bridge, self.locate("bridge"))
        for pattern, bridge in source.bridges.items():
            self.check_bridge(f"bridges of {pattern!r}", bridge, self.locate("bridges"))
        return source

    def check_bridge(self, key: str, bridge: str, where: Location) -> None:
        parts = bridge.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            hint = "name a callable with its module, like asgiref.sync.sync_to_async"
            _fail("AG104", f"{key} is {bridge!r}", hint, where)

    def release(self, value: Toml) -> Release:
        """A release whose parts are what they say, for they go into a requirement for pip."""
        table = value if isinstance(value, dict) else {}
        where = self.locate("releases")
        if set(table) != set(RELEASE_KEYS):
            _fail("AG104", "a release is incomplete", "give name, version and sha256", where)
        for key, (pattern, example) in RELEASE_KEYS.items():
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
    if key == "source" and is_strings(value):
        return f"write `sources = {json.dumps(value)}`, or tables"
    if isinstance(value, str) and KEYS.get(key) is STRINGS:
        return f"it is {value!r}: write `{key} = [{json.dumps(value)}]`"
    return f"it is {value!r}"


def _fail(code: str, message: str, hint: str, location: Location) -> NoReturn:
    raise AsyncgenError(Problem(code, message, hint, location))
