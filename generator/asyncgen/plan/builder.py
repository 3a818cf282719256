"""The surface of one module: its classes, their twins, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from asyncgen import knowledge
from asyncgen.analysis import Frame
from asyncgen.analysis.rows import is_generic
from asyncgen.analysis.values import Bound, ClassObject, Instance, Level
from asyncgen.annotate import conversion, twin, with_docstring
from asyncgen.bridging import bridged
from asyncgen.candidates import Candidate, Rules, candidates, matching
from asyncgen.classify import Classifier
from asyncgen.config import Source
from asyncgen.django.relations import is_abstract_model
from asyncgen.facts import Call, Get
from asyncgen.keys import WORDS
from asyncgen.modules import every_class
from asyncgen.plan.derived import Derived, queryset_of
from asyncgen.plan.result import Entry
from asyncgen.plan.selection import Selected
from asyncgen.plan.twin_names import misnamed
from asyncgen.problems import Location, Problem, Severity
from asyncgen.shortcuts import shortened
from asyncgen.source import Binding, Class, Evidence, Module
from asyncgen.surface import (
    Decision,
    Host,
    ImportLine,
    Kind,
    ModelManager,
    Subclass,
    Surface,
    SurfaceClass,
    Twin,
)


@dataclass
class SurfaceBuilder:
    """The surface of one module."""

    source: Source
    classifier: Classifier
    selected: Selected
    module: Module
    problems: list[Problem]  # of all modules of the run
    used: set[tuple[str, str]]  # the patterns that matched something, of all modules of the source
    called: Callable[[], frozenset[str]]  # the names of attributes that the project's files read
    entries: list[Entry] = field(default_factory=list)

    def build(self, derived: Derived) -> tuple[Surface, list[Entry]]:
        classes = [
            made for cls in self.classes() if (made := self.surface_class(cls, derived)) is not None
        ]
        functions = tuple(self.twins(list(self.functions()), None))
        surface = Surface(
            path=self.selected.output,
            module=self.selected.output_module,
            sources=(self.module.path,),
            classes=tuple(classes),
            functions=functions,
            bridge=self.source.bridge,
            host=host(self.module, self.source.placement) if self.selected.is_host else None,
        )
        return surface, self.entries

    # -- what is covered -----------------------------------------------------------------------

    def has_any(self) -> bool:
        """Whether there is a class or function to cover, with callables or without."""
        return any(True for _ in self.classes()) or any(True for _ in self.functions())

    def classes(self) -> Iterator[Class]:
        """The module's querysets, managers and models, those made inside functions too; or the
        classes that the configuration names."""
        for cls in every_class(self.module):
            if self.source.classes:
                if self.is_named(cls):
                    yield cls
            elif self.classifier.evaluator.role(cls) and cls.pragma != "skip":
                yield cls

    def is_named(self, cls: Class) -> bool:
        hits = [
            pattern
            for pattern in self.source.classes
            if any(fnmatchcase(n, pattern) for n in (cls.name, cls.path, cls.dotted))
        ]
        self.used.update(("classes", pattern) for pattern in hits)
        return bool(hits)

    def functions(self) -> Iterator[Candidate]:
        """The module-level functions that the configuration or `__all__` names."""
        exported = self.module.exports or ()
        for name, function in self.module.functions.items():
            candidate = Candidate(function, self.module)
            hits = list(matching(candidate, self.source.functions))
            self.used.update(("functions", pattern) for pattern in hits)
            if hits or (name in exported and not self.source.classes):
                yield candidate

    # -- what is made of it ----------------------------------------------------------------------

    def surface_class(self, cls: Class, derived: Derived) -> SurfaceClass | None:
        inherited = self.source.style == "subclass"
        covered = list(candidates(self.classifier.evaluator, cls, inherited=inherited))
        twins = tuple(self.twins(covered, cls))
        self.report_missing(cls)
        self.report_replaced(cls)
        protocol = tuple(self.protocol(cls))
        if not twins and not protocol and cls not in derived.modules:
            return None
        subclass = self.subclass(cls, covered, derived) if cls in derived.modules else None
        is_subscripted = self.source.style == "mixin" and is_generic(cls, derived.resolver)
        made = SurfaceClass(
            f"{cls.flat_name}Async",
            cls,
            twins,
            _MODEL_MIXIN if self.classifier.evaluator.inherited_role(cls) == "model" else "",
            protocol,
            subclass,
            is_subscripted,
            has_docstrings=self.source.docstrings != "none",
        )
        self.problems += misnamed(made, self.classifier.evaluator)
        # Its tests name the class, which only the subclass style imports.
        return shortened(made, derived.resolver) if subclass else made

    def subclass(self, cls: Class, covered: list[Candidate], derived: Derived) -> Subclass:
        """The class that joins the mixin with its source. A manager is made from the async
        queryset class; methods that name a class get its async one."""
        queryset = queryset_of(derived.resolver, cls)
        model = self.meta(cls)
        return Subclass(
            f"Async{cls.name}",
            derived.name(queryset) if queryset in derived.modules else "",
            tuple(self.conversions(cls, covered, derived)),
            model,
            keeps_meta=model == "abstract" and "Meta" in cls.classes,
            manager=self.manager_made(cls, derived),
            managers=tuple(self.managers(cls, derived)) if model == "proxy" else (),
        )

    def managers(self, model: Class, derived: Derived) -> Iterator[ModelManager]:
        """The managers of a model that have an async class, or are made of one: the model that is
        derived from it is given them anew. One that is made with arguments stays as it is."""
        evaluator = self.classifier.evaluator
        attributes = {
            name: attribute
            for known in reversed(derived.resolver.mro(model))
            for name, attribute in known.attributes.items()
            if not known.module.startswith("django.")
        }
        for name, attribute in attributes.items():
            if not isinstance(attribute.value, Call):
                continue
            if attribute.value.arguments or attribute.value.keywords:
                continue
            frame = Frame(self.module, None, None, None, {}, model.location.line)
            made = evaluator.class_attribute(ClassObject(model), name, frame)
            classes = [each.cls for each in made if isinstance(each, Instance)]
            if len(made) != 1 or len(classes) != 1:
                continue
            queryset = queryset_of(derived.resolver, classes[0])
            if classes[0] in derived.modules:
                yield ModelManager(name, derived.name(classes[0]), False, attribute.annotation)
            elif queryset in derived.modules and _is_as_manager(attribute.value):
                yield ModelManager(name, derived.name(queryset), True, attribute.annotation)

    def manager_made(self, cls: Class, derived: Derived) -> str:
        """The async class of Django's Manager, for the `as_manager()` of its queryset class."""
        for known in derived.modules:
            if known.dotted == _MANAGER and queryset_of(derived.resolver, known) is cls:
                return derived.name(known)
        return ""

    def meta(self, cls: Class) -> str:
        """What the async class of a model has to be, so as to have no table of its own."""
        if self.classifier.evaluator.inherited_role(cls) != "model":
            return ""
        is_root = cls.dotted == _MODEL
        return "abstract" if is_root or is_abstract_model(cls) else "proxy"

    def derive(self, derived: Derived) -> bool:
        """Find classes that get an async class, in the light of those found before: they have
        twins, or return instances of a class that has one. Whether there were any."""
        if derived.style != "subclass":
            return False
        new = [
            cls
            for cls in self.classes()
            if cls not in derived.modules
            and cls.qualname == cls.name  # else it cannot be imported
            and self.is_derived(cls, derived)
        ]
        for cls in new:
            derived.add(cls, self.selected.output_module)
        return bool(new)

    def is_derived(self, cls: Class, derived: Derived) -> bool:
        covered = list(candidates(self.classifier.evaluator, cls, inherited=True))
        return (
            any(self.decide(each).twin for each in covered)
            or any(self.protocol(cls))
            or any(self.converted(cls, covered, derived))
        )

    def conversions(self, cls: Class, covered: list[Candidate], derived: Derived) -> Iterator[Twin]:
        """The methods that are to return instances of async classes."""
        for candidate, classes in self.converted(cls, covered, derived):
            decision = Decision(candidate.function, cls, Kind.QUERYSET, ())
            pairs = {(each, derived.name(each)) for each in classes}
            converts = tuple(sorted(pairs, key=lambda pair: pair[0].name))
            yield conversion(decision, candidate.module, converts)

    def converted(
        self, cls: Class, covered: list[Candidate], derived: Derived
    ) -> Iterator[tuple[Candidate, list[Class]]]:
        """The methods that return instances of a class by its name, with these classes."""
        role = self.classifier.evaluator.role
        querysets = {each for each in derived.modules if role(each) == "queryset"}
        if not querysets:
            return
        receiver = derived.of(cls)
        for candidate in covered:
            function = candidate.function
            if function.name.startswith("_") or function.binding is not Binding.METHOD:
                continue
            if candidate.owner and candidate.owner.queryset:
                continue  # copied from a queryset, whose own conversion has run by then
            outcome = self.classifier.evaluator.outcome(
                Bound(function, candidate.module, candidate.owner, Instance(receiver))
            )
            classes = [
                each.cls
                for each in outcome.returns
                if isinstance(each, Instance) and each.cls in querysets
            ]
            if classes:
                yield candidate, classes

    def protocol(self, cls: Class) -> Iterator[str]:
        """The special twins of what `__iter__` reads: `async for`, a list, and `await`."""
        evaluator = self.classifier.evaluator
        if cls.dotted == _MANAGER:
            yield f"{self.source.prefix}list"
        if evaluator.role(cls) != "queryset":
            return
        if "__iter__" in cls.functions:
            yield "__aiter__"
            yield f"{self.source.prefix}list"
        if cls.name in self.source.await_rows:
            self.used.add(("await-rows", cls.name))
            yield "__await__"

    def decide(self, candidate: Candidate) -> Decision:
        """The decision, in the light of which methods that Django makes the project calls."""
        decision = self.classifier.decide(candidate, self.rules())
        wanted = self.source.accessors == "all" or not candidate.function.made_of
        if wanted or not decision.twin or {candidate.function.name, decision.twin} & self.called():
            return bridged(decision, candidate, self.source, self.classifier.evaluator)
        said = Evidence('nothing in the project calls it, and accessors = "called"')
        return replace(decision, kind=Kind.SKIPPED, evidence=(*decision.evidence, said), twin=None)

    def rules(self) -> Rules:
        return Rules(
            prefix=self.source.prefix,
            rename=self.source.rename,
            include=self.source.include,
            exclude=self.source.exclude,
            kinds=self.source.kinds,
            replace_handwritten=self.source.handwritten == "replace",
            makes_proxies=self.source.style == "subclass",
        )

    def twins(self, covered: list[Candidate], owner: Class | None) -> Iterator[Twin]:
        for candidate in covered:
            self.note_patterns(candidate)
            decision = self.decide(candidate)
            self.entries.append(Entry(self.module, decision))
            self.report(candidate, decision)
            if decision.twin:
                guarded, call_now = self.behaviour(candidate, decision)
                made = twin(
                    decision,
                    self.written_in(candidate),
                    candidate.owner,
                    guarded=guarded,
                    call_now=call_now,
                    marks=self.marks(candidate),
                    sensitive=self.sensitive(candidate),
                )
                yield with_docstring(made, self.source.docstrings)

    def written_in(self, candidate: Candidate) -> Module:
        """The module whose names the signature uses: for what from_queryset copies into a manager,
        that of the queryset class."""
        queryset = candidate.owner.queryset if candidate.owner else None
        resolver = self.classifier.evaluator.resolver
        member = resolver.lookup(queryset, candidate.function.name) if queryset else None
        return (member and resolver.readable(member[0].module)) or candidate.module

    def behaviour(self, candidate: Candidate, decision: Decision) -> tuple[bool, bool]:
        """Whether a StopIteration may leave the callable and the bridge, and whether an iterator's
        function may be called on the loop's thread, because calling it does not query."""
        function = candidate.function
        receiver = Instance(candidate.surface) if candidate.surface else None
        outcome = self.classifier.evaluator.outcome(
            Bound(function, candidate.module, candidate.owner, receiver)
        )
        quiet = outcome.effect.level is not Level.REACHES
        is_call = decision.kind is Kind.ITERATOR and not (
            function.is_generator or function.binding is Binding.PROPERTY
        )
        bridge = decision.bridge or self.source.bridge
        is_guarded = bridge in knowledge.GUARDED_BRIDGES
        said = decision.stepped and is_call  # By hand: no analysis says so of what is called.
        return outcome.stops and not is_guarded, is_call and (quiet or said)

    def marks(self, candidate: Candidate) -> dict[str, str]:
        """The function's marks, and those of what it overrides: Django's AltersData hands
        `alters_data` on to overrides, but to no twin."""
        found: dict[str, str] = {}
        if candidate.surface:
            for known in reversed(self.classifier.evaluator.resolver.mro(candidate.surface)):
                function = known.functions.get(candidate.function.name)
                found |= function.marks if function else {}
        return found | dict(candidate.function.marks)

    def sensitive(self, candidate: Candidate) -> str | None:
        """The arguments of the callable's `@sensitive_variables(…)`."""
        function = candidate.function
        for each, text in zip(function.decorations, function.decorator_texts, strict=False):
            if each.dotted == knowledge.SENSITIVE:
                return text.partition("(")[2].removesuffix(")")
        return None

    def note_patterns(self, candidate: Candidate) -> None:
        for key in ("include", "exclude", "kinds", "rename", "bridges"):
            hits = matching(candidate, getattr(self.source, key))
            self.used.update((key, pattern) for pattern in hits)

    # -- problems --------------------------------------------------------------------------------

    def report(self, candidate: Candidate, decision: Decision) -> None:
        function = candidate.function
        name = f"{self.module.name}.{candidate.name}"
        if function.pragma and decision.evidence and function.pragma not in WORDS:
            self.warn(
                "AG304",
                f"`# asyncgen: {function.pragma}` says nothing that asyncgen knows",
                f"it may be one of {', '.join(WORDS)}",
                function.location,
            )
        if decision.kind is Kind.PURE and candidate.owner is None and self.is_named_in_full(name):
            self.warn(
                "AG307",
                f"{name} has no twin: nothing that it calls or reads can query",
                "call it as it is, or name it in `include` to have a twin all the same",
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

    def is_named_in_full(self, name: str) -> bool:
        """Whether `functions` names the callable itself, not by a pattern."""
        return any(name.endswith(f".{each}") or name == each for each in self.source.functions)

    def report_replaced(self, cls: Class) -> None:
        """A class that is defined in several branches is covered as the last of them has it."""
        if cls.earlier:
            lines = " and ".join(str(each.line) for each in cls.earlier)
            others = "those" if len(cls.earlier) > 1 else "that"
            self.warn(
                "AG310",
                f"{cls.dotted} is defined more than once: the last has twins, and not {others} in "
                f"line {lines}",
                "give each a name of its own, and set the common name below them: "
                f"`{cls.name} = …`",
                cls.location,
            )

    def report_missing(self, cls: Class) -> None:
        for each in self.classifier.evaluator.resolver.missing(cls):
            self.warn(
                "AG203",
                each.message,
                "install what it comes from, or name the environment with --python"
                if each.is_imported
                else "say `# asyncgen: skip` above the class if it needs no twins",
                each.owner.location,
            )

    def warn(self, code: str, message: str, hint: str, location: Location | None) -> None:
        severity = Severity.ERROR if self.source.strict else Severity.WARNING
        problem = Problem(code, message, hint, location, severity)
        if problem not in self.problems:
            self.problems.append(problem)


def host(module: Module, placement: str) -> Host:
    """The module as what twins are written into."""
    lines = {
        local: ImportLine(
            each.module, each.name, None if local in (each.name, each.module) else local
        )
        for local, each in module.imports.items()
    }
    typing = {local for local in lines if module.imports[local].is_type_only}
    names = {*typing, *module.classes, *module.functions, *module.attributes}
    return Host(
        tuple(line for local, line in lines.items() if local not in typing),
        tuple(lines[local] for local in sorted(typing) if module.has_future_annotations),
        frozenset(names),
        placement,
    )


def _is_as_manager(call: Call) -> bool:
    return isinstance(call.function, Get) and call.function.name == "as_manager"


_MANAGER = "django.db.models.manager.Manager"
_MODEL = "django.db.models.base.Model"
_MODEL_MIXIN = "asyncgen_runtime.ModelMixin"
