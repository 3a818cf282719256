"""Static manager classes for queryset classes, and their stubs.

`Manager.from_queryset` makes its class while the program runs, so no type checker can follow it. A
module beside the source joins it with the mixin of twins, and its stub declares what comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from asyncgen.analysis.types import ANY, Types
from asyncgen.analysis.variables import class_parameters
from asyncgen.annotate import ANYTHING
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.django.factories import is_copied
from asyncgen.resolve import Resolver
from asyncgen.source import Binding, Class, Function, Parameter, ParameterKind, Signature
from asyncgen.stub.arguments import arguments
from asyncgen.stub.generic import generics
from asyncgen.stub.maker import StubMaker, in_class
from asyncgen.stub.scope import Scope, Where
from asyncgen.stub.text import summary
from asyncgen.surface import (
    Decision,
    ImportLine,
    Kind,
    ManagerModule,
    Mixins,
    StaticManager,
    StubClass,
    StubFunction,
    StubModule,
    Surface,
    Twin,
)

_SUFFIXES = ("QuerySet", "Queryset", "Query")
_QUERYSET = "django.db.models.query.QuerySet"
_RELATED = "django.db.models.fields.related_descriptors.RelatedManager"
_DJANGOS_MANAGER = ImportLine("django.db.models", "Manager")
_OUR_MANAGER = ImportLine("asyncgen_django", "AsyncManager")
_SELF = Parameter("self", ParameterKind.POSITIONAL_OR_KEYWORD)
_POSITIONAL_ONLY = ParameterKind.POSITIONAL_ONLY


def manager_name(queryset: str) -> str:
    """BookManager for BookQuerySet."""
    for suffix in _SUFFIXES:
        if queryset.endswith(suffix):
            return f"{queryset.removesuffix(suffix)}Manager"
    return f"{queryset}Manager"


@dataclass(frozen=True, slots=True)
class StaticManagers:
    """Finds the manager classes that a surface asks for."""

    resolver: Resolver
    role: Callable[[Class], str]
    mixins: Mixins

    def module(self, surface: Surface, path: str, module: str) -> ManagerModule | None:
        """The static managers of the surface's queryset classes; None where there are none, or
        where the module has models, which could not import them without a cycle."""
        if any(self.role(each.source) == "model" for each in surface.classes):
            return None
        managers = tuple(
            self.manager(each.source)
            for each in surface.classes
            if self.role(each.source) == "queryset" and each.source.qualname == each.source.name
        )
        if not managers:
            return None
        return ManagerModule(path, module, surface.sources, managers, surface.bridge)

    def manager(self, queryset: Class) -> StaticManager:
        mixins = [
            self.mixins[known] for known in self.resolver.mro(queryset) if known in self.mixins
        ]
        return StaticManager(
            manager_name(queryset.name),
            tuple(ImportLine(each.module, each.surface_class.name) for each in mixins),
            queryset,
            manager_base(queryset, self.resolver),
            tuple(
                as_method(twin)
                for each in mixins
                for twin in each.surface_class.twins
                if twin.binding is Binding.STATICMETHOD and is_copied(twin.decision.function)
            ),
        )


def manager_base(queryset: Class, resolver: Resolver) -> ImportLine:
    """The manager class that goes with a queryset class: where the twins of that are coroutine
    functions, its are, too."""
    return _OUR_MANAGER if any(map(_is_ours, resolver.mro(queryset))) else _DJANGOS_MANAGER


def _is_ours(cls: Class) -> bool:
    """Whether a class is of Django's surface as asyncgen writes it."""
    return cls.module.partition(".")[0] == _OUR_MANAGER.module


def as_method(twin: Twin) -> Twin:
    """The twin of a manager's copy of a static method: from_queryset makes methods of them, which
    hand on whatever they are given."""
    function = _as_method(twin.decision.function)
    return replace(
        twin,
        binding=Binding.METHOD,
        receiver="self",
        signature=Signature((_SELF, *ANYTHING)),
        sentinels=frozenset(),
        decision=replace(twin.decision, function=function),
    )


def _as_method(function: Function) -> Function:
    called = function.called
    by_position = [each for each in called.parameters[:1] if each.kind is _POSITIONAL_ONLY]
    self_ = replace(_SELF, kind=_POSITIONAL_ONLY) if by_position else _SELF
    return replace(
        function,
        binding=Binding.METHOD,
        signature=replace(called, parameters=(self_, *called.parameters)),
        decorated=None,
        overloads=tuple(map(_as_method, function.overloads)),
    )


@dataclass
class ManagerStubs:
    """Makes the stub of a module of static managers."""

    maker: StubMaker
    mixins: Mixins

    def stub(self, module: ManagerModule, path: str) -> StubModule:
        names = {name for each in module.managers for name in (each.name, _related(each.name))}
        members = {name for each in module.managers for name in self.names(each)}
        scope = Scope(frozenset(names | members), resolver=self.maker.resolver)
        classes = [
            stub
            for each in module.managers
            for stub in ManagerStub(self.maker, scope, each, self.mixins).classes()
        ]
        return self.maker.module(path, module.module, module.sources, scope, classes)

    def names(self, manager: StaticManager) -> Iterator[str]:
        yield "get_queryset"
        for known in self.maker.resolver.mro(manager.queryset):
            yield from known.functions
            mixin = self.mixins.get(known)
            yield from (twin.name for twin in (mixin.surface_class.twins if mixin else ()))


@dataclass
class ManagerStub:
    """One manager class and its related-manager class."""

    maker: StubMaker
    scope: Scope
    manager: StaticManager
    mixins: Mixins

    def classes(self) -> Iterator[StubClass]:
        queryset = self.manager.queryset
        generic = generics(queryset, self.maker.spelling.evaluator.lookups, self.scope)
        row = self.scope.spelled(self.row(), generic.substitutes)
        line = self.manager.base
        base = self.scope.name(line.module, line.name)
        own = f"{self.scope.name(queryset.module, queryset.name)}{generic.arguments}"
        get_queryset = StubFunction("get_queryset", (_SELF,), own, location=queryset.location)
        functions = (get_queryset, *self.functions(own, row, generic.substitutes))
        location = queryset.location
        bases = [f"{base}[{row}]"]
        if generic.base and generic.arguments != f"[{row}]":
            bases.append(generic.base)
        yield StubClass(
            self.manager.name,
            tuple(bases),
            functions,
            location=location,
            type_parameters=generic.parameters,
        )
        if self.maker.django:
            related = self.scope.name(
                "django.db.models.fields.related_descriptors", "RelatedManager"
            )
            yield StubClass(
                _related(self.manager.name),
                (f"{self.manager.name}{generic.arguments}", f"{related}[{row}]"),
                tuple(self.own_of_related({each.name for each in functions}, row)),
                (self.scope.name("typing", "type_check_only"),),
                location,
                type_parameters=generic.parameters,
            )

    def own_of_related(self, names: set[str], row: str) -> Iterator[StubFunction]:
        """What a related manager has of its own, `add` and `set`, where the queryset has a method
        of that name too: the related manager's is what is called."""
        django = self.maker.django
        related = django.klass(_RELATED) if django else None
        if django is None or related is None:
            return
        module = django.resolver.readable(related.module)
        queryset = self.manager.queryset
        variables = {each.name: row for each in class_parameters(related, django.resolver)}
        for name, function in related.functions.items():
            if module and name in names:
                decision = Decision(function, queryset, Kind.VALUE, ())
                where = Where(module, django.resolver, related, variables)
                for each in self.maker.stated(decision, where, self.scope):
                    yield replace(each, is_incompatible=True, location=queryset.location)

    def row(self) -> Types:
        return self.maker.spelling.evaluator.rows.of(self.manager.queryset) or ANY

    def functions(self, own: str, row: str, variables: Mapping[str, str]) -> Iterator[StubFunction]:
        """What from_queryset copies, and the twins of that."""
        substitutes = {**variables, "Self": own}
        twins = {
            twin.decision.function: twin
            for mixin in self.mixins.values()
            for twin in mixin.surface_class.twins
        }
        seen: set[str] = set()
        for known in self.maker.resolver.mro(self.manager.queryset):
            if _is_ours(known):
                continue  # the base has them
            for name, function in known.functions.items():
                if name in seen or not is_copied(function):
                    continue
                seen.add(name)
                if known.module.startswith("django."):
                    yield from self.chaining(name, known, own, row)
                else:
                    names = arguments(
                        self.manager.queryset,
                        known,
                        self.maker.resolver,
                        self.scope,
                        substitutes,
                        unsaid=row,
                    )
                    yield from self.copied(function, known, names, twins.get(function))

    def copied(
        self, function: Function, owner: Class, substitutes: Mapping[str, str], twin: Twin | None
    ) -> Iterator[StubFunction]:
        decision = Decision(function, self.manager.queryset, Kind.VALUE, ())
        mixin = self.mixins[owner].surface_class.name if owner in self.mixins else owner.name
        is_static = function.binding is Binding.STATICMETHOD
        if is_static:
            decision = replace(decision, function=_as_method(function))
            twin = as_method(twin) if twin else None
        for each in self.maker.sync(decision, owner.module, self.scope, substitutes):
            text = summary(function.docstring)
            made = in_class(each, owner.name, owner.name)
            yield replace(made, docstring=text, is_copied_static=is_static)
        if twin:
            for each in self.maker.twin(twin, self.scope, substitutes):
                yield in_class(each, mixin, owner.name)

    def chaining(self, name: str, owner: Class, own: str, row: str) -> Iterator[StubFunction]:
        """Django's methods that return the queryset's own class."""
        django = self.maker.django
        stubbed = django.method(_QUERYSET, name) if django else None
        if django is None or stubbed is None or stubbed.function.is_async:
            return
        returns = (stubbed.function.overloads or (stubbed.function,))[0].signature.returns
        expression = parse_annotation(returns) if returns else None
        if expression is None or last_word(expression) != "Self":
            return
        names = {"Self": own, "_Model": row, "_Row": row}
        decision = Decision(owner.functions[name], owner, Kind.QUERYSET, ())
        for each in self.maker.sync(decision, owner.module, self.scope, names):
            yield replace(each, location=self.manager.queryset.location)


def _related(name: str) -> str:
    return f"{name.removesuffix('Manager')}RelatedManager"
