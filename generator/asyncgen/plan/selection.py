"""The modules that a source names, and where what is made of each goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path, PurePosixPath

from asyncgen.config import Config, Release, Source
from asyncgen.globs import Globber
from asyncgen.header import bears_header
from asyncgen.plan.nearby import meant, near_definition, near_source
from asyncgen.plan.own import ASIDE
from asyncgen.plan.roots import Roots
from asyncgen.problems import AsyncgenError, Problem
from asyncgen.resolve import Resolver
from asyncgen.source import Module
from asyncgen.stub.companions import NONE

Reader = Callable[[Path, str], Module]

_PATTERN_KEYS = (
    "classes",
    "functions",
    "include",
    "exclude",
    "kinds",
    "rename",
    "bridges",
    "await_rows",
    "unwired",
)
_OWN = ".__init__"  # after a package's name: only the module that it is itself


@dataclass(frozen=True, slots=True)
class Selected:
    """A module named by a source: its name, its file, and where its surface goes."""

    name: str
    path: Path
    output: str
    output_module: str
    stubs: str
    managers: str | None
    managers_module: str
    is_host: bool = False  # the surface goes into the module itself

    @property
    def import_root(self) -> Path:
        return import_root(self.name, self.path)


def import_root(name: str, path: Path) -> Path:
    """The folder that a module's dotted name starts from."""
    depth = len(name.split("."))
    return path.parents[depth if path.stem == "__init__" else depth - 1]


def apart(selected: list[Selected]) -> list[list[Selected]]:
    """The modules by the folder that they are imported from, where two have the same name: of
    projects that share a repository each may have its `shop.models`. Otherwise all together."""
    if len({each.name for each in selected}) == len({each.path for each in selected}):
        return [selected]
    groups: dict[Path, list[Selected]] = {}
    for each in selected:
        groups.setdefault(each.import_root, []).append(each)
    return list(groups.values())


def is_importable(name: str) -> bool:
    """Whether an `import` can say that name of a module."""
    return all(part.isidentifier() and not iskeyword(part) for part in name.split("."))


def leftovers(config: Config, selected: list[Selected]) -> frozenset[str]:
    """The modules beside the outputs that an earlier run wrote and this one does not: they are to
    go, so nobody may rely on what they say."""
    outputs = {config.root / each.output for each in selected if not each.is_host}
    roots = Roots(config)
    return frozenset(
        roots.module_name(path)
        for folder in {each.parent for each in outputs}
        for path in folder.glob("*.py")
        if path not in outputs and bears_header(path)
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """What one source selects, of one of its releases where it has some."""

    config: Config
    source: Source
    roots: Roots
    release: Release | None = None

    @property
    def globber(self) -> Globber:
        return self.roots.globber

    def modules(self, roots: tuple[Path, ...], read: Reader) -> Iterator[Selected]:
        """The modules that the source's entries name: files, globs, dotted modules."""
        seen: set[Path] = set()
        for entry in self.source.sources:
            found = list(self.expanded(entry, roots, read))
            if not found:
                raise AsyncgenError(
                    Problem(
                        "AG201",
                        f"no source is called {entry!r}",
                        f"{near_source(self.config, entry)}sources are files, globs, or dotted "
                        "modules of the project or of its environment (see --python)",
                        self.source.location,
                    )
                )
            if self.source.style != "inline":
                named, found = found, [each for each in found if is_importable(each[0])]
                if not found:
                    raise self.not_importable(entry, named[0][0])
            for name, path in found:
                if path not in seen:
                    seen.add(path)
                    yield self.target(name, path)

    def not_importable(self, entry: str, name: str) -> AsyncgenError:
        """What is wrong with a file that its surface could not import."""
        part = next(each for each in name.split(".") if not is_importable(each))
        return AsyncgenError(
            Problem(
                "AG201",
                f"{entry!r} is no module: nothing can import {part!r}",
                "rename it so that it is a name of Python's, or leave it out of `sources`",
                self.source.location,
            )
        )

    def expanded(
        self, entry: str, roots: tuple[Path, ...], read: Reader
    ) -> Iterator[tuple[str, Path]]:
        """The modules that one entry names, each with its file. A folder, or a package by its
        name, means the modules in it, but for tests and migrations."""
        if entry.endswith(".py") or "/" in entry or "*" in entry:
            within = self.config.root / entry
            paths = (
                self.below(within)
                if within.is_dir()
                else self.globber.files(self.config.root, entry)
            )
            yield from ((self.module_name(path), path) for path in paths if _is_source(path))
            return
        path = Resolver(roots, read).find(entry.removesuffix(_OWN))
        if path is None:
            return
        if path.stem != "__init__" or entry.endswith(_OWN):
            yield entry.removesuffix(_OWN), path
            return
        for each in filter(_is_source, self.below(path.parent)):
            parts = each.relative_to(path.parent).with_suffix("").parts
            yield ".".join((entry, *(part for part in parts if part != "__init__"))), each

    def below(self, folder: Path) -> Iterator[Path]:
        """The modules in a folder, the packages in it included."""

        def is_asked(path: Path) -> bool:
            return path.stem.isidentifier() and not ASIDE.fullmatch(path.stem)

        yield from filter(is_asked, self.globber.files(folder, "**/*.py", is_asked))

    def module_name(self, path: Path) -> str:
        """The dotted name of a file."""
        return self.roots.module_name(path)

    def target(self, name: str, path: Path) -> Selected:
        """Where the surface of the module goes, and what goes beside it."""
        inside = path.is_relative_to(self.config.root) and "site-packages" not in path.parts
        if self.source.style == "inline":
            return self.host(name, path, is_own=inside)
        if "{directory}" in self.source.output and not inside:
            raise AsyncgenError(
                Problem(
                    "AG202",
                    f"{name} lies outside the project, so its surface cannot stand beside it",
                    'set `output` for this source, for example output = "shop/{stem}_async.py"',
                    self.source.location,
                )
            )
        output = self.placed("output", name, path)
        wants_managers = NONE not in (self.source.managers, self.source.stubs)
        wants_managers &= inside or "{directory}" not in self.source.managers
        managers = self.placed("managers", name, path) if wants_managers else None
        return Selected(
            name,
            path,
            output,
            self.output_name(output, name, path),
            self.placed("stubs", name, path),
            managers,
            self.module_name(self.config.root / managers) if managers else "",
        )

    def host(self, name: str, path: Path, *, is_own: bool) -> Selected:
        """The module itself, into which its surface goes."""
        if not is_own:
            raise AsyncgenError(
                Problem(
                    "AG202",
                    f"{name} lies outside the project, so nothing can be written into it",
                    'give this source style = "subclass", and an `output` of your own',
                    self.source.location,
                )
            )
        output = path.relative_to(self.config.root).as_posix()
        return Selected(name, path, output, name, NONE, None, "", is_host=True)

    def output_name(self, output: str, name: str, path: Path) -> str:
        """The dotted name of an output. What stands for `{path}` are packages, or will be."""
        before, mark, _ = self.source.output.partition("{path}")
        if not mark:
            return self.module_name(self.config.root / output)
        folder = self.filled("output", before, name, path).rpartition("/")[0]
        top = self.module_name(self.config.root / folder / "any.py").rpartition(".")[0]
        below = PurePosixPath(output).relative_to(folder).with_suffix("")
        return ".".join(filter(None, (top, *below.parts)))

    def placed(self, key: str, name: str, path: Path) -> str:
        """The path that the pattern under `key` gives for a module."""
        return self.filled(key, getattr(self.source, key), name, path)

    def filled(self, key: str, pattern: str, name: str, path: Path) -> str:
        directory, stem = path.parent, path.stem
        if stem == "__init__":
            stem = directory.name
        if directory.is_relative_to(self.config.root):
            directory = directory.relative_to(self.config.root)
        try:
            placed: str = pattern.format(
                directory=directory.as_posix(),
                stem=stem,
                module=name,
                package=name.partition(".")[0],
                path=name.partition(".")[2].replace(".", "/"),
                **({"series": "{}_{}".format(*self.release.series)} if self.release else {}),
            )
        except (KeyError, IndexError, ValueError) as error:
            raise AsyncgenError(
                Problem(
                    "AG104",
                    f"{key} is {pattern!r}: {error!r}",
                    "it may use {directory}, {stem}, {module}, {package} and {path}, and {series} "
                    "where there are releases",
                    self.source.location,
                )
            ) from error
        return placed.removeprefix("./")


def _is_source(path: Path) -> bool:
    return path.suffix == ".py" and not bears_header(path)


def unmatched(
    config: Config, sources: Sequence[tuple[Source, set[tuple[str, str]]]], known: Iterable[str]
) -> Iterator[Problem]:
    """A pattern that matches nothing is an error: it hides a typing mistake or a removed name. One
    that several tables have from [tool.asyncgen] need match in one of them. Each source comes with
    the (key, pattern) pairs that matched something in it. `known` are the names that would match.
    """
    for key in _PATTERN_KEYS:
        name = key.replace("_", "-")
        for source, _ in sources:
            patterns = getattr(source, key)
            alike = [pair for pair in sources if getattr(pair[0], key) is patterns]
            if alike[0][0] is not source:
                continue  # it was looked at with the first that has them
            for pattern in patterns:
                if not any((name, pattern) in used for _, used in alike):
                    yield Problem(
                        "AG108",
                        f"{name} has {pattern!r}, which matches nothing",
                        f"{meant(pattern, known) or near_definition(config, pattern)}"
                        "correct the pattern, or take it out",
                        source.location,
                    )
