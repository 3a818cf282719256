"""The stub of a surface: its mixins, the classes that join them, and its functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from asyncgen.resolve import Resolver
from asyncgen.source import Binding, Function, Module, Parameter, ParameterKind
from asyncgen.stub.declaring import is_annotated
from asyncgen.stub.generic import generics
from asyncgen.stub.maker import StubMaker, in_class
from asyncgen.stub.scope import Scope, Where
from asyncgen.stub.text import ITERATORS, argument, head
from asyncgen.surface import (
    Decision,
    Kind,
    StubClass,
    StubFunction,
    StubModule,
    Surface,
    SurfaceClass,
)


def surface_stub(maker: StubMaker, surface: Surface, path: str) -> StubModule:
    """What goes to `path`; `maker` makes its functions."""
    scope = Scope(surface.members, resolver=maker.resolver)
    classes: list[StubClass] = []
    # The async classes that the surface has or imports, with their modules.
    derived = dict(_derived(surface))
    for each in surface.classes:
        classes += ClassStub(maker, scope, each, derived).classes()
    functions = tuple(
        function for twin in surface.functions for function in maker.twin(twin, scope, {})
    )
    stub = maker.module(path, surface.module, surface.sources, scope, classes, functions)
    return replace(
        stub,
        joins_overrides=any(_joins_overrides(each, maker.resolver) for each in surface.classes),
    )


def _joins_overrides(surface_class: SurfaceClass, resolver: Resolver) -> bool:
    """Whether it is a subclass of one that is not Django's, with twins of its overrides, or with
    overrides that return or are async classes."""
    if not surface_class.subclass or surface_class.source.module.startswith("django."):
        return False
    if surface_class.subclass.methods or surface_class.subclass.managers:
        return True
    order = resolver.mro(surface_class.source)
    names = {twin.decision.function.name for twin in surface_class.twins}
    return any(sum(name in known.functions for known in order) > 1 for name in names)


@dataclass
class ClassStub:
    """The stub of one mixin and, in the subclass style, of the class that it joins."""

    maker: StubMaker
    scope: Scope
    surface_class: SurfaceClass
    derived: Mapping[str, str]
    substitutes: dict[str, str] = field(default_factory=dict)

    def classes(self) -> Iterator[StubClass]:
        source = self.surface_class.source
        generic = generics(source, self.maker.spelling.evaluator.lookups, self.scope)
        self.substitutes = {**generic.substitutes}
        functions = [
            in_class(function, self.surface_class.name, source.name)
            for twin in self.surface_class.twins
            for function in self.maker.twin(twin, self.scope, self.substitutes)
        ]
        if self.surface_class.is_generic:
            functions.insert(0, self.subscription())
        functions += [self.protocol(name) for name in self.surface_class.protocol]
        bases = (generic.base,) if generic.base else ()
        yield StubClass(
            self.surface_class.name,
            bases,
            tuple(functions),
            location=source.location,
            type_parameters=generic.parameters,
        )
        if self.surface_class.subclass:
            sync_class = self.scope.name(source.module, source.qualname)
            both = (self.surface_class.name, sync_class)
            yield StubClass(
                self.surface_class.subclass.name,
                tuple(f"{each}{generic.arguments}" for each in both),
                tuple(self.converted()),
                location=source.location,
                type_parameters=generic.parameters,
                is_incompatible=any(
                    map(self.maker.signatures.is_incompatible, self.surface_class.twins)
                ),
                meta=self.meta(sync_class),
                attributes=tuple(self.managers()),
            )

    def managers(self) -> Iterator[str]:
        """The managers of a model, which are more than those of its source."""
        for each in self.surface_class.subclass.managers if self.surface_class.subclass else ():
            if each.is_queryset:
                continue  # its class has no name
            module, _, name = each.made_by.rpartition(".")
            text = name if name in self.derived and not self.derived[name] else ""
            text = text or self.scope.name(module, name)
            if "ClassVar" in (each.annotation or ""):
                text = f"{self.scope.name('typing', 'ClassVar')}[{text}]"
            # pyrefly takes one without a value for the source's, which has one. Both checkers hold
            # a manager of another class against the model, and have no short word for that alone.
            yield f"{each.name}: {text} = ...  # pyrefly: ignore # ty: ignore"

    def meta(self, source: str) -> tuple[str, ...]:
        """The options of the class, where it is a model. To checkers they inherit from those of the
        source, also where a proxy's do not: else they were an override that does not fit."""
        subclass = self.surface_class.subclass
        if not subclass or subclass.model != "abstract":
            return ()  # Django takes those of another model away
        order = self.maker.resolver.mro(self.surface_class.source)
        base = f"({source}.Meta)" if any("Meta" in known.classes for known in order) else ""
        return (f"class Meta{base}:", f"    {subclass.model} = True")

    def subscription(self) -> StubFunction:
        """`__class_getitem__`, which the mixin has as Django's querysets do."""
        any_ = self.scope.name("typing", "Any")
        parameters = (
            Parameter("cls", ParameterKind.POSITIONAL_OR_KEYWORD),
            Parameter("args", ParameterKind.VAR_POSITIONAL, any_),
            Parameter("kwargs", ParameterKind.VAR_KEYWORD, any_),
        )
        location = self.surface_class.source.location
        return StubFunction("__class_getitem__", parameters, any_, location=location)

    def protocol(self, name: str) -> StubFunction:
        """A special twin: `__aiter__`, `alist` or `__await__`."""
        row = self.row()
        self_ = Parameter("self", ParameterKind.POSITIONAL_OR_KEYWORD)
        rows = f"{self.scope.builtin('list')}[{row}]"
        if name == "__aiter__":
            returns = f"{self.scope.name('collections.abc', 'AsyncIterator')}[{row}]"
        elif name == "__await__":
            generator = self.scope.name("collections.abc", "Generator")
            returns = f"{generator}[{self.scope.name('typing', 'Any')}, None, {rows}]"
        else:
            returns = rows
        is_async = not name.startswith("__")
        location = self.surface_class.source.location
        return StubFunction(name, (self_,), returns, is_async, location=location)

    def row(self) -> str:
        """What iterating gives: as django-stubs have it, or the row of the class."""
        source = self.surface_class.source
        if self.maker.django:
            for method in ("__iter__", "iterator"):
                stubbed = self.maker.django.method(source.dotted, method)
                if stubbed and stubbed.function.signature.returns:
                    where = Where(stubbed.module, self.maker.django.resolver, stubbed.owner)
                    inner = argument(stubbed.function.signature.returns, ITERATORS)
                    text = self.scope.annotation(inner, where) if inner else None
                    if text:
                        return text
        row = self.maker.spelling.evaluator.rows.of(source)
        return self.scope.spelled(row) if row else self.scope.name("typing", "Any")

    def converted(self) -> Iterator[StubFunction]:
        """The methods of the class that return other classes' instances, or whose declared type
        names the sync class: they return the async ones."""
        assert self.surface_class.subclass
        names = {
            cls.name: target.rpartition(".")[2]
            for twin in self.surface_class.subclass.methods
            for cls, target in twin.converts
        }
        names |= self.own_classes()
        for method, module in self.returning(names.keys()):
            decision = Decision(method, self.surface_class.source, Kind.QUERYSET, ())
            for each in self.maker.sync(decision, module, self.scope, self.substitutes):
                yield replace(each, returns=self.renamed(each.returns, names))

    def own_classes(self) -> dict[str, str]:
        """The async class of each class that the surface covers, by the sync one's name."""
        assert self.surface_class.subclass
        own = {self.surface_class.source.name: self.surface_class.subclass.name}
        queryset = self.maker.spelling.evaluator.lookups.queryset_of(self.surface_class.source)
        if queryset and f"Async{queryset.name}" in self.derived:
            own[queryset.name] = f"Async{queryset.name}"
        return own

    def renamed(self, text: str, names: Mapping[str, str]) -> str:
        """A type, in which async classes take the place of sync ones."""

        def name(match: re.Match[str]) -> str:
            async_name = names.get(match[0])
            if async_name is None:
                return match[0]
            module = self.derived.get(async_name)
            return self.scope.name(module, async_name) if module else async_name

        return re.sub(r"\w+", name, text)

    def returning(self, names: Iterable[str]) -> Iterator[tuple[Function, str]]:
        """The public methods of the source whose declared type begins with one of `names`."""
        seen: set[str] = set()
        wanted = frozenset(names)
        for known in self.maker.resolver.mro(self.surface_class.source):
            for name, function in known.functions.items():
                if name in seen or name.startswith("_") or function.binding is not Binding.METHOD:
                    continue
                seen.add(name)
                module = self.maker.resolver.readable(known.module)
                if module and self.declared_head(function, module) in wanted:
                    yield function, known.module

    def declared_head(self, function: Function, module: Module) -> str:
        """What the declared type begins with: that of the source, or of django-stubs."""
        text = function.signature.returns
        if text is None and not is_annotated(function):
            stubbed = self.maker.signatures.stubbed(
                Decision(function, self.surface_class.source, Kind.QUERYSET, ()), module
            )
            if stubbed:
                text = (stubbed.function.overloads or (stubbed.function,))[0].signature.returns
        return head(text) if text else ""


def _derived(surface: Surface) -> Iterator[tuple[str, str]]:
    """The async classes that the surface has or names, each with its module; empty for its own."""
    subclasses = [each.subclass for each in surface.classes if each.subclass]
    for each in subclasses:
        named = [target for twin in each.methods for _, target in twin.converts]
        for dotted in filter(None, (each.queryset, each.manager, *named)):
            module, _, name = dotted.rpartition(".")
            yield name, "" if module == surface.module else module
    yield from ((each.name, "") for each in subclasses)
