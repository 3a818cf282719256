"""`asyncgen init`: propose a configuration from what the project has."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from asyncgen import environment
from asyncgen.config import Config, Source
from asyncgen.django.relations import Relations
from asyncgen.evaluate import Evaluator
from asyncgen.globs import Globber
from asyncgen.header import is_generated
from asyncgen.plan import ASIDE, Progress, Run, Selection, import_root
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.read import read_outline
from asyncgen.resolve import Resolver, every_class
from asyncgen.source import Module

_CLASS = re.compile(rb"^\s*class \w", re.MULTILINE)
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


def initialise(path: Path, python: str | None, progress: Progress) -> list[str]:
    """Append a [tool.asyncgen] table to the pyproject.toml at `path`; the sources it names.

    `python` names the environment that classes of other packages are looked up in. Nothing that is
    there is changed. Raises AsyncgenError (AG102, AG105, AG109).
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
    root = path.resolve().parent
    search = (root / "src", root)
    config = Config(root, path.resolve(), (Source(),), python=python, search=search)
    sources = [each.relative_to(root).as_posix() for each in proposed(config, progress)]
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


def proposed(config: Config, progress: Progress) -> Iterator[Path]:
    """The project's files that define querysets, managers or models, whatever these are called:
    what each class inherits from is followed, into other packages too."""
    modules = dict(_outlines(config, progress))
    installed = environment.site_packages(config)
    read = Run(config, progress).read
    groups: dict[Path, list[Module]] = {}  # two folders may each have a package of one name
    for path, module in modules.items():
        groups.setdefault(import_root(module.name, path), []).append(module)
    found: set[Module] = set()
    for root, group in groups.items():
        resolver = Resolver(tuple(dict.fromkeys((root, *config.search, *installed))), read)
        for each in group:
            resolver.add(each)
        evaluator = Evaluator(resolver, Relations(resolver, group))
        found.update(each for each in group if defines_any(each, evaluator))
    yield from (path for path, module in modules.items() if module in found)


def _outlines(config: Config, progress: Progress) -> Iterator[tuple[Path, Module]]:
    """The classes of the project's files; a file that cannot be read has none."""
    selection = Selection(config, config.sources[0])
    for path in candidates(config.root):
        display = path.relative_to(config.root).as_posix()
        progress(display)
        with suppress(AsyncgenError):
            yield path, read_outline(path, selection.module_name(path), display)


def candidates(root: Path) -> Iterator[Path]:
    """The project's files that have classes: none that test, migrate or were generated, and no
    environment's."""
    for path in Globber().files(root, "**/*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        if any(map(ASIDE.fullmatch, parts)) or _in_environment(path.parent, root):
            continue
        data = path.read_bytes() if os.access(path, os.R_OK) else b""
        if _CLASS.search(data) and not is_generated(data):
            yield path


@cache
def _in_environment(folder: Path, root: Path) -> bool:
    if (folder / "pyvenv.cfg").exists():
        return True
    return folder != root and _in_environment(folder.parent, root)


def defines_any(module: Module, evaluator: Evaluator) -> bool:
    """Whether the module defines a class that a build would cover."""
    return any(evaluator.role(each) and each.pragma != "skip" for each in every_class(module))
