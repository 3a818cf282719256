"""A surface to its stub: every twin with the types of the sync callable, made asynchronous.

The types are taken from the source's annotations; where it has none and is Django's own, from
django-stubs; else the return type is inferred. What stays unknown is `Incomplete`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from asyncgen.annotate import receiving
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.infer import Inference, Opinions
from asyncgen.infer.django_stubs import DjangoStubs, Stubbed
from asyncgen.infer.known import Types, overrides
from asyncgen.infer.scope import Scope, Where
from asyncgen.infer.variables import is_variable
from asyncgen.model import (
    Binding,
    Class,
    Decision,
    Function,
    Item,
    Kind,
    Module,
    Origin,
    Parameter,
    ParameterKind,
    StubClass,
    StubFunction,
    StubMeta,
    StubModule,
    Surface,
    SurfaceClass,
    Twin,
)
from asyncgen.resolve import Alias, Resolver
from asyncgen.stub.arguments import arguments

FirstParty = Callable[[Iterable[str]], frozenset[str]]

ITERATORS = frozenset(
    {"Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator"}
)
_WITH_NONE = re.compile(r"\b(None|Optional|Any|object|Incomplete)\b")
CONTEXTS = frozenset({"ContextManager", "AbstractContextManager"})
_RECEIVER_VARIABLE = re.compile(r"(?:[\w.]*[Tt]ype\[)?[\"']?(\w+)[\"']?\]?")


@dataclass(frozen=True, slots=True)
class Declared:
    """One signature as it was written: of a function, or of one of its overloads."""

    parameters: tuple[Parameter, ...]
    returns: str | None
    where: Where
    deprecation: str | None = None
    type_parameters: str = ""
    origin: Origin = Origin.ANNOTATION


@dataclass
class StubMaker:
    """Makes the stubs of one source's surfaces."""

    resolver: Resolver
    inference: Inference
    django: DjangoStubs | None
    first_party: FirstParty
    opinions: Opinions | None = None  # of a type checker, where it is to be asked

    def mixins(self, surface: Surface, path: str) -> StubModule:
        """The stub of a surface."""
        scope = Scope(_members(surface), self.resolver)
        classes: list[StubClass] = []
        # The async classes that the surface has or imports, with their modules.
        derived = {line.name: line.module for line in surface.imports if line.name}
        derived |= {each.subclass.name: "" for each in surface.classes if each.subclass}
        for each in surface.classes:
            classes += ClassStub(self, scope, each, derived).classes()
        functions = tuple(
            function for twin in surface.functions for function in self.twin(twin, scope, {})
        )
        made = self.module(path, surface.module, surface.sources, scope, classes, functions)
        return replace(made, joins_overrides=any(map(self.joins_overrides, surface.classes)))

    def joins_overrides(self, made: SurfaceClass) -> bool:
        """Whether it is a subclass of one that is not Django's, with twins of its overrides."""
        if not made.subclass or made.source.module.startswith("django."):
            return False
        order = self.resolver.mro(made.source)
        names = {twin.decision.function.name for twin in made.twins}
        return any(sum(name in known.functions for known in order) > 1 for name in names)

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
        packages = {line.module.partition(".")[0] for line in imports}
        return StubModule(
            path=path,
            module=module,
            sources=sources,
            imports=imports,
            variables=scope.variables,
            classes=classes,
            functions=functions,
            first_party=self.first_party(packages),
        )

    # -- functions ---------------------------------------------------------------------------------

    def twin(
        self, twin: Twin, scope: Scope, substitutes: Mapping[str, str]
    ) -> Iterator[StubFunction]:
        """The stub of a twin: one function, or one an overload."""
        substitutes = {**self.copied_from(twin.decision, scope), **substitutes}
        declared = list(self.declared(twin.decision, twin.module, scope, substitutes))
        for each in declared:
            decorators = _decorators(twin.binding, each, scope, len(declared) > 1)
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
            )

    def copied_from(self, decision: Decision, scope: Scope) -> dict[str, str]:
        """What `Self` is where `from_queryset` copied the callable into a manager: the queryset."""
        owner = decision.owner
        found = self.resolver.lookup(owner, decision.function.name) if owner else None
        queryset = found[0].queryset if found else None
        if owner is None or queryset is None or queryset.module.startswith("django."):
            return {}
        spelled = scope.name(queryset.module, queryset.qualname)
        is_generic = any(self.inference.lookups.variables(queryset))
        row = self.inference.rows.of(owner) if is_generic else None
        return {"Self": f"{spelled}[{scope.spelled(row)}]" if row else spelled}

    def sync(
        self, decision: Decision, module: str, scope: Scope, substitutes: Mapping[str, str]
    ) -> Iterator[StubFunction]:
        """The stub of the sync callable itself, for a class that is known by its stub only."""
        function = decision.function
        declared = list(self.declared(decision, module, scope, substitutes))
        for each in declared:
            returns, origin = self.returned(each, decision, scope, is_async=False)
            yield StubFunction(
                name=function.name,
                parameters=self.parameters(each, decision, scope),
                returns=returns,
                is_async=function.is_async,
                decorators=_decorators(function.binding, each, scope, len(declared) > 1),
                type_parameters=each.type_parameters,
                location=function.location,
                origin=origin,
            )

    def declared(
        self, decision: Decision, module_name: str, scope: Scope, substitutes: Mapping[str, str]
    ) -> Iterator[Declared]:
        """The signatures of the callable: its own, those of django-stubs, or its own untyped."""
        function, owner = decision.function, decision.owner
        module = self.resolver.readable(module_name)
        assert module is not None, module_name
        stubbed = None if _is_annotated(function) else self.stubbed(decision, module)
        if stubbed and self.django:
            where = self.where_stubbed(stubbed, self.django, owner, scope, substitutes)
            overloads = stubbed.function.overloads
            for each in overloads or (stubbed.function,):
                own = each.signature.parameters if overloads else _matched(function, each)
                yield Declared(
                    own,
                    each.signature.returns,
                    where,
                    _deprecation(each),
                    each.type_parameters,
                    Origin.DJANGO_STUBS,
                )
            return
        where = self.where_defined(decision, module, scope, substitutes)
        for each in function.overloads or (function,):
            parameters = tuple(receiving(each, owner))
            yield Declared(
                parameters,
                each.signature.returns,
                where,
                _deprecation(each),
                each.type_parameters,
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
        found = django.klass(owner.dotted) if owner else None
        if found and stubbed.owner:
            unsaid = scope.name("typing", "Any")
            substitutes = arguments(
                found, stubbed.owner, django.resolver, scope, substitutes, unsaid
            )
        return Where(stubbed.module, django.resolver, stubbed.owner, substitutes)

    def where_defined(
        self, decision: Decision, module: Module, scope: Scope, substitutes: Mapping[str, str]
    ) -> Where:
        """Where the source defines the callable, which the decision's class may inherit."""
        owner = decision.owner
        found = self.resolver.lookup(owner, decision.function.name) if owner else None
        if owner and found:
            unsaid = scope.name("typing", "Any")
            substitutes = arguments(owner, found[0], self.resolver, scope, substitutes, unsaid)
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

    def parameters(
        self, declared: Declared, decision: Decision, scope: Scope
    ) -> tuple[Parameter, ...]:
        """The parameters in the stub's names; Any for what is not annotated."""
        result: list[Parameter] = []
        where = self.receiver(declared, decision, scope)
        for number, each in enumerate(declared.parameters):
            if number == 0 and _has_receiver(decision):
                result.append(replace(each, annotation=None))
                continue
            found = scope.annotation(each.annotation, where) if each.annotation else None
            annotation = unbound(found, scope) if found else scope.name("typing", "Any")
            if found and each.annotation and each.default == "None":
                annotation = _or_none(annotation, each.annotation)
            default = each.default if each.default is None else _default(each.default)
            result.append(replace(each, annotation=annotation, default=default))
        return tuple(result)

    def receiver(self, declared: Declared, decision: Decision, scope: Scope) -> Where:
        """Where the signature was written; a type variable that only stands for the receiver's
        class is `Self`."""
        where = declared.where
        first = declared.parameters[0] if declared.parameters else None
        if first is None or not first.annotation or not _has_receiver(decision):
            return where
        match = _RECEIVER_VARIABLE.fullmatch(first.annotation)
        if not match or not self._is_variable(match[1], declared):
            return where
        known = where.substitutes.get("Self") or scope.name("typing", "Self")
        return replace(where, substitutes={**where.substitutes, match[1]: known})

    def _is_variable(self, name: str, declared: Declared) -> bool:
        if re.search(rf"\b{name}\b", declared.type_parameters):
            return True
        found = declared.where.resolver.name(declared.where.module, name)
        return isinstance(found, Alias) and is_variable(found)

    def returned(
        self, declared: Declared, decision: Decision, scope: Scope, *, is_async: bool
    ) -> tuple[str, Origin]:
        """What a call gives: the annotation, what was inferred, or Incomplete."""
        kind = decision.kind if is_async else None
        where = self.receiver(declared, decision, scope)
        if declared.returns:
            text = self.wrapped(declared.returns, decision, where, scope, kind)
            if text:
                return text, declared.origin
        elif not decision.function.overloads:
            found, origin = self.inferred(decision, declared.where.module)
            if found is not None and kind not in (Kind.ITERATOR, Kind.CONTEXT):
                return scope.spelled(found, where.substitutes), origin
        unknown = scope.name("_typeshed", "Incomplete")
        return _wrap(unknown, kind, scope), Origin.UNKNOWN

    def inferred(self, decision: Decision, module: Module) -> tuple[Types | None, Origin]:
        """What we infer; where that is nothing, what a type checker does. Nothing where it is not
        what the overridden method of Django's returns, such as a `delete()` that returns None: a
        class that inherits twins of both would be an error, though its own methods, which have no
        annotations, are none."""
        origin = Origin.INFERRED
        found = self.inference.returns(decision, module)
        if found is None and self.opinions:
            found, origin = self.opinions.returns(decision, module), Origin.PYREFLY
        wanted = self.inference.overridden(decision) if found else None
        return None if found and wanted and not overrides(found, wanted) else found, origin

    def wrapped(
        self, text: str, decision: Decision, where: Where, scope: Scope, kind: Kind | None
    ) -> str | None:
        """The annotation for a twin of that kind (None: as it is)."""
        inner: str | None = text
        if kind is Kind.ITERATOR:
            inner = argument(text, ITERATORS)
        elif kind is Kind.CONTEXT:
            inner = argument(text, CONTEXTS | ITERATORS)
        elif kind is None and _is_context_function(decision.function):
            inner = argument(text, ITERATORS)
            found = scope.annotation(inner, where) if inner else None
            manager = scope.name("contextlib", "AbstractContextManager")
            return f"{manager}[{found}]" if found else None
        found = scope.annotation(inner, where) if inner else None
        found = scope.name("typing", "Any") if inner == "" else found
        return _wrap(unbound(found, scope), kind, scope) if found else None


@dataclass
class ClassStub:
    """The stub of one mixin and, in the subclass style, of the class that it joins."""

    maker: StubMaker
    scope: Scope
    made: SurfaceClass
    derived: Mapping[str, str]
    substitutes: dict[str, str] = field(default_factory=dict)

    def classes(self) -> Iterator[StubClass]:
        found = self.made.source
        variables = list(self.variables())
        generic = self.scope.name("typing", "Generic") if variables else ""
        inner = ", ".join(variables)
        functions = [
            function
            for twin in self.made.twins
            for function in self.maker.twin(twin, self.scope, self.substitutes)
        ]
        if self.made.is_generic:
            functions.insert(0, self.subscription())
        functions += [self.protocol(name) for name in self.made.protocol]
        bases = (f"{generic}[{inner}]",) if variables else ()
        yield StubClass(self.made.name, bases, tuple(functions), location=found.location)
        if self.made.subclass:
            source = self.scope.name(found.module, found.qualname)
            both = (self.made.name, source)
            parameters = f"[{inner}]" if variables else ""
            yield StubClass(
                self.made.subclass.name,
                tuple(f"{each}{parameters}" for each in both),
                tuple(self.converted()),
                location=found.location,
                is_incompatible=any(map(self.maker.is_incompatible, self.made.twins)),
                meta=self.meta(source),
            )

    def meta(self, source: str) -> StubMeta | None:
        """The options of the class, where it is a model."""
        subclass = self.made.subclass
        if not subclass or not subclass.model:
            return None
        return StubMeta(f"{source}.Meta" if subclass.keeps_meta else "", subclass.model)

    def variables(self) -> Iterator[str]:
        """The type variables of the mixin: those that the source class is generic in."""
        found = self.made.source
        for name in found.type_parameters:
            bound = self.scope.name("django.db.models", "Model")
            self.substitutes[name] = self.scope.own_variable(found.module, name, bound)
            yield self.substitutes[name]
        if found.type_parameters:
            return
        for alias, resolver in self.maker.inference.lookups.variables(found):
            yield self.scope.variable(alias, resolver)

    def subscription(self) -> StubFunction:
        """`__class_getitem__`, which the mixin has as Django's querysets do."""
        any_ = self.scope.name("typing", "Any")
        parameters = (
            Parameter("cls", ParameterKind.POSITIONAL_OR_KEYWORD),
            Parameter("args", ParameterKind.VAR_POSITIONAL, any_),
            Parameter("kwargs", ParameterKind.VAR_KEYWORD, any_),
        )
        location = self.made.source.location
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
        location = self.made.source.location
        return StubFunction(name, (self_,), returns, is_async, location=location)

    def row(self) -> str:
        """What iterating gives: as django-stubs have it, or the row of the class."""
        found = self.made.source
        if self.maker.django:
            for method in ("__iter__", "iterator"):
                stubbed = self.maker.django.method(found.dotted, method)
                if stubbed and stubbed.function.signature.returns:
                    where = Where(stubbed.module, self.maker.django.resolver, stubbed.owner)
                    inner = argument(stubbed.function.signature.returns, ITERATORS)
                    text = self.scope.annotation(inner, where) if inner else None
                    if text:
                        return text
        row = self.maker.inference.rows.of(found)
        return self.scope.spelled(row) if row else self.scope.name("typing", "Any")

    def converted(self) -> Iterator[StubFunction]:
        """The methods of the class that return other classes' instances, or whose declared type
        names the sync class: they return the async ones."""
        assert self.made.subclass
        names = {name: made for twin in self.made.subclass.methods for name, made in twin.converts}
        names |= self.own_classes()
        for method, module in self.returning(names.keys()):
            decision = Decision(method, self.made.source, Kind.QUERYSET, ())
            for each in self.maker.sync(decision, module, self.scope, self.substitutes):
                yield replace(each, returns=self.renamed(each.returns, names))

    def own_classes(self) -> dict[str, str]:
        """The async class of each class that the surface covers, by the sync one's name."""
        assert self.made.subclass
        own = {self.made.source.name: self.made.subclass.name}
        queryset = self.maker.inference.lookups.queryset_of(self.made.source)
        if queryset and f"Async{queryset.name}" in self.derived:
            own[queryset.name] = f"Async{queryset.name}"
        return own

    def renamed(self, text: str, names: Mapping[str, str]) -> str:
        """A type, in which async classes take the place of sync ones."""

        def name(match: re.Match[str]) -> str:
            made = names.get(match[0])
            if made is None:
                return match[0]
            module = self.derived.get(made)
            return self.scope.name(module, made) if module else made

        return re.sub(r"\w+", name, text)

    def returning(self, names: Iterable[str]) -> Iterator[tuple[Function, str]]:
        """The public methods of the source whose declared type begins with one of `names`."""
        found = self.made.source
        seen: set[str] = set()
        wanted = frozenset(names)
        for known in self.maker.resolver.mro(found):
            for name, function in known.functions.items():
                if name in seen or name.startswith("_") or function.binding is not Binding.METHOD:
                    continue
                seen.add(name)
                module = self.maker.resolver.readable(known.module)
                if module and self.head(function, known, module) in wanted:
                    yield function, known.module

    def head(self, function: Function, owner: Class, module: Module) -> str:
        text = function.signature.returns
        if text is None and not _is_annotated(function):
            stubbed = self.maker.stubbed(
                Decision(function, self.made.source, Kind.QUERYSET, ()), module
            )
            if stubbed:
                text = (stubbed.function.overloads or (stubbed.function,))[0].signature.returns
        return _head(text) if text else ""


# -- pieces ----------------------------------------------------------------------------------------


def _members(surface: Surface) -> frozenset[str]:
    """Every name that the stub binds itself."""
    names = {twin.name for twin in surface.functions}
    for each in surface.classes:
        names |= {each.name, *each.protocol, *(twin.name for twin in each.twins)}
        if each.subclass:
            names |= {each.subclass.name, *(twin.name for twin in each.subclass.methods)}
    return frozenset(names)


def _is_annotated(function: Function) -> bool:
    signatures = [each.signature for each in (function, *function.overloads)]
    return any(
        signature.returns or any(each.annotation for each in signature.parameters)
        for signature in signatures
    )


def _has_receiver(decision: Decision) -> bool:
    return decision.owner is not None and decision.function.binding is not Binding.STATICMETHOD


def _matched(function: Function, stub: Function) -> tuple[Parameter, ...]:
    """The source's parameters, with the annotations that the stub has under the same names."""
    annotations = {each.name: each.annotation for each in stub.signature.parameters}
    return tuple(
        replace(each, annotation=annotations.get(each.name))
        for each in function.signature.parameters
    )


def _deprecation(function: Function) -> str | None:
    """The text of `@deprecated("…")`, which twins keep."""
    for text in function.decorator_texts:
        name, call, _ = text.partition("(")
        if call and name.rpartition(".")[2] == "deprecated":
            return text
    return None


def _decorators(
    binding: Binding, declared: Declared, scope: Scope, is_overloaded: bool
) -> tuple[str, ...]:
    found: list[str] = []
    if is_overloaded:
        found.append(scope.name("typing", "overload"))
    if binding in (Binding.CLASSMETHOD, Binding.STATICMETHOD):
        found.append(scope.builtin(binding.value))
    if declared.deprecation:
        text = scope.annotation(declared.deprecation, declared.where)
        found += [text] if text else []
    return tuple(found)


def _or_none(found: str, written: str) -> str:
    """What a parameter with the default None takes, which its annotation need not say."""
    return found if _WITH_NONE.search(written) else f"{found} | None"


def _default(text: str) -> str:
    """A literal default as it is; anything else is not for a stub to say."""
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return "..."
    return text


def argument(text: str, heads: frozenset[str]) -> str | None:
    """The first argument of `Head[A, …]`, where the head is one of `heads`; empty where it has
    none."""
    unquoted = text.strip()
    if unquoted[:1] in "\"'":
        unquoted = unquoted[1:-1]
    try:
        node = ast.parse(unquoted, mode="eval").body
    except SyntaxError:
        return None
    if isinstance(node, ast.Subscript):
        first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
        name = _head(ast.unparse(node.value))
        return ast.get_source_segment(unquoted, first) if name in heads else None
    return "" if _head(unquoted) in heads else None


def unbound(text: str, scope: Scope) -> str:
    """A type in which no generic class of Django's is subscripted with Self: what these take is
    bound to Model, and a mixin is none. Any stands in its place."""
    if not re.search(r"\bSelf\b", text):
        return text
    spans = [
        (name.col_offset, name.end_col_offset)
        for node in ast.walk(ast.parse(text, mode="eval"))
        if isinstance(node, ast.Subscript) and scope.is_of_django(ast.unparse(node.value))
        for name in ast.walk(node.slice)
        if isinstance(name, ast.Name) and name.id == "Self"
    ]
    data = text.encode()
    for start, end in sorted(spans, reverse=True):
        data = data[:start] + scope.name("typing", "Any").encode() + data[end:]
    return data.decode()


def _head(text: str) -> str:
    expression = parse_annotation(text)
    if isinstance(expression, Item):
        expression = expression.value
    return last_word(expression) if expression else ""


def _wrap(text: str, kind: Kind | None, scope: Scope) -> str:
    if kind is Kind.ITERATOR:
        return f"{scope.name('collections.abc', 'AsyncIterator')}[{text}]"
    if kind is Kind.CONTEXT:
        return f"{scope.name('contextlib', 'AbstractAsyncContextManager')}[{text}]"
    return text


def _words(
    classes: Iterable[StubClass], functions: Iterable[StubFunction], variables: Iterable[str]
) -> frozenset[str]:
    """The names in all of a stub's text, and the dotted ones with what is before each dot."""
    texts = [*variables]
    every = list(functions)
    for made in classes:
        texts += (*made.bases, *made.decorators)
        every += made.functions
    for function in every:
        texts += (function.returns, function.type_parameters, *function.decorators)
        for parameter in function.parameters:
            texts += (parameter.annotation or "", parameter.default or "")
    found: set[str] = set()
    for text in texts:
        for dotted in re.findall(r"[\w.]+", text):
            parts = dotted.split(".")
            found |= {".".join(parts[: end + 1]) for end in range(len(parts))}
    return frozenset(found)


def _is_context_function(function: Function) -> bool:
    return any(text.rpartition(".")[2] == "contextmanager" for text in function.decorator_texts)
