"""The flow from a configuration to rendered files, and the report of what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from asyncgen import environment
from asyncgen.analysis import Evaluator, Spelling
from asyncgen.analysis.answers import Again, Answers, Asked, Body
from asyncgen.analysis.values import Level
from asyncgen.classify import Classifier
from asyncgen.config import Config, Release, Source
from asyncgen.deep import deeply
from asyncgen.django.relations import Relations
from asyncgen.files import hash_of_file
from asyncgen.globs import Globber
from asyncgen.marks import is_marked
from asyncgen.modules import every_class
from asyncgen.plan.analysis import Analysis, Chosen
from asyncgen.plan.builder import SurfaceBuilder
from asyncgen.plan.derived import Derived
from asyncgen.plan.faults import Written, faults
from asyncgen.plan.managers import add_static_managers
from asyncgen.plan.naming import named
from asyncgen.plan.own import attribute_names, every_file
from asyncgen.plan.pinned import check_django, stubs_of_django
from asyncgen.plan.result import Entry, Result
from asyncgen.plan.roots import Roots
from asyncgen.plan.selection import Selected, Selection, apart, leftovers, unmatched
from asyncgen.plan.twin_names import misnamed_in_module
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.read import Files
from asyncgen.resolve import Resolver
from asyncgen.source import Module
from asyncgen.stub import StubMaker
from asyncgen.stub.companions import NONE, Plan, companions, mixins_of
from asyncgen.surface import Choosable, Dispatch, Rendered, Surface

if TYPE_CHECKING:
    from asyncgen.render import Renderer

Progress = Callable[[str], None]


@dataclass
class Run:
    """One run over a configuration. Reads each file once, whatever asks for it."""

    config: Config
    progress: Progress = lambda text: None
    problems: list[Problem] = field(default_factory=list)
    paths: dict[Path, str] = field(default_factory=dict)  # what was read, and the hash of it
    files: Files = field(default_factory=Files)
    globber: Globber = field(init=False)
    roots: Roots = field(init=False)
    resolvers: list[Resolver] = field(default_factory=list)
    known: dict[tuple[Path, str], Module] = field(default_factory=dict)  # what was read
    plans: dict[str, Plan] = field(default_factory=dict)  # by the path of the surface
    read_attributes: frozenset[str] | None = None  # see `attributes`
    covered: list[Source] = field(default_factory=list)  # those with a class or function to cover
    written: set[str] = field(default_factory=set)  # top-level packages that outputs go to

    def __post_init__(self) -> None:
        self.globber = Globber()
        self.roots = Roots(self.config, self.globber, self.paths)

    def result(self) -> Result:
        """All that is to be written, and what was found on the way."""
        try:
            return deeply(self.decided)
        finally:
            self.files.keep()

    def decided(self) -> Result:
        installed = environment.site_packages(self.config)
        chosen = self.chosen(installed)
        looked_at = list(self.analysed(chosen, installed))
        covered = [
            (each.release, surface, entries)
            for analysis, each in looked_at
            for surface, entries in self.surfaces(each, analysis)
        ]
        entries = tuple(each for _, _, found in covered for each in found)
        merged = self.merged([surface for _, surface, _ in covered])
        self.problems += (each for surface in merged for each in misnamed_in_module(surface))
        mixins = mixins_of(each for each in merged if not each.host)
        made = [companions(each, self.plans[each.path], mixins) for each in merged]
        managers = tuple(each.managers for each in made if each.managers)
        written = Written(tuple(each.surface for each in made if not each.surface.host), managers)
        unwired = faults(self.config, looked_at, written)
        self.problems += self.unused(chosen, _names(entries, looked_at))
        releases = {surface.path: release for release, surface, _ in covered if release}
        hosts = {each.path for each in merged if each.host}
        return Result(
            surfaces=tuple(each.surface for each in made),
            dispatches=tuple(self.dispatches(releases, [each.surface for each in made])),
            entries=entries,
            problems=tuple(self.problems),
            read=self.paths,
            folders=tuple(self.globber.folders),
            absent=self.absent(),
            stubs=tuple(stub for each in made for stub in each.stubs),
            managers=managers,
            has_django_stubs=self.config.django_stubs == "ignored"
            or all(plan.maker.django for plan in self.plans.values() if plan.stubs != NONE),
            faults=unwired,
            is_first_party=cache(self.is_first_party),
            sources=frozenset(self.display(each.path) for one in chosen for each in one.selected),
            marked=tuple(each for each in self.marked(looked_at) if each not in hosts),
            modules=self.modules(),
            asked=self.asked(looked_at),
        )

    def merged(self, surfaces: Sequence[Surface]) -> list[Surface]:
        """Those of them that have something in them, one for each file, with its names told."""
        groups: dict[str, list[Surface]] = {}
        for surface in surfaces:
            groups.setdefault(surface.path, []).append(surface)
        return [
            named(
                _merged(group),
                self.plans[path].maker.resolver,
                self.is_first_party,
                has_stub=self.plans[path].stubs != NONE,
            )
            for path, group in groups.items()
            if _has_content(group)
        ]

    def modules(self) -> tuple[tuple[Path, Module, str], ...]:
        """What was read, with the key that the facts of each are kept under."""
        keys = self.files.key_of
        return tuple((path, module, keys[module]) for (path, _), module in self.known.items())

    def asked(self, looked_at: Sequence[tuple[Analysis, Chosen]]) -> Asked | None:
        """What the evaluator was asked; None where there are several, of separate projects."""
        evaluators = dict.fromkeys(id(each.classifier.evaluator) for each, _ in looked_at)
        if len(evaluators) != 1:
            return None
        return Asked(looked_at[0][0].classifier.evaluator, self.files.laters)

    def again(self, before: Answers, changed: frozenset[Body]) -> Answers | None:
        """The answers of the last build as they are now, where an edit of these bodies changes none
        that counts, and nothing else is read for them; None where all is to be decided again."""
        try:
            installed = environment.site_packages(self.config)
            asked = self.asked(list(self.analysed(self.chosen(installed), installed)))
            return deeply(Again(before, asked, changed).holding) if asked else None
        except AsyncgenError:
            return None
        finally:
            self.files.keep()

    def absent(self) -> tuple[Path, ...]:
        """What was looked for in vain so far."""
        return tuple(dict.fromkeys(path for each in self.resolvers for path in each.absent()))

    def marked(self, looked_at: list[tuple[Analysis, Chosen]]) -> Iterator[str]:
        """The project's own sources, as far as they can be read, with something of ours in them."""
        root = self.config.root
        read = (each for analysis, chosen in looked_at for each, _ in analysis.of(chosen))
        paths = dict.fromkeys(each.path for each in read)
        for path in paths:
            is_own = path.is_relative_to(root) and "site-packages" not in path.parts
            if is_own and is_marked(path.read_bytes()):
                yield path.relative_to(root).as_posix()

    def unused(self, chosen: list[Chosen], known: set[str]) -> Iterator[Problem]:
        """What is configured and leads to nothing: patterns, and whole sources."""
        sources = self.config.sources
        yield from unmatched(
            self.config,
            [
                (each, set[tuple[str, str]]().union(*(c.used for c in chosen if c.source is each)))
                for each in sources
            ],
            known,
        )
        if not any(each.code == "AG303" for each in self.problems):
            yield from (
                _nothing(each) for each in sources if all(each is not c for c in self.covered)
            )

    def dispatches(
        self, releases: Mapping[str, Release], surfaces: Iterable[Surface]
    ) -> Iterator[tuple[Dispatch, str | None]]:
        """The modules that choose among the surfaces of releases, where they are asked for: one
        for each folder that has such surfaces. `releases` are by the path of the surface."""
        if self.config.dispatch is None:
            return
        name = PurePosixPath(self.config.dispatch).name
        folders: dict[str, list[Surface]] = {}
        for surface in surfaces:
            if surface.path in releases:
                folders.setdefault(str(PurePosixPath(surface.path).parent), []).append(surface)
        for folder, group in folders.items():
            path = self.config.dispatch if len(folders) == 1 else f"{folder}/{name}"
            choices = [
                Choosable(releases[each.path].series, each.module, tuple(sorted(each.names)))
                for each in group
            ]
            choices.sort(key=lambda choice: choice.series)
            made = Dispatch(path, self.config.path.name, tuple(choices))
            yield made, self.plans[group[-1].path].stub_path(path)

    # -- sources -------------------------------------------------------------------------------

    def chosen(self, installed: tuple[Path, ...]) -> list[Chosen]:
        """What every source selects, from each of its releases or as it is installed."""
        made: list[Chosen] = []
        for source in self.config.sources:
            for release in source.releases or (None,):
                roots = (
                    (environment.release_root(release, self.config, installed),) if release else ()
                )
                places = (*roots, *self.config.search, *installed)
                selection = Selection(self.config, source, self.roots, release)
                selected = tuple(selection.modules(places, self.read))
                self.written |= {each.output_module.partition(".")[0] for each in selected}
                made.append(Chosen(source, release, roots, selected))
        self.check_outputs([each for one in made for each in one.selected])
        return made

    def check_outputs(self, selected: list[Selected]) -> None:
        """Raise AG401 where what is written would take the place of what is read."""
        sources = {each.path for each in selected}
        for each in selected:
            if each.is_host:
                continue
            for output in filter(None, (each.output, each.managers)):
                if self.config.root / output in sources:
                    raise AsyncgenError(
                        Problem(
                            "AG401",
                            "a hand-written file is in the way: it is a source, too",
                            "move the file, or set another `output` in [tool.asyncgen]",
                            Location(output, 1),
                        )
                    )

    def analysed(
        self, chosen: list[Chosen], installed: tuple[Path, ...]
    ) -> Iterator[tuple[Analysis, Chosen]]:
        """Each of the chosen with its analysis, which all share that can import each other."""
        for roots in dict.fromkeys(each.roots for each in chosen):
            together = [each for each in chosen if each.roots == roots]
            for group in apart([one for each in together for one in each.selected]):
                analysis = self.analysis(group, roots, installed)
                if analysis is None:
                    location = together[0].source.location
                    raise AsyncgenError(_no_django(location), *self.problems)
                yield from ((analysis, each) for each in together)

    def analysis(
        self, selected: list[Selected], released: tuple[Path, ...], installed: tuple[Path, ...]
    ) -> Analysis | None:
        """The analysis of modules that can import each other; None where there is no Django."""
        own = [each.import_root for each in selected if each.import_root not in installed]
        resolver = Resolver(
            tuple(dict.fromkeys((*released, *own, *self.config.search, *installed))),
            self.read,
            frozenset(
                name
                for each in selected
                for name in (each.output_module, each.managers_module)
                if not each.is_host
            )
            | leftovers(self.config, selected),
        )
        modules: dict[Path, Module] = {}
        for path, name in dict.fromkeys((each.path, each.name) for each in selected):
            try:
                module = resolver.module(name)
            except AsyncgenError as error:
                self.problems += error.problems
                continue
            if module:
                modules[path] = module
        self.resolvers.append(resolver)
        if resolver.find("django.db.models") is None:
            return None
        if not released:
            check_django(self.config, resolver)
        add_static_managers(resolver, selected, modules.values())
        said = dict.fromkeys(self.config.pure, Level.CLEAN)
        said |= dict.fromkeys(self.config.blocks, Level.REACHES)
        relations = Relations(resolver, list(modules.values()))
        django = stubs_of_django(self.config, installed, self.read)
        self.resolvers += [django.resolver] if django else []
        evaluator = Evaluator(resolver, relations, said, django=django)
        return Analysis(Classifier(evaluator), Spelling(evaluator), django, modules)

    def surfaces(self, chosen: Chosen, analysis: Analysis) -> Iterator[tuple[Surface, list[Entry]]]:
        """The surfaces of the chosen modules, and what was decided of each."""
        source, classifier = chosen.source, analysis.classifier
        resolver = classifier.evaluator.resolver
        builders = [
            SurfaceBuilder(
                source, classifier, each, module, self.problems, chosen.used, self.attributes
            )
            for each, module in analysis.of(chosen)
        ]
        if any(each.has_any() for each in builders):
            self.covered.append(source)
        derived = Derived(resolver, source.style)
        # Again for all, until none finds more: a class may get its async class for those that its
        # methods return.
        while sum(builder.derive(derived) for builder in builders):
            pass
        maker = StubMaker(resolver, analysis.spelling, analysis.django)
        for builder in builders:
            selected = builder.selected
            self.plans.setdefault(
                selected.output,
                Plan(
                    selected.stubs,
                    selected.managers if source.style == "mixin" else None,
                    selected.managers_module,
                    maker,
                    classifier.evaluator.inherited_role,
                ),
            )
            yield builder.build(derived)

    def attributes(self) -> frozenset[str]:
        """The names of all attributes that the project's files read: what may be called there."""
        if self.read_attributes is None:
            found: set[str] = set()
            for path in every_file(self.config.root, self.globber):
                self.paths.setdefault(path, hash_of_file(path))
                found |= attribute_names(path.read_bytes())
            self.read_attributes = frozenset(found)
        return self.read_attributes

    def is_first_party(self, package: str) -> bool:
        """Whether a top-level package is the project's own: isort sets these apart."""
        return package in self.written or environment.is_own_package(self.config, package)

    def read(self, path: Path, name: str) -> Module:
        if (path, name) not in self.known:
            # Before it is read: a change in between is then seen, by the next run.
            self.paths.setdefault(path, hash_of_file(path))
            self.progress(self.display(path))
            self.known[path, name] = self.files.read(path, name, self.display(path))
        return self.known[path, name]

    def display(self, path: Path) -> str:
        """How a path is shown: relative to the project, else below its import root."""
        if path.is_relative_to(self.config.root) and "site-packages" not in path.parts:
            return path.relative_to(self.config.root).as_posix()
        if "site-packages" in path.parts:
            return "/".join(path.parts[path.parts.index("site-packages") + 1 :])
        for root in self.config.search:
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.as_posix()


def _no_django(location: Location | None) -> Problem:
    return Problem(
        "AG204",
        "Django's source cannot be found",
        "install Django in the project's environment, or name the environment with --python",
        location,
    )


def _nothing(source: Source) -> Problem:
    return Problem(
        "AG207",
        "the sources have no queryset, manager or model",
        "name other modules in `sources`, or what to cover in `classes` and `functions`; "
        "`asyncgen init` proposes what the project has",
        source.location,
    )


def _names_of(entry: Entry) -> Iterator[str]:
    """What a pattern may call a callable and its class."""
    name, owner = entry.decision.function.name, entry.decision.owner
    yield name
    if owner:
        yield from (owner.name, f"{owner.path}.{name}")


def _names(entries: Iterable[Entry], looked_at: Iterable[tuple[Analysis, Chosen]]) -> set[str]:
    """All names that a pattern may mean."""
    names = {name for each in entries for name in _names_of(each)}
    modules = (each for analysis, _ in looked_at for each in analysis.modules.values())
    return names | {each.name for module in modules for each in every_class(module)}


def _has_content(group: list[Surface]) -> bool:
    return any(each.classes or each.functions for each in group)


def _merged(group: list[Surface]) -> Surface:
    """Surfaces that go to the same file, as one."""
    return replace(
        group[0],
        sources=tuple(dict.fromkeys(source for each in group for source in each.sources)),
        classes=tuple(one for each in group for one in each.classes),
        functions=tuple(one for each in group for one in each.functions),
    )


def rendered(result: Result, config: Config) -> Iterator[Rendered]:
    """The text of every file; Jinja2 is imported here and not before."""
    renderer = renderer_of(result, config)
    for surface in result.surfaces:
        if surface.host:
            from asyncgen.mend.inline import inlined  # and LibCST with it

            yield inlined(config, renderer.inline(surface), surface.host.placement)
        else:
            yield renderer.module(surface)
    for dispatch, stub_path in result.dispatches:
        yield renderer.dispatch(dispatch)
        if stub_path:
            yield renderer.dispatch_stub(dispatch, stub_path)
    for managers in result.managers:
        yield renderer.managers(managers)
    for stub in result.stubs:
        yield renderer.stub(stub)


def renderer_of(result: Result, config: Config) -> Renderer:
    """What renders the files of a configuration."""
    from asyncgen.render import Renderer

    return Renderer(config.line_length, result.is_first_party, config.templates, config.keeping_off)
