"""Twins to what stubs declare of them: the types of the sync callable, made asynchronous.

The types are taken from the source's annotations; where it has none and is Django's own, from
django-stubs; else the return type is inferred. What stays unknown is `Incomplete`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from asyncgen.analysis import Spelling, is_context_function
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.types import Types, given, has, overrides
from asyncgen.resolve import Resolver
from asyncgen.source import Binding, Module, Parameter, ParameterKind
from asyncgen.stub.declaring import Declared, Signatures, has_receiver
from asyncgen.stub.scope import Scope, Where
from asyncgen.stub.text import (
    ITERATORS,
    argument,
    default_text,
    given_by,
    or_none,
    unbound,
    wrapped,
)
from asyncgen.surface import Decision, Kind, Origin, StubClass, StubFunction, StubModule, Twin

_FINAL = frozenset({"typing.final", "typing_extensions.final"})


@dataclass
class StubMaker:
    """Makes the functions of stubs, and the stubs that have them, for one source's surfaces."""

    resolver: Resolver
    spelling: Spelling
    django: DjangoStubs | None

    @cached_property
    def signatures(self) -> Signatures:
        return Signatures(self.resolver, self.spelling, self.django)

    def module(
        self,
        path: str,
        module: str,
        sources: tuple[str, ...],
        scope: Scope,
        classes: Iterable[StubClass],
        functions: tuple[StubFunction, ...] = (),
    ) -> StubModule:
        classes = tuple(classes)
        # What only a type said that another one took the place of is not used.
        used = _words(classes, functions, scope.variables)
        imports = tuple(
            line for line in scope.imports if (line.alias or line.name or line.module) in used
        )
        return StubModule(
            path=path,
            module=module,
            sources=sources,
            imports=imports,
            variables=scope.variables,
            classes=classes,
            functions=functions,
        )

    # -- functions ---------------------------------------------------------------------------------

    def twin(
        self, twin: Twin, scope: Scope, substitutes: Mapping[str, str]
    ) -> Iterator[StubFunction]:
        """The stub of a twin: one function, or one an overload."""
        substitutes = {**self.copied_from(twin.decision, scope), **substitutes}
        declared = list(self.signatures.declared(twin.decision, twin.module, scope, substitutes))
        for each in declared:
            decorators = _decorators(twin.binding, each, scope)
            returns, origin = self.returned(each, twin.decision, scope, is_async=True)
            yield StubFunction(
                name=twin.name,
                parameters=self.parameters(each, twin.decision, scope),
                returns=returns,
                is_async=twin.kind not in (Kind.ITERATOR, Kind.CONTEXT),
                decorators=decorators,
                type_parameters=each.type_parameters,
                location=twin.decision.function.location,
                origin=origin,
                decision=twin.decision,
                condition=each.condition,
            )

    def copied_from(self, decision: Decision, scope: Scope) -> dict[str, str]:
        """What `Self` is where `from_queryset` copied the callable into a manager: the queryset."""
        owner = decision.owner
        member = self.resolver.lookup(owner, decision.function.name) if owner else None
        queryset = member[0].queryset if member else None
        if owner is None or queryset is None or queryset.module.startswith("django."):
            return {}
        spelled = scope.name(queryset.module, queryset.qualname)
        is_generic = any(self.spelling.evaluator.lookups.variables(queryset))
        row = self.spelling.evaluator.rows.of(owner) if is_generic else None
        return {"Self": f"{spelled}[{scope.spelled(row)}]" if row else spelled}

    def sync(
        self, decision: Decision, module: str, scope: Scope, substitutes: Mapping[str, str]
    ) -> Iterator[StubFunction]:
        """The stub of the sync callable itself, for a class that is known by its stub only."""
        declared = list(self.signatures.declared(decision, module, scope, substitutes))
        yield from self.synchronous(decision, declared, scope)

    def stated(self, decision: Decision, where: Where, scope: Scope) -> Iterator[StubFunction]:
        """The stub of a callable that is itself read from a stub."""
        function = decision.function
        declared = [
            replace(
                self.signatures.signature(each, each.signature.parameters, where, decision, scope),
                is_overload=len(function.overloads) > 1,
            )
            for each in function.overloads or (function,)
        ]
        yield from self.synchronous(decision, declared, scope)

    def synchronous(
        self, decision: Decision, declared: Sequence[Declared], scope: Scope
    ) -> Iterator[StubFunction]:
        function = decision.function
        is_final = any(each.dotted in _FINAL for each in function.decorations)
        for each in declared:
            returns, origin = self.returned(each, decision, scope, is_async=False)
            decorators = _decorators(function.binding, each, scope)
            if is_final and each is declared[0]:
                decorators = (*decorators, scope.name("typing", "final"))
            yield StubFunction(
                name=function.name,
                parameters=self.parameters(each, decision, scope),
                returns=returns,
                is_async=function.is_async and not function.is_generator,
                decorators=decorators,
                type_parameters=each.type_parameters,
                location=function.location,
                origin=origin,
                condition=each.condition,
            )

    def parameters(
        self, declared: Declared, decision: Decision, scope: Scope
    ) -> tuple[Parameter, ...]:
        """The parameters in the stub's names; Any for what is not annotated."""
        result: list[Parameter] = []
        for number, each in enumerate(declared.parameters):
            if number == 0 and has_receiver(decision):
                result.append(replace(each, annotation=declared.receiver))
                continue
            found = scope.annotation(each.annotation, declared.where) if each.annotation else None
            annotation = unbound(found, scope) if found else scope.name("typing", "Any")
            if found and each.annotation and each.default == "None":
                annotation = or_none(annotation, each.annotation)
            default = each.default if each.default is None else default_text(each.default)
            result.append(replace(each, annotation=annotation, default=default))
        return tuple(result)

    def returned(
        self, declared: Declared, decision: Decision, scope: Scope, *, is_async: bool
    ) -> tuple[str, Origin]:
        """What a call gives: the annotation, what was inferred, or Incomplete."""
        kind, unknown = decision.kind if is_async else None, Origin.UNKNOWN
        if declared.returns:
            text = self.wrapped(declared.returns, decision, declared.where, scope, kind)
            if text:
                return text, declared.origin
        elif decision.function.is_async and decision.function.is_generator:
            return wrapped(scope.name("_typeshed", "Incomplete"), Kind.ITERATOR, scope), unknown
        elif not decision.function.overloads:
            types, unknown = self.inferred(decision, declared.where.module)
            if types is not None and "Self" not in declared.where.substitutes:
                types = self.checked(types, decision)
            if types is not None and kind in (Kind.ITERATOR, Kind.CONTEXT):
                types = given(types)
            if types is not None:
                text = scope.spelled(types, declared.where.substitutes)
                return wrapped(text, kind, scope), Origin.INFERRED
        return wrapped(scope.name("_typeshed", "Incomplete"), kind, scope), unknown

    def inferred(self, decision: Decision, module: Module) -> tuple[Types | None, Origin]:
        """What is inferred; nothing where it is not what the overridden method of Django's returns,
        such as a `delete()` that returns None: a class that inherits twins of both would be an
        error, though its own methods, which have no annotations, are none. And what nothing is
        called here."""
        types = self.spelling.returns(decision, module)
        wanted = self.spelling.overridden(decision) if types else None
        if types and wanted and not overrides(types, wanted):
            return None, Origin.MISFIT
        return types, Origin.UNKNOWN

    def checked(self, types: Types, decision: Decision) -> Types | None:
        """What is inferred; nothing where it overrides a method of Django's that returns rows, in a
        class that does not say whose: mypy's plugin takes them for a type variable's."""
        owner = decision.owner
        row = self.spelling.evaluator.rows.of(owner) if owner else None
        if owner is None or not row or self.spelling.evaluator.rows.is_declared(owner):
            return types
        return None if has(types, row) and self.spelling.overridden(decision) else types

    def wrapped(
        self, text: str, decision: Decision, where: Where, scope: Scope, kind: Kind | None
    ) -> str | None:
        """The annotation for a twin of that kind (None: as it is)."""
        if kind is None and is_context_function(decision.function):
            inner = argument(text, ITERATORS)
            found = scope.annotation(inner, where) if inner else None
            manager = scope.name("contextlib", "AbstractContextManager")
            return f"{manager}[{found}]" if found else None
        parts = given_by(text, kind)
        texts = [scope.annotation(each, where) for each in parts or ()]
        known = [unbound(found, scope) for found in texts if found]
        if parts is None or len(known) < len(texts):
            return None
        return wrapped(", ".join(known) or scope.name("typing", "Any"), kind, scope)


# -- pieces ----------------------------------------------------------------------------------------


def in_class(function: StubFunction, holder: str, definer: str) -> StubFunction:
    """The function as one of the class `holder`, where `__name` has that class's name in it, or
    that of `definer` for what may be passed by keyword
    (https://docs.python.org/3/reference/expressions.html#private-name-mangling)."""

    def name(parameter: Parameter) -> str:
        if not parameter.name.startswith("__") or parameter.name.endswith("__"):
            return parameter.name
        by_keyword = parameter.kind is not ParameterKind.POSITIONAL_ONLY
        return f"_{(definer if by_keyword else holder).lstrip('_')}{parameter.name}"

    names = [name(each) for each in function.parameters]
    if names == [each.name for each in function.parameters]:
        return function
    parameters = zip(function.parameters, names, strict=True)
    return replace(function, parameters=tuple(replace(each, name=new) for each, new in parameters))


def _decorators(binding: Binding, declared: Declared, scope: Scope) -> tuple[str, ...]:
    found: list[str] = []
    if declared.is_overload:
        found.append(scope.name("typing", "overload"))
    if binding in (Binding.CLASSMETHOD, Binding.STATICMETHOD):
        found.append(scope.builtin(binding.value))
    if declared.deprecation:
        text = scope.annotation(declared.deprecation, declared.where)
        found += [text] if text else []
    return tuple(found)


def _words(
    classes: Iterable[StubClass], functions: Iterable[StubFunction], variables: Iterable[str]
) -> frozenset[str]:
    """The names in all of a stub's text, and the dotted ones with what is before each dot."""
    texts = [*variables]
    every = list(functions)
    for made in classes:
        texts += (*made.bases, *made.decorators, *made.meta, *made.attributes, made.type_parameters)
        every += made.functions
    for function in every:
        texts += (function.returns, function.type_parameters, *function.decorators)
        texts.append(function.condition)
        for parameter in function.parameters:
            texts += (parameter.annotation or "", parameter.default or "")
    found: set[str] = set()
    for text in set(texts):
        for dotted in re.findall(r"[\w.]+", text):
            parts = dotted.split(".")
            found |= {".".join(parts[: end + 1]) for end in range(len(parts))}
    return frozenset(found)
