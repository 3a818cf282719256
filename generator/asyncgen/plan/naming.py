"""A surface in the names of the file that it goes to: its defaults, annotations and functions.

What the code of twins uses besides, the templates ask for when they are rendered; they find the
names taken that are handed out here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from asyncgen.annotate import ANYTHING
from asyncgen.resolve import Resolver
from asyncgen.source import COMPUTED, Parameter, Signature, TypeParameter
from asyncgen.stub.scope import Scope, UnknownNameError, Where
from asyncgen.surface import ImportLine, Kind, Subclass, Surface, SurfaceClass, Twin

_SELF = re.compile(r"\bSelf\b")
# What an awaited twin gives for what the sync callable returns, where they differ by kind.
_ASYNC_NAMES: Mapping[str, str] = {
    "Iterator": "AsyncIterator",
    "Iterable": "AsyncIterator",
    "Generator": "AsyncIterator",
    "ContextManager": "AbstractAsyncContextManager",
    "AbstractContextManager": "AbstractAsyncContextManager",
}


def named(surface: Surface, resolver: Resolver) -> Surface:
    """The surface with every signature in the names of its file, and the imports that they need."""
    naming = _naming(surface, resolver)
    made = replace(
        surface,
        classes=tuple(map(naming.named_class, surface.classes)),
        functions=tuple(map(naming.twin, surface.functions)),
    )
    runtime = naming.imports(text for twin in made.twins for text in _defaults(twin))
    typing = naming.imports(text for twin in made.twins for text in _annotations(twin.signature))
    if (
        surface.host
    ):  # Its own imports are there; an import for types alone would be one more block.
        wanted = (runtime | typing).difference(surface.host.imports, surface.host.type_imports)
        return replace(made, imports=_sorted(wanted))
    return replace(made, imports=_sorted(runtime), type_imports=_sorted(typing - runtime))


def _naming(surface: Surface, resolver: Resolver) -> _Naming:
    host = surface.host
    if host is None:
        return _Naming(Scope(surface.members, resolver=resolver), resolver)
    scope = Scope(surface.members | host.names, resolver=resolver)
    for line in (*host.imports, *host.type_imports):
        scope.add(line)
    return _HostNaming(scope, resolver, surface.module)


def _sorted(lines: Iterable[ImportLine]) -> tuple[ImportLine, ...]:
    return tuple(sorted(lines, key=repr))


def _defaults(twin: Twin) -> Iterator[str | None]:
    for each in twin.signature.parameters:
        yield None if each.name in twin.sentinels else each.default


def _annotations(signature: Signature) -> Iterator[str | None]:
    yield signature.returns
    yield from (each.annotation for each in signature.parameters)


@dataclass(frozen=True, slots=True)
class _Naming:
    scope: Scope
    resolver: Resolver

    def imports(self, texts: Iterable[str | None]) -> frozenset[ImportLine]:
        """The imports of all names in the texts."""
        names = frozenset[str]().union(*(uses(text) for text in texts if text))
        return frozenset(self.scope.lines(names))

    def named_class(self, made: SurfaceClass) -> SurfaceClass:
        twins = tuple(map(self.twin, made.twins))
        return replace(made, twins=twins, subclass=made.subclass and self.subclass(made.subclass))

    def subclass(self, subclass: Subclass) -> Subclass:
        return replace(subclass, methods=tuple(map(self.twin, subclass.methods)))

    def twin(self, twin: Twin) -> Twin:
        where = self.where(twin)
        parameters = tuple(self.parameter(each, twin, where) for each in twin.signature.parameters)
        returns = self.returns(twin.signature.returns, twin.kind, where)
        return replace(twin, signature=Signature(parameters, returns), alias=self.alias(twin))

    def where(self, twin: Twin) -> Where:
        """Where the signature was written; of what `from_queryset` copies, `Self` is the queryset
        class."""
        module = self.resolver.readable(twin.module)
        assert module is not None, twin.module
        queryset = twin.definer.queryset if twin.definer else None
        if queryset is None or not any(
            map(_SELF.search, filter(None, _annotations(twin.signature)))
        ):
            return Where(module, self.resolver)
        name = self.scope.name(queryset.module, queryset.name)
        return Where(module, self.resolver, substitutes={"Self": name})

    def alias(self, twin: Twin) -> str:
        """What a function is called in its twin, which imports it when it runs."""
        if twin.decision.owner:
            return ""
        name = twin.source
        names = frozenset(each.name for each in twin.signature.parameters)
        return name if name not in names else self.scope.fresh(f"_{name}", names)

    def parameter(self, parameter: Parameter, twin: Twin, where: Where) -> Parameter:
        default = parameter.default
        if default is not None and parameter.name not in twin.sentinels:
            default = self.scope.renamed(default, where, is_data=True)
        annotation = self.annotation(parameter.annotation, where)
        return replace(parameter, default=default, annotation=annotation)

    def annotation(self, text: str | None, where: Where) -> str | None:
        """The annotation; None where a name in it is not the module's own: of the class body, a
        type parameter, or bound by `*`."""
        if text is None:
            return None
        with suppress(UnknownNameError, SyntaxError):
            return self.scope.renamed(text, where)
        return None

    def returns(self, text: str | None, kind: Kind, where: Where) -> str | None:
        """The return annotation, made asynchronous where the kind asks for it."""
        if text is None or kind not in (Kind.ITERATOR, Kind.CONTEXT):
            return self.annotation(text, where)
        return self.asynchronous(text, kind, where)

    def asynchronous(self, text: str, kind: Kind, where: Where) -> str | None:
        """`Iterator[T]` to `AsyncIterator[T]`, `ContextManager[T]` to its asynchronous twin; None
        where the annotation is something else."""
        unquoted = text.strip("\"'")
        head, bracket, rest = unquoted.partition("[")
        wanted = _ASYNC_NAMES.get(head.rpartition(".")[2])
        if wanted is None:
            return None
        # `Iterator[T]` is what a function says that @contextmanager decorates.
        wanted = "AbstractAsyncContextManager" if kind is Kind.CONTEXT else wanted
        inner = rest.removesuffix("]")
        if head.endswith("Generator") and bracket:
            inner = _arguments(inner)[0]
        found = self.annotation(inner, where) if inner else ""
        if found is None:
            return None
        source = "contextlib" if wanted.startswith("Abstract") else "collections.abc"
        name = self.scope.name(source, wanted)
        return f"{name}[{found}]" if bracket else name


@dataclass(frozen=True, slots=True)
class _HostNaming(_Naming):
    """Of twins that go into the module `home` itself: what was written there means the same."""

    home: str

    def twin(self, twin: Twin) -> Twin:
        own = twin.module == self.home
        if any(self.is_new(each) if own else each.name in twin.sentinels for each in _given(twin)):
            twin = replace(twin, signature=_of_anything(twin))
        function = twin.decision.function
        is_plain = not (twin.decision.stepped or twin.decision.exclusive)
        twin = replace(
            twin,
            sentinels=frozenset(),
            type_parameters=_declared(function.type_parameters) if own else "",
            written_out=twin.kind is Kind.ITERATOR and is_plain,
        )
        return _Naming.twin(self, twin)

    def is_new(self, parameter: Parameter) -> bool:
        """Whether the default makes an object, which is not to be made twice."""
        return COMPUTED in parameter.default_names

    def parameter(self, parameter: Parameter, twin: Twin, where: Where) -> Parameter:
        if where.module.name == self.home:
            return replace(parameter, annotation=self.annotation(parameter.annotation, where))
        return _Naming.parameter(self, parameter, twin, where)

    def annotation(self, text: str | None, where: Where) -> str | None:
        """As it is written."""
        return text if where.module.name == self.home else _Naming.annotation(self, text, where)

    def asynchronous(self, text: str, kind: Kind, where: Where) -> str | None:
        """In quotes where it was: then a name in it is bound only later."""
        made = _Naming.asynchronous(self, text, kind, where)
        return f'"{made}"' if made and text[:1] in ("'", '"') else made


def _given(twin: Twin) -> Iterator[Parameter]:
    return (each for each in twin.signature.parameters if each.default is not None)


def _of_anything(twin: Twin) -> Signature:
    """`self, *args, **kwargs`: as Django writes it where a default is nobody's to copy."""
    receiver = twin.signature.parameters[: bool(twin.receiver and twin.receiver != "owner")]
    return Signature((*receiver, *ANYTHING), twin.signature.returns)


def _declared(parameters: Iterable[TypeParameter]) -> str:
    """Type parameters as they are declared (PEP 695)."""
    texts = []
    for each in parameters:
        limit = f"({', '.join(each.constraints)})" if each.constraints else each.bound
        text = f"{each.stars}{each.name}" + (f": {limit}" if limit else "")
        texts.append(f"{text} = {each.default}" if each.default else text)
    return f"[{', '.join(texts)}]" if texts else ""


def _arguments(text: str) -> list[str]:
    """The parts of `A, B[C, D], E` at its outermost commas."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[(") - (character in "])")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def uses(annotation: str) -> frozenset[str]:
    """The names in an annotation, dotted ones as well; raises SyntaxError."""
    return frozenset(_names_in(ast.parse(annotation.strip(), mode="eval").body))


def _names_in(node: ast.AST) -> Iterator[str]:
    """The names in an annotation, those in strings too, but for the strings of a Literal."""
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Attribute(value=value):
            yield ast.unparse(node)
            yield from _names_in(value)
        case ast.Constant(value=str(text)):
            with suppress(SyntaxError):
                yield from _names_in(ast.parse(text.strip(), mode="eval").body)
        case ast.Subscript(value=ast.Name(id="Literal") | ast.Attribute(attr="Literal")):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name):
                    yield inner.id
        case _:
            for inner in ast.iter_child_nodes(node):
                yield from _names_in(inner)
