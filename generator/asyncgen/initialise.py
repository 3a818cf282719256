"""`asyncgen init`: propose a configuration from what the project has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import takewhile
from pathlib import Path, PurePosixPath

from asyncgen import environment
from asyncgen.analysis import Evaluator
from asyncgen.config import Config, Source
from asyncgen.django.relations import Relations
from asyncgen.globs import Globber
from asyncgen.journal import Step, carry_out, hash_of
from asyncgen.plan import Progress, Run, Selection, import_root, own_files
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.proposal import Proposal, foreign, globs, services
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
# Classes that need not inherit what is written for them.
# unwired = ["LegacyQuerySet"]
# Make warnings (something ambiguous, a base that cannot be found) errors.
# strict = true
#
# To paste into .gitattributes, so that diffs fold what is generated:
#     *_async.py* linguist-generated=true
#     *_managers.py* linguist-generated=true
# and into .pre-commit-config.yaml, below a repository of hooks:
#     - id: asyncgen  # or asyncgen-check, which never writes
"""
SERVICES = """
# Functions that open transactions, for twins that run as a whole.
# [[tool.asyncgen.source]]
# sources = ["{path}"]
# functions = [{functions}]
"""
FOREIGN = """
# Classes of another package that yours inherit from, as subclasses of your own.
# [[tool.asyncgen.source]]
# sources = ["{module}"]
# style = "subclass"
# output = "{output}"
"""


def initialise(path: Path, python: str | None, progress: Progress) -> Proposal:
    """Append a [tool.asyncgen] table to the pyproject.toml at `path`; what it proposes.

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
    found = proposed(config, progress)
    table = _table(found)
    newline = "\r\n" if "\r\n" in before else "\n"
    gap = "" if not before else newline if before.endswith("\n") else newline * 2
    after = before + gap + table.replace("\n", newline)
    try:
        tomllib.loads(after)
        known = hash_of(before.encode("utf-8")) if path.exists() else None
        carry_out(root, [Step(str(path.resolve()), known, after.encode("utf-8"))])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise AsyncgenError(
            Problem(
                "AG102",
                f"cannot add a table to {path}: {error}",
                "add [tool.asyncgen] by hand; nothing was changed",
                Location(str(path), 1),
            )
        ) from error
    return found


def _table(found: Proposal) -> str:
    listed = "".join(f'\n    "{source}",' for source in found.sources)
    table = TEMPLATE.format(sources=f"{listed}\n" if listed else "")
    for path, functions in found.services:
        names = ", ".join(f'"{name}"' for name in functions)
        table += SERVICES.format(path=path, functions=names)
    top = found.sources[0].rpartition("/")[0].split("/") if found.sources else [""]
    folder = "/".join(takewhile(lambda part: "*" not in part, top))
    for module in found.foreign:
        output = PurePosixPath(folder, f"{module.replace('.', '_')}_async.py")
        table += FOREIGN.format(module=module, output=output)
    return table


def proposed(config: Config, progress: Progress) -> Proposal:
    """The project's files that define querysets, managers or models, whatever these are called:
    what each class inherits from is followed, into other packages too."""
    modules = dict(_outlines(config, progress))
    installed = environment.site_packages(config)
    read = Run(config, progress).read
    groups: dict[Path, list[Module]] = {}  # two folders may each have a package of one name
    for path, module in modules.items():
        groups.setdefault(import_root(module.name, path), []).append(module)
    found: set[Module] = set()
    foreigners: set[str] = set()
    for root, group in groups.items():
        resolver = Resolver(tuple(dict.fromkeys((root, *config.search, *installed))), read)
        for each in group:
            resolver.add(each)
        evaluator = Evaluator(resolver, Relations(resolver, group))
        covered = [each for each in group if defines_any(each, evaluator)]
        found.update(covered)
        classes = [one for each in covered for one in every_class(each)]
        foreigners |= foreign(classes, resolver, evaluator.role)
    files = [
        path.relative_to(config.root).as_posix()
        for path, module in modules.items()
        if module in found
    ]
    own = {
        path.relative_to(config.root).as_posix(): path for path in own_files(config.root, Globber())
    }
    known = {path.relative_to(config.root).as_posix() for path in modules}
    return Proposal(
        tuple(globs(files, lambda each: _is_harmless(each, own, known), config.root)),
        tuple((name, names) for name, path in own.items() if (names := services(path))),
        tuple(sorted(foreigners)),
    )


def _is_harmless(file: str, own: Mapping[str, Path], known: set[str]) -> bool:
    """Whether a glob may find the file as well: it was read, or has no class."""
    path = own.get(file)
    return path is not None and (file in known or not _CLASS.search(path.read_bytes()))


def _outlines(config: Config, progress: Progress) -> Iterator[tuple[Path, Module]]:
    """The classes of the project's files; a file that cannot be read has none."""
    selection = Selection(config, config.sources[0])
    for path in candidates(config.root):
        display = path.relative_to(config.root).as_posix()
        progress(display)
        with suppress(AsyncgenError):
            yield path, read_outline(path, selection.module_name(path), display)


def candidates(root: Path) -> Iterator[Path]:
    """The project's files that have classes."""
    for path in own_files(root, Globber()):
        if _CLASS.search(path.read_bytes()):
            yield path


def defines_any(module: Module, evaluator: Evaluator) -> bool:
    """Whether the module defines a class that a build would cover."""
    return any(evaluator.role(each) and each.pragma != "skip" for each in every_class(module))
