"""The signatures that a callable declares: its own, those of django-stubs, or its own untyped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from asyncgen.analysis import Spelling
from asyncgen.analysis.django_stubs import DjangoStubs, Stubbed
from asyncgen.analysis.variables import is_variable
from asyncgen.annotate import receiving
from asyncgen.annotation import parse_annotation
from asyncgen.definitions import Alias, External
from asyncgen.facts import Expression, Item
from asyncgen.resolve import Resolver
from asyncgen.source import Binding, Class, Function, Module, Parameter
from asyncgen.stub.arguments import arguments
from asyncgen.stub.scope import Scope, UnknownNameError, Where
from asyncgen.surface import Decision, Origin, Twin

_PROTOCOL = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
# Of the standard library, those that a queryset or a manager may be.
_PROTOCOLS = frozenset(
    f"{module}.{name}"
    for module in ("typing", "collections.abc")
    for name in ("Iterable", "AsyncIterable", "Sized", "Container", "Collection", "Hashable")
)
_RECEIVER_VARIABLE = re.compile(r"(?:[\w.]*[Tt]ype\[)?[\"']?(\w+)[\"']?\]?")


@dataclass(frozen=True, slots=True)
class Declared:
    """One signature as it was written: of a function, or of one of its overloads.

    `type_parameters` are in the stub's names, and `where` knows them. `receiver` is the type that
    `self` has to have, where that is a protocol; `condition` tells where it holds.
    """

    parameters: tuple[Parameter, ...]
    returns: str | None
    where: Where
    deprecation: str | None = None
    type_parameters: str = ""
    origin: Origin = Origin.ANNOTATION
    receiver: str | None = None
    is_overload: bool = False
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Signatures:
    """Finds the signatures of callables, with the place in which their annotations mean
    something."""

    resolver: Resolver
    spelling: Spelling
    django: DjangoStubs | None

    def declared(
        self, decision: Decision, module_name: str, scope: Scope, substitutes: Mapping[str, str]
    ) -> Iterator[Declared]:
        """The signatures of the callable: its own, those of django-stubs, or its own untyped."""
        function, owner = decision.function, decision.owner
        module = self.resolver.readable(module_name)
        assert module is not None, module_name
        stubbed = None if is_annotated(function) else self.stubbed(decision, module)
        if stubbed and self.django:
            where = self.where_stubbed(stubbed, self.django, owner, scope, substitutes)
            overloads = stubbed.function.overloads
            for each in overloads or (stubbed.function,):
                own = each.signature.parameters if overloads else _matched(function, each)
                declared = self.signature(each, own, where, decision, scope)
                yield replace(declared, origin=Origin.DJANGO_STUBS, is_overload=len(overloads) > 1)
            return
        where = self.where_defined(decision, module, scope, substitutes)
        for version in function.alternatives or (function,):
            condition = _condition(version, where, scope) if function.alternatives else ""
            for each in version.overloads or (version,):
                declared = self.signature(each, receiving(each, owner), where, decision, scope)
                is_overload = len(version.overloads) > 1
                yield replace(declared, condition=condition, is_overload=is_overload)

    def signature(
        self,
        function: Function,
        parameters: tuple[Parameter, ...],
        where: Where,
        decision: Decision,
        scope: Scope,
    ) -> Declared:
        """What `function`, the callable or one of its overloads, says of itself."""
        first = parameters[0] if parameters and has_receiver(decision) else None
        names = {each.name for each in function.type_parameters}
        receiver = self.receiver(first, names, where)
        if receiver:
            known = where.substitutes.get("Self") or scope.name("typing", "Self")
            where = replace(where, substitutes={**where.substitutes, receiver: known})
        own = tuple(each for each in function.type_parameters if each.name != receiver)
        text = ""
        if (
            own
            and decision.owner
            and any(self.spelling.evaluator.lookups.variables(decision.owner))
        ):
            # Both kinds of type variables in one signature are an error (PEP 695).
            owner = f"{decision.owner.qualname}.{function.name}"
            variables = {each.name: scope.own_variable(owner, each, where) for each in own}
            where = replace(where, substitutes={**where.substitutes, **variables})
        else:
            text, where = scope.type_parameters(own, where)
        returns = function.called.returns
        protocol = first.annotation if first and _is_protocol(first, where) else None
        return Declared(
            parameters,
            returns,
            where,
            _deprecation(function),
            text,
            receiver=scope.annotation(protocol, where) if protocol else None,
        )

    def where_stubbed(
        self,
        stubbed: Stubbed,
        django: DjangoStubs,
        owner: Class | None,
        scope: Scope,
        substitutes: Mapping[str, str],
    ) -> Where:
        """Where django-stubs declare the callable, and what their type variables mean for
        `owner`."""
        cls = django.klass(owner.dotted) if owner else None
        if cls and stubbed.owner:
            unsaid = scope.name("typing", "Any")
            substitutes = arguments(cls, stubbed.owner, django.resolver, scope, substitutes, unsaid)
        return Where(stubbed.module, django.resolver, stubbed.owner, substitutes)

    def where_defined(
        self, decision: Decision, module: Module, scope: Scope, substitutes: Mapping[str, str]
    ) -> Where:
        """Where the source defines the callable, which the decision's class may inherit."""
        owner = decision.owner
        member = self.resolver.lookup(owner, decision.function.name) if owner else None
        if owner and member:
            unsaid = scope.name("typing", "Any")
            substitutes = arguments(owner, member[0], self.resolver, scope, substitutes, unsaid)
        return Where(module, self.resolver, owner, substitutes)

    def is_incompatible(self, twin: Twin) -> bool:
        """Whether the callable of Django cannot stand in for what it overrides, as django-stubs
        say."""
        module = self.resolver.readable(twin.module)
        stubbed = self.stubbed(twin.decision, module) if module else None
        return stubbed is not None and stubbed.function.is_incompatible

    def stubbed(self, decision: Decision, module: Module) -> Stubbed | None:
        """What django-stubs declare for a callable of Django's own."""
        if self.django is None or not module.name.startswith("django."):
            return None
        name = decision.function.name
        if decision.owner is None:
            return self.django.function(f"{module.name}.{name}")
        return self.django.method(decision.owner.dotted, name)

    def receiver(self, first: Parameter | None, names: set[str], where: Where) -> str | None:
        """The type variable, one of the function's own `names` or the module's, that only stands
        for the receiver's class, and so for `Self`."""
        match = _RECEIVER_VARIABLE.fullmatch(first.annotation or "") if first else None
        if not match:
            return None
        definition = where.resolver.name(where.module, match[1])
        is_variable_ = isinstance(definition, Alias) and is_variable(definition)
        return match[1] if match[1] in names or is_variable_ else None


def is_annotated(function: Function) -> bool:
    signatures = [each.signature for each in (function, *function.overloads)]
    return any(
        signature.returns or any(each.annotation for each in signature.parameters)
        for signature in signatures
    )


def _means(expression: Expression, names: frozenset[str], where: Where) -> bool:
    """Whether an expression is one of these names of the standard library or typing_extensions."""
    definition = where.resolver.expression(where.module, expression)
    return isinstance(definition, External) and definition.dotted in names


def _is_protocol(receiver: Parameter, where: Where) -> bool:
    """Whether `self` is annotated with a protocol, which other classes than its own may have."""
    expression = parse_annotation(receiver.annotation or "")
    definition = where.resolver.expression(where.module, expression) if expression else None
    if not isinstance(definition, Class):
        return expression is not None and _means(expression, _PROTOCOLS, where)
    home = where.resolver.readable(definition.module)
    bases = (base.value if isinstance(base, Item) else base for base in definition.bases)
    return home is not None and any(
        _means(each, _PROTOCOL, Where(home, where.resolver)) for each in bases
    )


def has_receiver(decision: Decision) -> bool:
    return decision.owner is not None and decision.function.binding is not Binding.STATICMETHOD


def _condition(version: Function, where: Where, scope: Scope) -> str:
    """What has to hold for one of several versions, in the stub's names."""
    with suppress(UnknownNameError):
        return scope.renamed(version.condition or "", where, is_data=True).text
    return ""


def _matched(function: Function, stub: Function) -> tuple[Parameter, ...]:
    """The source's parameters, with the annotations that the stub has under the same names."""
    annotations = {each.name: each.annotation for each in stub.signature.parameters}
    return tuple(
        replace(each, annotation=annotations.get(each.name)) for each in function.called.parameters
    )


def _deprecation(function: Function) -> str | None:
    """The text of `@deprecated("…")`, which twins keep."""
    for each, text in zip(function.decorations, function.decorator_texts, strict=True):
        if each.dotted in ("warnings.deprecated", "typing_extensions.deprecated"):
            return text
    return None
