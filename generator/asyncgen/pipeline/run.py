"""The flow from a configuration to rendered files, and the report of what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from asyncgen import environment, pyrefly
from asyncgen.classify import Classifier
from asyncgen.config import Config, Release, Source
from asyncgen.evaluate import Evaluator
from asyncgen.infer import DjangoStubs, Inference, Opinions
from asyncgen.infer.generics import Rows
from asyncgen.model import AsyncgenError, Choosable, Dispatch, Module, Problem, Rendered, Surface
from asyncgen.pipeline.builder import SurfaceBuilder, unmatched
from asyncgen.pipeline.clashes import unclashed
from asyncgen.pipeline.derived import Derived
from asyncgen.pipeline.result import Entry, Result
from asyncgen.pipeline.selection import Selected, Selection, apart
from asyncgen.read import read_file
from asyncgen.relations import Relations
from asyncgen.resolve import Resolver
from asyncgen.stub import StubMaker
from asyncgen.stub.companions import NONE, Plan, companions, mixins_of

Progress = Callable[[str], None]


@dataclass
class Run:
    """One run over a configuration. Reads each file once, whatever asks for it."""

    config: Config
    progress: Progress = lambda text: None
    problems: list[Problem] = field(default_factory=list)
    paths: dict[Path, None] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)  # by the path of the surface
    opinions: list[Opinions] = field(default_factory=list)  # of the sources that want them
    written: set[str] = field(default_factory=set)  # top-level packages that outputs go to

    def result(self) -> Result:
        installed = environment.site_packages(self.config)
        surfaces: dict[str, list[Surface]] = {}
        releases: dict[str, Release] = {}
        entries: list[Entry] = []
        for source in self.config.sources:
            used: set[tuple[str, str]] = set()
            for release in source.releases or (None,):
                for surface, found in self.source(source, release, installed, used):
                    surfaces.setdefault(surface.path, []).append(surface)
                    entries += found
                    if release:
                        releases[surface.path] = release
            self.problems += unmatched(source, used)
        merged = [_merged(group) for group in surfaces.values() if _has_content(group)]
        mixins = mixins_of(merged)
        made = [companions(each, self.plans[each.path], mixins) for each in merged]
        if self.ask():
            made = [companions(each, self.plans[each.path], mixins) for each in merged]
        released = [each.surface for each in made if each.surface.path in releases]
        return Result(
            tuple(each.surface for each in made),
            tuple(self.dispatches([(releases[each.path], each) for each in released])),
            tuple(entries),
            tuple(self.problems),
            tuple(self.paths),
            tuple(stub for each in made for stub in each.stubs),
            tuple(each.managers for each in made if each.managers),
            all(plan.maker.django for plan in self.plans.values() if plan.stubs != NONE),
        )

    def dispatches(
        self, released: list[tuple[Release, Surface]]
    ) -> Iterator[tuple[Dispatch, str | None]]:
        """The modules that choose among the surfaces of releases, where they are asked for: one
        for each folder that has such surfaces."""
        if self.config.dispatch is None:
            return
        name = PurePosixPath(self.config.dispatch).name
        folders: dict[str, list[tuple[Release, Surface]]] = {}
        for release, surface in released:
            folders.setdefault(str(PurePosixPath(surface.path).parent), []).append(
                (release, surface)
            )
        for folder, choices in folders.items():
            path = self.config.dispatch if len(folders) == 1 else f"{folder}/{name}"
            made = Dispatch(
                path,
                self.config.path.name,
                tuple(
                    Choosable(release.series, surface.module, tuple(sorted(_names(surface))))
                    for release, surface in sorted(choices, key=lambda choice: choice[0].series)
                ),
            )
            yield made, self.plans[choices[-1][1].path].stub_path(path)

    # -- sources -------------------------------------------------------------------------------

    def source(
        self,
        source: Source,
        release: Release | None,
        installed: tuple[Path, ...],
        used: set[tuple[str, str]],
    ) -> Iterator[tuple[Surface, list[Entry]]]:
        """The surfaces of one source, read from `release` or as it is installed, and what was
        decided of each. What matched something is added to `used`."""
        released = (environment.release_root(release, self.config, installed),) if release else ()
        found = (*released, *self.config.search, *installed)
        selected = list(Selection(self.config, source, release).modules(found, self.read))
        self.written |= {each.output_module.partition(".")[0] for each in selected}
        for group in apart(selected):
            yield from self.group(source, group, released, installed, used)

    def group(
        self,
        source: Source,
        selected: list[Selected],
        released: tuple[Path, ...],
        installed: tuple[Path, ...],
        used: set[tuple[str, str]],
    ) -> Iterator[tuple[Surface, list[Entry]]]:
        """The surfaces of modules that can import each other."""
        own = tuple(dict.fromkeys(each.import_root for each in selected))
        roots = (*released, *own, *self.config.search, *installed)
        resolver = Resolver(
            tuple(dict.fromkeys(roots)),
            self.read,
            frozenset(
                name for each in selected for name in (each.output_module, each.managers_module)
            ),
        )
        modules: list[tuple[Selected, Module]] = []
        for each in selected:
            try:
                module = resolver.module(each.name)
            except AsyncgenError as error:
                self.problems += error.problems
                continue
            if module:
                modules.append((each, module))
        if resolver.find("django.db.models") is None:
            raise AsyncgenError(_no_django(source), *self.problems)
        classifier = Classifier(
            Evaluator(resolver, Relations(resolver, [module for _, module in modules]))
        )
        builders = [
            SurfaceBuilder(source, classifier, each, module, self.first_party, self.problems, used)
            for each, module in modules
        ]
        derived = Derived(resolver, source.style)
        # Again for all, until none finds more: a class may get its async class for those that its
        # methods return.
        while sum(builder.derive(derived) for builder in builders):
            pass
        maker = self.maker(source, classifier, installed)
        for builder in builders:
            chosen = builder.selected
            self.plans.setdefault(
                chosen.output,
                Plan(
                    chosen.stubs,
                    chosen.managers if source.style == "mixin" else None,
                    chosen.managers_module,
                    maker,
                    classifier.evaluator.inherited_role,
                ),
            )
            yield builder.build(derived)

    def ask(self) -> bool:
        """Have pyrefly answer what was asked while the stubs were made, of all sources at once.
        Whether there is an answer: the stubs are then to be made again."""
        if not self.config.asks_pyrefly:
            return False
        program = environment.program("pyrefly", self.config)
        if program is None:
            self.problems.append(pyrefly.missing(self.config))
            return False
        # What pyrefly reads, it does not tell: any file of the project.
        self.paths |= dict.fromkeys(environment.project_files(self.config))
        questions = dict.fromkeys(each for opinions in self.opinions for each in opinions.asked)
        resolvers = [each.inference.evaluator.resolver for each in self.opinions]
        answers = pyrefly.ask(
            self.config,
            program,
            questions,
            [root for each in resolvers for root in each.roots],
            frozenset().union(*(each.outputs for each in resolvers)),
        )
        for opinions in self.opinions:
            opinions.answers = answers
        return bool(answers)

    def maker(
        self, source: Source, classifier: Classifier, installed: tuple[Path, ...]
    ) -> StubMaker:
        """What makes the stubs of one source's surfaces."""
        evaluator = classifier.evaluator
        django = DjangoStubs.find(installed, self.read)
        inference = Inference(evaluator, django, Rows(evaluator))
        opinions = None
        if source.infer == "pyrefly" and django:  # without stubs it takes fields for their values
            opinions = Opinions(inference)
            self.opinions.append(opinions)
        return StubMaker(evaluator.resolver, inference, django, self.first_party, opinions)

    def first_party(self, packages: Iterable[str]) -> frozenset[str]:
        """The top-level packages of the project, which isort sets apart from other people's."""
        return frozenset(
            package
            for package in packages
            if package in self.written
            or any(
                (root / package).is_dir() or (root / f"{package}.py").is_file()
                for root in self.config.search
                if root.is_relative_to(self.config.root)
            )
        )

    def read(self, path: Path, name: str) -> Module:
        self.paths[path] = None
        self.progress(self.display(path))
        kept = "site-packages" in path.parts or environment.CACHE.name in path.parts
        return read_file(path, name, self.display(path), keep=kept)

    def display(self, path: Path) -> str:
        """How a path is shown: relative to the project, else below its import root."""
        if path.is_relative_to(self.config.root / environment.CACHE):
            return "/".join(path.relative_to(self.config.root / environment.CACHE).parts[1:])
        if path.is_relative_to(self.config.root) and "site-packages" not in path.parts:
            return path.relative_to(self.config.root).as_posix()
        if "site-packages" in path.parts:
            return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
        for root in self.config.search:
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.as_posix()


def _no_django(source: Source) -> Problem:
    return Problem(
        "AG204",
        "Django's source cannot be found",
        "install Django in the project's environment, or name the environment with --python",
        source.location,
    )


def _names(surface: Surface) -> Iterator[str]:
    for made in surface.classes:
        yield made.name
        if made.subclass:
            yield made.subclass.name
    for function in surface.functions:
        yield function.name


def _has_content(group: list[Surface]) -> bool:
    return any(each.classes or each.functions for each in group)


def _merged(group: list[Surface]) -> Surface:
    """Surfaces that go to the same file, as one."""
    first = group[0]
    surface = Surface(
        path=first.path,
        module=first.module,
        sources=tuple(dict.fromkeys(source for each in group for source in each.sources)),
        classes=tuple(made for each in group for made in each.classes),
        functions=tuple(made for each in group for made in each.functions),
        imports=tuple(sorted({line for each in group for line in each.imports}, key=repr)),
        type_imports=tuple(
            sorted({line for each in group for line in each.type_imports}, key=repr)
        ),
        bridge=first.bridge,
        first_party=frozenset().union(*(each.first_party for each in group)),
        has_stub=first.has_stub,
    )
    return unclashed(surface)


def rendered(result: Result, config: Config) -> Iterator[Rendered]:
    """The text of every file; Jinja2 is imported here and not before."""
    from asyncgen.render import (
        render,
        render_dispatch,
        render_dispatch_stub,
        render_managers,
        render_stub,
    )

    for surface in result.surfaces:
        yield render(surface, config.line_length)
    for dispatch, stub_path in result.dispatches:
        yield render_dispatch(dispatch, config.line_length)
        if stub_path:
            yield render_dispatch_stub(dispatch, stub_path, config.line_length)
    for managers in result.managers:
        yield render_managers(managers, config.line_length)
    for stub in result.stubs:
        yield render_stub(stub, config.line_length)
