"""The flow from a configuration to rendered files, and the report of what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from asyncgen import environment
from asyncgen.annotate import Names, conversion, twin
from asyncgen.classify import Candidate, Classifier, Rules, candidates, matches
from asyncgen.companions import NONE, Plan, companions, mixins_of
from asyncgen.config import Config, Release, Source
from asyncgen.django_stubs import DjangoStubs
from asyncgen.evaluate import Evaluator
from asyncgen.generics import Rows, is_abstract_model, is_generic
from asyncgen.infer import Inference
from asyncgen.model import (
    HEADER,
    AsyncgenError,
    Binding,
    Class,
    Decision,
    Dispatch,
    ImportLine,
    Kind,
    Location,
    ManagerModule,
    Module,
    Problem,
    Rendered,
    Severity,
    StubModule,
    Subclass,
    Surface,
    SurfaceClass,
    Twin,
)
from asyncgen.read import read_file
from asyncgen.relations import Relations
from asyncgen.resolve import Resolver, defined_inside
from asyncgen.shortcuts import shortened
from asyncgen.stub import StubMaker
from asyncgen.values import Bound, Instance, Level

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One callable that the configuration covers, and what was decided."""

    module: Module
    decision: Decision


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found: the surfaces to render, every decision, and the problems on the way."""

    surfaces: tuple[Surface, ...]
    dispatches: tuple[tuple[Dispatch, str | None], ...]  # each with the path of its stub
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    read: tuple[Path, ...]  # every file that the result depends on
    stubs: tuple[StubModule, ...] = ()
    managers: tuple[ManagerModule, ...] = ()
    has_django_stubs: bool = True  # as far as stubs were asked for

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)


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


@dataclass
class Run:
    """One run over a configuration. Reads each file once, whatever asks for it."""

    config: Config
    progress: Progress = lambda text: None
    problems: list[Problem] = field(default_factory=list)
    paths: dict[Path, None] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)  # by the path of the surface
    written: set[str] = field(default_factory=set)  # top-level packages that outputs go to

    def result(self) -> Result:
        installed = environment.site_packages(self.config)
        surfaces: dict[str, list[Surface]] = {}
        releases: dict[str, Release] = {}
        entries: list[Entry] = []
        for source in self.config.sources:
            for surface, found in self.source(source, installed):
                surfaces.setdefault(surface.path, []).append(surface)
                entries += found
                if source.release:
                    releases[surface.path] = source.release
        merged = [_merged(group) for group in surfaces.values() if _has_content(group)]
        mixins = mixins_of(merged)
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
                tuple(sorted((release.series, surface.module) for release, surface in choices)),
                _common_names([surface for _, surface in choices]),
            )
            yield made, self.plans[choices[-1][1].path].stub_path(path)

    # -- sources -------------------------------------------------------------------------------

    def source(
        self, source: Source, installed: tuple[Path, ...]
    ) -> Iterator[tuple[Surface, list[Entry]]]:
        release = source.release
        released = (environment.release_root(release, self.config, installed),) if release else ()
        selected = list(self.selected(source, (*released, *self.config.search, *installed)))
        own = tuple(dict.fromkeys(_import_root(each) for each in selected))
        self.written |= {each.output_module.partition(".")[0] for each in selected}
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
            self.problems.append(_no_django(source))
            return
        classifier = Classifier(
            Evaluator(resolver, Relations(resolver, [module for _, module in modules]))
        )
        used: set[tuple[str, str]] = set()
        builders = [
            SurfaceBuilder(self, source, classifier, each, module, used) for each, module in modules
        ]
        derived = Derived(resolver, source.style)
        # Again for all, until none finds more: a class may get its async class for those that its
        # methods return.
        while sum(builder.derive(derived) for builder in builders):
            pass
        maker = self.maker(classifier, installed)
        for builder in builders:
            chosen = builder.selected
            self.plans.setdefault(
                chosen.output,
                Plan(
                    chosen.stubs,
                    chosen.managers if source.style == "mixin" else None,
                    chosen.managers_module,
                    maker,
                    classifier.evaluator.role,
                ),
            )
            yield builder.build(derived)
        self.problems += unmatched(source, used)

    def maker(self, classifier: Classifier, installed: tuple[Path, ...]) -> StubMaker:
        """What makes the stubs of one source's surfaces."""
        evaluator = classifier.evaluator
        django = DjangoStubs.find(installed, self.read)
        inference = Inference(evaluator, django, Rows(evaluator))
        return StubMaker(evaluator.resolver, inference, django, self.first_party)

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

    def selected(self, source: Source, roots: tuple[Path, ...]) -> Iterator[Selected]:
        """The modules that the source's entries name: files, globs, dotted modules."""
        seen: set[Path] = set()
        for entry in source.sources:
            found = list(self.expanded(entry, roots))
            if not found:
                raise AsyncgenError(
                    Problem(
                        "AG201",
                        f"no source is called {entry!r}",
                        "sources are files, globs, or dotted modules of the project or of its "
                        "environment (see --python)",
                        source.location,
                    )
                )
            for name, path in found:
                if path not in seen:
                    seen.add(path)
                    yield self.target(source, name, path)

    def expanded(self, entry: str, roots: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
        if entry.endswith(".py") or "/" in entry or "*" in entry:
            for path in sorted(self.config.root.glob(entry)):
                if path.suffix == ".py" and path.is_file() and not _is_output(path):
                    yield self.module_name(path), path
            return
        finder = Resolver(roots, self.read)
        path_found = finder.find(entry)
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

    def target(self, source: Source, name: str, path: Path) -> Selected:
        """Where the surface of the module goes, and what goes beside it."""
        inside = path.is_relative_to(self.config.root) and "site-packages" not in path.parts
        inside = inside and not path.is_relative_to(self.config.root / environment.CACHE)
        if "{directory}" in source.output and not inside:
            raise AsyncgenError(
                Problem(
                    "AG202",
                    f"{name} lies outside the project, so its surface cannot stand beside it",
                    'set `output` for this source, for example output = "shop/{stem}_async.py"',
                    source.location,
                )
            )
        output = self.placed(source, "output", name, path)
        wants_managers = NONE not in (source.managers, source.stubs)
        wants_managers &= inside or "{directory}" not in source.managers
        managers = self.placed(source, "managers", name, path) if wants_managers else None
        return Selected(
            name,
            path,
            output,
            self.output_name(source, output, name, path),
            self.placed(source, "stubs", name, path),
            managers,
            self.module_name(self.config.root / managers) if managers else "",
        )

    def output_name(self, source: Source, output: str, name: str, path: Path) -> str:
        """The dotted name of an output. What stands for `{path}` are packages, or will be."""
        before, mark, _ = source.output.partition("{path}")
        if not mark:
            return self.module_name(self.config.root / output)
        folder = self.filled(source, "output", before, name, path).rpartition("/")[0]
        top = self.module_name(self.config.root / folder / "any.py").rpartition(".")[0]
        below = PurePosixPath(output).relative_to(folder).with_suffix("")
        return ".".join(filter(None, (top, *below.parts)))

    def placed(self, source: Source, key: str, name: str, path: Path) -> str:
        """The path that the pattern under `key` gives for a module."""
        return self.filled(source, key, getattr(source, key), name, path)

    def filled(self, source: Source, key: str, pattern: str, name: str, path: Path) -> str:
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
            )
        except (KeyError, IndexError, ValueError) as error:
            raise AsyncgenError(
                Problem(
                    "AG104",
                    f"{key} is {pattern!r}: {error!r}",
                    "it may use {directory}, {stem}, {module}, {package} and {path}",
                    source.location,
                )
            ) from error
        return placed.removeprefix("./")


@dataclass
class Derived:
    """In the subclass style: the async class of each class that a source covers."""

    resolver: Resolver
    style: str
    modules: dict[Class, str] = field(default_factory=dict)
    _made: dict[Class, Class] = field(default_factory=dict)

    def add(self, found: Class, output_module: str) -> None:
        self.modules[found] = output_module
        self._made.clear()

    def of(self, found: Class) -> Class:
        """The class that `Async…` is, as an evaluator sees it."""
        if found not in self._made:
            base = found
            queryset = queryset_of(self.resolver, found)
            if queryset in self.modules:
                module = self.resolver.readable(found.module)
                assert module is not None, found.module
                base = self.resolver.manager_of(found, self.of(queryset), module)
            self._made[found] = self.resolver.derive(base, f"Async{found.name}")
        return self._made[found]


def queryset_of(resolver: Resolver, manager: Class) -> Class | None:
    """The queryset class whose methods a manager class copies."""
    return next((known.queryset for known in resolver.mro(manager) if known.queryset), None)


@dataclass
class SurfaceBuilder:
    """The surface of one module."""

    run: Run
    source: Source
    classifier: Classifier
    selected: Selected
    module: Module
    used: set[tuple[str, str]]  # the patterns that matched something, of all modules of the source
    entries: list[Entry] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def build(self, derived: Derived) -> tuple[Surface, list[Entry]]:
        classes = [
            made
            for found in self.classes()
            if (made := self.surface_class(found, derived)) is not None
        ]
        functions = tuple(self.twins(list(self.functions()), None))
        for made in classes:
            if made.subclass:
                self.names |= Names(runtime=frozenset(self.base_imports(made)))
        surface = Surface(
            path=self.selected.output,
            module=self.selected.output_module,
            sources=(self.module.path,),
            classes=tuple(classes),
            functions=functions,
            imports=tuple(self.names.runtime),
            type_imports=tuple(self.names.typing - self.names.runtime),
            bridge=self.source.bridge,
            first_party=self.first_party(),
        )
        return surface, self.entries

    def first_party(self) -> frozenset[str]:
        """The top-level packages of the project, which isort sets apart from other people's."""
        lines = (*self.names.runtime, *self.names.typing)
        packages = {line.module.partition(".")[0] for line in lines}
        packages.add(self.module.name.partition(".")[0])
        return self.run.first_party(packages)

    # -- what is covered -----------------------------------------------------------------------

    def classes(self) -> Iterator[Class]:
        """The module's querysets, managers and models, those made inside functions too; or the
        classes that the configuration names."""
        made = [found for found, _ in defined_inside(self.module)]
        for found in (*self.module.classes.values(), *made):
            if self.source.classes:
                if self.is_named(found):
                    yield found
            elif self.classifier.evaluator.role(found) and found.pragma != "skip":
                yield found

    def is_named(self, found: Class) -> bool:
        hits = [
            pattern
            for pattern in self.source.classes
            if fnmatchcase(found.name, pattern) or fnmatchcase(found.dotted, pattern)
        ]
        self.used.update(("classes", pattern) for pattern in hits)
        return bool(hits)

    def functions(self) -> Iterator[Candidate]:
        """The module-level functions that the configuration or `__all__` names."""
        exported = self.module.exports or ()
        for name, function in self.module.functions.items():
            candidate = Candidate(function, self.module)
            hits = [each for each in self.source.functions if matches(candidate, each)]
            self.used.update(("functions", pattern) for pattern in hits)
            if hits or (name in exported and not self.source.classes):
                yield candidate

    # -- what is made of it ----------------------------------------------------------------------

    def surface_class(self, found: Class, derived: Derived) -> SurfaceClass | None:
        inherited = self.source.style == "subclass"
        covered = list(candidates(self.classifier, found, inherited=inherited))
        twins = tuple(self.twins(covered, found))
        self.report_missing(found)
        protocol = tuple(self.protocol(found))
        if not twins and not protocol and found not in derived.modules:
            return None
        subclass = self.subclass(found, covered, derived) if found in derived.modules else None
        is_subscripted = self.source.style == "mixin" and is_generic(found, derived.resolver)
        made = SurfaceClass(f"{found.name}Async", found, twins, protocol, subclass, is_subscripted)
        # Its tests name the class, which only the subclass style imports.
        return shortened(made, derived.resolver) if subclass else made

    def subclass(self, found: Class, covered: list[Candidate], derived: Derived) -> Subclass:
        """The class that joins the mixin with its source. A manager is made from the async
        queryset class; methods that name a class get its async one."""
        queryset = queryset_of(derived.resolver, found)
        base = found.name
        if queryset in derived.modules:
            base = f"{found.name}.from_queryset(Async{queryset.name})"
            self.import_derived(queryset, derived)
        methods = tuple(self.conversions(found, covered, derived))
        return Subclass(
            f"Async{found.name}",
            (f"{found.name}Async", base),
            methods,
            self.meta(found),
            self.manager_made(found, derived),
        )

    def manager_made(self, found: Class, derived: Derived) -> str:
        """The async class of Django's Manager, for the `as_manager()` of its queryset class."""
        for known in derived.modules:
            if known.dotted == _MANAGER and queryset_of(derived.resolver, known) is found:
                return f"Async{known.name}"
        return ""

    def meta(self, found: Class) -> str:
        """What the async class of a model has to be, so as to have no table of its own."""
        if self.classifier.evaluator.role(found) != "model":
            return ""
        is_root = found.dotted == _MODEL
        return "abstract" if is_root or is_abstract_model(found) else "proxy"

    def derive(self, derived: Derived) -> bool:
        """Find classes that get an async class, in the light of those found before: they have
        twins, or return instances of a class that has one. Whether there were any."""
        if derived.style != "subclass":
            return False
        new = [
            found
            for found in self.classes()
            if found not in derived.modules
            and not found.qualname.startswith("<locals>.")  # it cannot be imported
            and self.is_derived(found, derived)
        ]
        for found in new:
            derived.add(found, self.selected.output_module)
        return bool(new)

    def is_derived(self, found: Class, derived: Derived) -> bool:
        covered = list(candidates(self.classifier, found, inherited=True))
        return (
            any(self.classifier.decide(each, self.rules()).twin for each in covered)
            or any(self.protocol(found))
            or any(self.converted(found, covered, derived))
        )

    def import_derived(self, found: Class, derived: Derived) -> None:
        module = derived.modules[found]
        if module != self.selected.output_module:
            self.names |= Names(runtime=frozenset({ImportLine(module, f"Async{found.name}")}))

    def conversions(
        self, found: Class, covered: list[Candidate], derived: Derived
    ) -> Iterator[Twin]:
        """The methods that are to return instances of async classes."""
        for candidate, classes in self.converted(found, covered, derived):
            for each in classes:
                self.import_derived(each, derived)
                self.names |= Names(runtime=frozenset({ImportLine(each.module, each.name)}))
            decision = Decision(candidate.function, found, Kind.QUERYSET, ())
            converts = tuple(sorted({(each.name, f"Async{each.name}") for each in classes}))
            made, names = conversion(decision, candidate.module, converts)
            self.names |= names
            yield made

    def converted(
        self, found: Class, covered: list[Candidate], derived: Derived
    ) -> Iterator[tuple[Candidate, list[Class]]]:
        """The methods that return instances of a class by its name, with these classes."""
        receiver = derived.of(found)
        for candidate in covered:
            function = candidate.function
            if function.name.startswith("_") or function.binding is not Binding.METHOD:
                continue
            if candidate.owner and candidate.owner.queryset:
                continue  # copied from a queryset, whose own conversion has run by then
            outcome = self.classifier.evaluator.outcome(
                Bound(function, candidate.module, candidate.owner, Instance(receiver))
            )
            role = self.classifier.evaluator.role
            classes = [
                each.found
                for each in outcome.returns
                if isinstance(each, Instance)
                and each.found in derived.modules
                and role(each.found) == "queryset"
            ]
            if classes:
                yield candidate, classes

    def base_imports(self, made: SurfaceClass) -> Iterator[ImportLine]:
        yield ImportLine(made.source.module, made.source.name)

    def protocol(self, found: Class) -> Iterator[str]:
        """The special twins of what `__iter__` reads: `async for`, a list, and `await`."""
        evaluator = self.classifier.evaluator
        if found.dotted == _MANAGER:
            yield f"{self.source.prefix}list"
        if evaluator.role(found) != "queryset":
            return
        if "__iter__" in found.functions:
            yield "__aiter__"
            yield f"{self.source.prefix}list"
        if found.name in self.source.await_rows:
            self.used.add(("await-rows", found.name))
            yield "__await__"

    def rules(self) -> Rules:
        return Rules(
            prefix=self.source.prefix,
            rename=self.source.rename,
            include=self.source.include,
            exclude=self.source.exclude,
            replace_handwritten=self.source.handwritten == "replace",
        )

    def twins(self, found: list[Candidate], owner: Class | None) -> Iterator[Twin]:
        for candidate in found:
            self.note_patterns(candidate)
            decision = self.classifier.decide(candidate, self.rules())
            self.entries.append(Entry(self.module, decision))
            self.report(candidate, decision)
            if decision.twin:
                guarded, call_now = self.behaviour(candidate, decision)
                made, names = twin(
                    decision,
                    self.written_in(candidate),
                    guarded=guarded,
                    call_now=call_now,
                    marks=self.marks(candidate),
                )
                self.names |= names
                yield made

    def written_in(self, candidate: Candidate) -> Module:
        """The module whose names the signature uses: for what from_queryset copies into a manager,
        that of the queryset class."""
        queryset = candidate.owner.queryset if candidate.owner else None
        resolver = self.classifier.evaluator.resolver
        found = resolver.lookup(queryset, candidate.function.name) if queryset else None
        return (found and resolver.readable(found[0].module)) or candidate.module

    def behaviour(self, candidate: Candidate, decision: Decision) -> tuple[bool, bool]:
        """Whether a StopIteration may leave the callable, and whether an iterator's function may
        be called on the loop's thread, because calling it does not query."""
        receiver = Instance(candidate.surface) if candidate.surface else None
        outcome = self.classifier.evaluator.outcome(
            Bound(candidate.function, candidate.module, candidate.owner, receiver)
        )
        quiet = outcome.effect.level is not Level.REACHES
        is_call = decision.kind is Kind.ITERATOR and not candidate.function.is_generator
        return outcome.stops, is_call and quiet

    def marks(self, candidate: Candidate) -> dict[str, str]:
        """The function's marks, and those of what it overrides: Django's AltersData hands
        `alters_data` on to overrides, but to no twin."""
        found: dict[str, str] = {}
        if candidate.surface:
            for known in reversed(self.classifier.evaluator.resolver.mro(candidate.surface)):
                function = known.functions.get(candidate.function.name)
                found |= function.marks if function else {}
        return found | dict(candidate.function.marks)

    def note_patterns(self, candidate: Candidate) -> None:
        for key in ("include", "exclude", "rename"):
            for pattern in getattr(self.source, key):
                if matches(candidate, pattern):
                    self.used.add((key, pattern))

    # -- problems --------------------------------------------------------------------------------

    def report(self, candidate: Candidate, decision: Decision) -> None:
        function = candidate.function
        name = f"{self.module.name}.{candidate.name}"
        if function.pragma and decision.evidence and function.pragma not in _PRAGMAS:
            self.warn(
                "AG304",
                f"`# asyncgen: {function.pragma}` says nothing that asyncgen knows",
                f"it may be one of {', '.join(sorted(_PRAGMAS))}",
                function.location,
            )
        if decision.kind is Kind.AMBIGUOUS:
            said = "; ".join(each.message for each in decision.evidence)
            self.warn(
                "AG305",
                f"{name} is ambiguous: it {said}",
                "annotate what it returns, or say it with `# asyncgen: value` or `queryset`",
                function.location,
            )

    def report_missing(self, found: Class) -> None:
        for each in self.classifier.evaluator.resolver.missing(found):
            self.warn(
                "AG203",
                each.message,
                "install what it comes from, or name the environment with --python",
                each.location,
            )

    def warn(self, code: str, message: str, hint: str, location: Location | None) -> None:
        severity = Severity.ERROR if self.source.strict else Severity.WARNING
        problem = Problem(code, message, hint, location, severity)
        if problem not in self.run.problems:
            self.run.problems.append(problem)


_MANAGER = "django.db.models.manager.Manager"
_MODEL = "django.db.models.base.Model"
_PRAGMAS = frozenset(
    {"skip", "queryset", "eager", "value", "iterator", "context", "pure", "hook", "skipped"}
)


def unmatched(source: Source, used: set[tuple[str, str]]) -> Iterator[Problem]:
    """A pattern that matches nothing is an error: it hides a typing mistake or a removed name."""
    for key in ("classes", "functions", "include", "exclude", "rename", "await_rows"):
        name = key.replace("_", "-")
        for pattern in getattr(source, key):
            if (name, pattern) not in used:
                yield Problem(
                    "AG108",
                    f"{name} has {pattern!r}, which matches nothing",
                    "correct the pattern, or take it out",
                    source.location,
                )


def _no_django(source: Source) -> Problem:
    return Problem(
        "AG204",
        "Django's source cannot be found",
        "install Django in the project's environment, or name the environment with --python",
        source.location,
    )


def _import_root(selected: Selected) -> Path:
    """The folder that the module's dotted name starts from."""
    depth = len(selected.name.split("."))
    parents = selected.path.parents
    return parents[depth if selected.path.stem == "__init__" else depth - 1]


def _is_output(path: Path) -> bool:
    with path.open("rb") as stream:
        return HEADER.encode() in stream.read(600)


def _common_names(surfaces: list[Surface]) -> tuple[str, ...]:
    """What all the surfaces have."""
    names = [set(_names(each)) for each in surfaces]
    return tuple(sorted(set.intersection(*names)))


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
    return Surface(
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


def rendered(result: Result, config: Config) -> Iterator[Rendered]:
    """The text of every file; Jinja2 is imported here and not before."""
    from asyncgen.render import render, render_dispatch
    from asyncgen.render_stub import render_dispatch_stub, render_managers, render_stub

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
