"""Which modules an audit reads: those that have asynchronous code, and those that have models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path

from asyncgen import environment
from asyncgen.audit.glance import MODELS, ON_LOOP, RECEIVERS, SERVERS
from asyncgen.audit.onloop import OnLoop
from asyncgen.audit.settings import is_settings, settings
from asyncgen.audit.tags import Library, library
from asyncgen.config import Config, Source
from asyncgen.contents import Contents
from asyncgen.django.relations import Relations
from asyncgen.files import CACHE, hash_of_file
from asyncgen.plan.roots import Roots
from asyncgen.plan.selection import Selection, import_root
from asyncgen.problems import AsyncgenError, Problem
from asyncgen.read import Files
from asyncgen.resolve import Resolver
from asyncgen.source import Module


@dataclass
class Project:
    """The modules below some paths, by what an audit needs them for."""

    config: Config
    paths: Sequence[Path]
    contents: Contents = field(default_factory=Contents)
    problems: list[Problem] = field(default_factory=list)
    read_modules: list[Module] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)  # by how they are shown
    # What the audit depends on besides: the modules and templates that were read, with the hash of
    # each from before it was, and what was looked for in vain.
    hashes: dict[Path, str] = field(default_factory=dict)
    absent: list[Path] = field(default_factory=list)
    reader: Files = field(init=False)
    roots: Roots = field(init=False)

    def __post_init__(self) -> None:
        self.reader = Files(contents=self.contents)
        self.roots = Roots(self.config)

    @cached_property
    def texts(self) -> dict[Path, bytes]:
        """The content of each file below the configuration's root, or the paths."""
        selection = Selection(self.config, Source(), self.roots)
        found: dict[Path, bytes] = {}
        for place in dict.fromkeys((*self.paths, self.config.root)):
            places = [place] if place.is_file() else selection.below(place)
            for path in places:
                if "site-packages" not in path.parts and CACHE not in path.parts:
                    found.setdefault(path, self.contents.of(path))
        return found

    @cached_property
    def chosen(self) -> list[Module]:
        """The modules with models, or with asynchronous code, that are below the paths."""
        places = [(each, self.files.get(each.path, Path(each.path))) for each in self.read_modules]
        return [each for each, path in places if self.is_chosen(path)]

    @cached_property
    def places(self) -> tuple[frozenset[Path], list[Path]]:
        """The files, and the folders, that are to be audited."""
        files = frozenset(each for each in self.paths if each.is_file())
        folders = [each for each in self.paths if each not in files]
        return files, folders if self.paths else [self.config.root]

    def is_installed(self, shown: str) -> bool:
        """Whether a file is of a package that is not the project's own: nobody mends it here."""
        path = self.files[shown]
        return "site-packages" in path.parts and not self.is_chosen(path)

    def is_chosen(self, path: Path) -> bool:
        files, folders = self.places
        return path in files or any(map(path.is_relative_to, folders))

    @cached_property
    def audited(self) -> list[Path]:
        """The files that are to be audited."""
        return [
            path
            for path, text in self.texts.items()
            if ON_LOOP.search(text) and self.is_chosen(path)
        ]

    def evaluator(self) -> tuple[OnLoop, list[Module]]:
        """What evaluates the project's code, and the modules that are to be audited.

        Raises AsyncgenError (AG204) where Django cannot be found.
        """
        named = {path: self.roots.module_name(path) for path in self.texts}
        audited = set(self.audited)
        installed = environment.site_packages(self.config)
        roots = [import_root(named[path], path) for path in audited]
        resolver = Resolver(
            tuple(dict.fromkeys((*roots, *self.config.search, *installed))), self.read
        )
        modules = {path: self.module(resolver, named[path], path) for path in audited}
        others = [
            self.module(resolver, named[path], path)
            for path, text in self.texts.items()
            if path not in audited and (MODELS.search(text) or RECEIVERS.search(text))
        ]
        if resolver.find("django.db.models") is None:
            raise AsyncgenError(
                Problem(
                    "AG204",
                    "Django's source cannot be found",
                    "install Django in the project's environment, or name the environment with "
                    "--python",
                )
            )
        self.read_modules = sources = [
            each for each in (*modules.values(), *others) if each is not None
        ]
        evaluator = OnLoop(resolver, Relations(resolver, sources))
        evaluator.settings = settings(filter(is_settings, self.texts))
        evaluator.relations.user = evaluator.user_model()
        evaluator.bridges = frozenset(self.config.audit.threads)
        evaluator.template = self.template
        evaluator.tags_of = cache(partial(self.tags, resolver))
        evaluator.blocks = frozenset(self.config.audit.blocks)
        return evaluator, [modules[path] for path in self.audited if modules[path]]  # type: ignore[misc]

    def module(self, resolver: Resolver, name: str, path: Path) -> Module | None:
        """The module of a file; a file that cannot be read is a problem, and left out."""
        try:
            module = resolver.module(name)
        except AsyncgenError as error:
            self.problems += error.problems if self.is_chosen(path) else ()
            return None
        return module

    def tags(self, resolver: Resolver, name: str) -> Library:
        """The tags that a template loads by a name, from the folders called `templatetags`."""
        found: Library = {}
        for path in self.texts:
            if path.name == f"{name}.py" and path.parent.name == "templatetags":
                module = self.module(resolver, self.roots.module_name(path), path)
                found = {**found, **library(module)} if module else found
        return found

    def template(self, name: str) -> Path | None:
        """The file of a template, below the first folder called `templates` that has it."""
        places = [each / name for each in self.template_folders]
        found = next(filter(Path.is_file, places), None)
        self.absent += places[: places.index(found)] if found else places
        if found:
            self.files[found.as_posix()] = found
            self.hashes.setdefault(found, hash_of_file(found))
        return found

    @cached_property
    def template_folders(self) -> list[Path]:
        """The folders called `templates` beside, or above, the modules."""
        places = {parent for path in self.texts for parent in path.parents}
        places = {each for each in places if each.is_relative_to(self.config.root)}
        folders = sorted(each / "templates" for each in places)
        self.absent += [each for each in folders if not each.is_dir()]
        return [each for each in folders if each.is_dir()]

    def read(self, path: Path, name: str) -> Module:
        shown = self.display(path)
        self.files[shown] = path
        self.hashes.setdefault(path, hash_of_file(path))
        return self.reader.read(path, name, shown)

    def display(self, path: Path) -> str:
        if path.is_relative_to(self.config.root) and "site-packages" not in path.parts:
            return path.relative_to(self.config.root).as_posix()
        if "site-packages" in path.parts:
            return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
        return path.as_posix()

    @cached_property
    def served(self) -> frozenset[str]:
        """The libraries whose schemas are served on the event loop, and nowhere in threads."""
        return frozenset(
            library
            for library, (on_loop, in_threads) in SERVERS.items()
            if (on_loop is None or any(map(on_loop.search, self.texts.values())))
            and not any(map(in_threads.search, self.texts.values()))
        )
