"""`asyncgen init`: propose a configuration from what the project has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath

from asyncgen import environment
from asyncgen.choices import INLINE, NO_MANAGERS, Document, choices
from asyncgen.config import Config, Source
from asyncgen.files import regular_bytes
from asyncgen.globs import Globber
from asyncgen.journal import Step, carry_out, hash_of
from asyncgen.kept import around
from asyncgen.modules import every_class
from asyncgen.plan import Progress, Roots, Run, covered, outlines, own_files
from asyncgen.presets import PRESETS, Preset, listed
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.proposal import Proposal, Services, foreign, globs, services

_CLASS = re.compile(rb"^\s*class \w", re.MULTILINE)
TEMPLATE = """\
[tool.asyncgen]
{sources}{choices}# Module-level functions that get a twin, besides those in __all__.
# functions = ["place_order"]
# Classes that need not inherit what is written for them.
# unwired = ["LegacyQuerySet"]
#
{attributes}# To paste into .pre-commit-config.yaml, below a repository of hooks:
#     - id: asyncgen  # or asyncgen-check, which never writes
{arguments}"""
ATTRIBUTES = "# To paste into .gitattributes, so that diffs fold what is generated:\n"
ATTRIBUTE = "#     {pattern} linguist-generated=true\n"
ARGUMENTS = "#       args: [--config, {path}]\n"
SOURCES = """\
# The modules whose querysets, managers and models get async twins: files, globs, or dotted modules.
sources = [
{sources}]
"""
SERVICES = "\n# Functions that open transactions, for twins that run as a whole.\n"
SERVICE = """\
[[tool.asyncgen.source]]
sources = ["{path}"]
functions = {functions}
"""
PRESET = """
# Your classes inherit from {distribution}: `asyncgen init --preset {name}` adds a source for it.
"""
FOREIGN = """
# Classes of another package that yours inherit from, as subclasses of your own.
# [[tool.asyncgen.source]]
# sources = ["{module}"]
# style = "subclass"
# output = "{output}"
"""


def initialise(
    path: Path,
    python: str | None,
    progress: Progress,
    presets: Sequence[str] = (),
    *,
    with_services: bool = False,
) -> Proposal:
    """Append a [tool.asyncgen] table to the pyproject.toml at `path`, and the source tables of
    `presets` and services; only these where the former is there, services in the place of the
    comment that proposed them. What it proposes.

    `python` names the environment that classes of other packages are looked up in. Nothing else is
    changed. Raises AsyncgenError (AG102, AG105, AG109, AG201).
    """
    before, document = _read(path)
    text = before or ""
    tool = document.get("tool", {})
    known = tool.get("asyncgen") if isinstance(tool, dict) else None
    if known is not None and not presets and not with_services:
        raise _there_already(path)
    root = path.resolve().parent
    search = (root / "src", root)
    config = Config(root, path.resolve(), (Source(),), python=python, search=search)
    if known is None:
        proposal = proposed(config, document, progress)
        table = _table(proposal, config.path, presets, with_services=with_services)
    else:
        named = tuple(_strings_in(known))
        services = _unnamed_services(config, named) if with_services else ()
        proposal = Proposal(named, services=services)
        table = _services(services).removeprefix("\n")
        text = text.replace(f"\n{_commented(table)}", "") if table else text
    for name in presets:
        check_preset(config, PRESETS[name], name, proposal.sources)
        table += PRESETS[name].table(_beside(proposal.sources, name, root))
    if table:
        _write(path, before, text, table)
    return proposal


def _there_already(path: Path) -> AsyncgenError:
    message = f"{path} has a [tool.asyncgen] table already"
    hint = (
        "edit it, add sources with --preset or --services, or remove it first; nothing was changed"
    )
    return AsyncgenError(Problem("AG109", message, hint, Location(str(path), 1)))


def _read(path: Path) -> tuple[str | None, dict[str, object]]:
    """The text of the file, None where it is not there, and what it says. Raises AsyncgenError."""
    try:
        text = regular_bytes(path).decode("utf-8") if path.exists() else None
        return text, tomllib.loads(text or "")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path} cannot be read as TOML: {error}"
        hint = "correct the file first; nothing was changed"
        raise AsyncgenError(Problem("AG102", message, hint, Location(str(path), 1))) from error


def _write(path: Path, before: str | None, text: str, table: str) -> None:
    """Write the table below the text, in its newlines, in the place of what was there before.
    Raises AsyncgenError."""
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    after = text + gap + table.replace("\n", newline)
    try:
        tomllib.loads(after)
        hashed = None if before is None else hash_of(before.encode("utf-8"))
        carry_out(path.resolve().parent, [Step(str(path.resolve()), hashed, after.encode("utf-8"))])
    except (OSError, tomllib.TOMLDecodeError) as error:
        message = f"cannot add a table to {path}: {error}"
        hint = "add [tool.asyncgen] by hand; nothing was changed"
        raise AsyncgenError(Problem("AG102", message, hint, Location(str(path), 1))) from error


def _table(proposal: Proposal, path: Path, presets: Sequence[str], *, with_services: bool) -> str:
    sources = "".join(f'    "{source}",\n' for source in proposal.sources)
    table = TEMPLATE.format(
        sources="" if proposal.has_services_alone else SOURCES.format(sources=sources),
        choices="".join(each.text for each in proposal.choices),
        attributes=_attributes(proposal),
        arguments=_arguments(path),
    )
    services = _services(proposal.services)
    is_active = with_services or proposal.has_services_alone
    table += services if is_active else _commented(services)
    for name in fitting_presets(proposal, presets):
        table += PRESET.format(distribution=PRESETS[name].distribution, name=name)
    for module in without_preset(proposal):
        output = _beside(proposal.sources, module.replace(".", "_"), path.parent)
        table += FOREIGN.format(module=module, output=output)
    return table


def _attributes(proposal: Proposal) -> str:
    """What git is to be told of the files that a build writes by these choices."""
    lines = {line for each in proposal.choices for line in each.line.splitlines()}
    is_apart = INLINE not in lines
    wanted = {"*_async.py*": is_apart, "*_managers.py*": is_apart and NO_MANAGERS not in lines}
    text = "".join(ATTRIBUTE.format(pattern=each) for each, is_due in wanted.items() if is_due)
    return ATTRIBUTES + text if text else ""


def _arguments(path: Path) -> str:
    """What hooks have to be told, which run in the outermost folder of the repository."""
    *_, top = around(path.parent)
    return "" if top == path.parent else ARGUMENTS.format(path=path.relative_to(top).as_posix())


def fitting_presets(proposal: Proposal, taken: Sequence[str]) -> list[str]:
    """The presets of packages that the project's classes inherit from, but for those it has."""
    packages = {module.partition(".")[0] for module in proposal.foreign}
    fitting = (name for name, preset in PRESETS.items() if preset.package in packages)
    return [name for name in fitting if name not in taken]


def without_preset(proposal: Proposal) -> list[str]:
    """The modules of other packages that the project's classes inherit from."""
    packages = {preset.package for preset in PRESETS.values()}
    return [each for each in proposal.foreign if each.partition(".")[0] not in packages]


def _services(services: Services) -> str:
    """A source for the services of each module."""
    tables = (
        SERVICE.format(path=path, functions=listed(functions)) for path, functions in services
    )
    return SERVICES + "\n".join(tables) if services else ""


def _commented(text: str) -> str:
    """The same in comments, where it is not."""
    lines = (line if line.startswith("#") or not line else f"# {line}" for line in text.split("\n"))
    return "\n".join(lines)


def _unnamed_services(config: Config, named: Sequence[str]) -> Services:
    """The services in modules that no source names yet."""
    roots = Roots(config)
    taken = {path for each in named for path in Globber().files(config.root, each)}
    return _services_in(
        {
            name: path
            for name, path in _own(config).items()
            if path not in taken and roots.module_name(path) not in named
        }
    )


def _services_in(files: Mapping[str, Path]) -> Services:
    return tuple((name, names) for name, path in files.items() if (names := services(path)))


def _own(config: Config) -> dict[str, Path]:
    return {_shown(path, config): path for path in own_files(config.root, Globber())}


def _beside(sources: Sequence[str], name: str, root: Path) -> str:
    """Where the twins of another package's go: into the first package of the project's own."""
    paths = [each for each in sources if "/" in each]
    if not paths:
        packages = [*sorted(root.glob("*/models.py")), *sorted(root.glob("*/__init__.py"))]
        paths = [each.relative_to(root).as_posix() for each in packages[:1]]
    top = paths[0].rpartition("/")[0].split("/") if paths else [""]
    folder = "/".join(takewhile(lambda part: "*" not in part, top))
    return PurePosixPath(folder, f"{name.replace('-', '_')}_async.py").as_posix()


def check_preset(config: Config, preset: Preset, name: str, sources: Sequence[str]) -> None:
    """Raise AsyncgenError where a source for the package is there (AG109), or the package is not
    (AG201)."""
    where = Location(str(config.path), 1)
    if any(each.partition(".")[0] == preset.package and "/" not in each for each in sources):
        message = f"{config.path} has a source for {preset.distribution} already"
        raise AsyncgenError(Problem("AG109", message, "edit that; nothing was changed", where))
    places = (*config.search, *environment.site_packages(config))
    if not any((place / preset.package).is_dir() for place in places):
        raise AsyncgenError(
            Problem(
                "AG201",
                f"{preset.distribution}, for --preset {name}, is not in the project's environment",
                "install it there, or name the environment with --python; nothing was changed",
                where,
            )
        )


def _strings_in(table: object) -> Iterator[str]:
    """The sources of a configuration that may be wrong: that is for `config` to say."""
    match table:
        case {"sources": [*sources], **rest}:
            yield from (each for each in sources if isinstance(each, str))
            yield from _strings_in(rest)
        case {"source": [*tables]}:
            for each in tables:
                yield from _strings_in(each)


def proposed(config: Config, document: Document, progress: Progress) -> Proposal:
    """The project's files that define querysets, managers or models, whatever these are called:
    what each class inherits from is followed, into other packages too. Raises AsyncgenError."""
    modules = dict(outlines(config, candidates(config.root), progress))
    files: dict[str, Path] = {}
    foreigners: set[str] = set()
    run = Run(config, progress)
    for group in covered(config, modules, run):
        files |= {each.path: config.root / each.path for each in group.modules}
        classes = [one for each in group.modules for one in every_class(each)]
        foreigners |= foreign(classes, group.resolver, group.evaluator.role)
    run.files.keep()
    own = _own(config)
    known = {_shown(path, config) for path in modules}
    return Proposal(
        tuple(globs(list(files), lambda each: _is_harmless(each, own, known), config.root)),
        tuple(choices(config, document, list(files.values()))),
        _services_in(own),
        tuple(sorted(foreigners)),
    )


def _shown(path: Path, config: Config) -> str:
    return path.relative_to(config.root).as_posix()


def _is_harmless(file: str, own: Mapping[str, Path], known: set[str]) -> bool:
    """Whether a glob may find the file as well: it was read, or has no class."""
    path = own.get(file)
    return path is not None and (file in known or not _CLASS.search(path.read_bytes()))


def candidates(root: Path) -> Iterator[Path]:
    """The project's files that have classes."""
    for path in own_files(root, Globber()):
        if _CLASS.search(path.read_bytes()):
            yield path
