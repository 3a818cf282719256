"""The modules that a source names, and where what is made of each goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asyncgen import environment
from asyncgen.config import Config, Release, Source
from asyncgen.problems import AsyncgenError, Problem
from asyncgen.resolve import Resolver
from asyncgen.source import Module
from asyncgen.stub.companions import NONE
from asyncgen.surface import HEADER

Reader = Callable[[Path, str], Module]


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


def leftovers(config: Config, selected: list[Selected]) -> frozenset[str]:
    """The modules beside the outputs that an earlier run wrote and this one does not: they are to
    go, so nobody may rely on what they say."""
    outputs = {config.root / each.output for each in selected}
    namer = Selection(config, Source())
    return frozenset(
        namer.module_name(path)
        for folder in {each.parent for each in outputs}
        for path in folder.glob("*.py")
        if path not in outputs and is_output(path)
    )


@dataclass(frozen=True, slots=True)
class Selection:
    """What one source selects, of one of its releases where it has some."""

    config: Config
    source: Source
    release: Release | None = None

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
                        "sources are files, globs, or dotted modules of the project or of its "
                        "environment (see --python)",
                        self.source.location,
                    )
                )
            for name, path in found:
                if path not in seen:
                    seen.add(path)
                    yield self.target(name, path)

    def expanded(
        self, entry: str, roots: tuple[Path, ...], read: Reader
    ) -> Iterator[tuple[str, Path]]:
        if entry.endswith(".py") or "/" in entry or "*" in entry:
            for path in sorted(self.config.root.glob(entry)):
                if path.suffix == ".py" and path.is_file() and not is_output(path):
                    yield self.module_name(path), path
            return
        path_found = Resolver(roots, read).find(entry)
        if path_found:
            yield entry, path_found

    def module_name(self, path: Path) -> str:
        """The dotted name of a file: from the outermost package that it is in, else from the
        search root that it lies below."""
        top = path.parent
        while (top / "__init__.py").is_file():
            top = top.parent
        if top == path.parent and path.stem != "__init__":
            for root in self.config.search:
                if path.is_relative_to(root):
                    top = root
                    break
        parts = path.relative_to(top).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def target(self, name: str, path: Path) -> Selected:
        """Where the surface of the module goes, and what goes beside it."""
        inside = path.is_relative_to(self.config.root) and "site-packages" not in path.parts
        inside = inside and not path.is_relative_to(self.config.root / environment.CACHE)
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


def is_output(path: Path) -> bool:
    with path.open("rb") as stream:
        return HEADER.encode() in stream.read(600)
