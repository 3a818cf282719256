"""A surface in the names of the file that it goes to: its defaults, annotations and functions.

What the code of twins uses besides, the templates ask for when they are rendered; they find the
names taken that are handed out here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from asyncgen.annotate import ANYTHING
from asyncgen.resolve import Resolver
from asyncgen.source import COMPUTED, Module, Parameter, Signature, TypeParameter
from asyncgen.stub.scope import Renamed, Scope, UnknownNameError, Where
from asyncgen.stub.text import given_by, wrapped
from asyncgen.surface import ImportLine, Kind, Subclass, Surface, SurfaceClass, Twin

_SELF = re.compile(r"\bSelf\b")


def named(
    surface: Surface,
    resolver: Resolver,
    is_first_party: Callable[[str], bool] = lambda package: True,
    *,
    has_stub: bool = False,
) -> Surface:
    """The surface with every signature in the names of its file, and the imports that they need.

    What an annotation names is imported when the module is, so that `typing.get_type_hints` finds
    it, but for what is the project's own: that would be a cycle. Where a stub says such types, the
    module does not.
    """
    naming = _naming(surface, resolver, Availability(is_first_party, has_stub))
    made = replace(
        surface,
        classes=tuple(map(naming.named_class, surface.classes)),
        functions=tuple(map(naming.twin, surface.functions)),
    )
    runtime, typing = naming.runtime, naming.typing
    if host := surface.host:
        # Its own imports are there; an import for types alone would be one more block.
        runtime, typing = (runtime | typing).difference(host.imports, host.type_imports), set()
    return replace(made, imports=_sorted(runtime), type_imports=_sorted(typing - runtime))


@dataclass(frozen=True, slots=True)
class Availability:
    """What annotations may name: `is_first_party` tells packages of the project; `has_stub`,
    whether there is a file that says what cannot be said here."""

    is_first_party: Callable[[str], bool]
    has_stub: bool

    def is_at_runtime(self, line: ImportLine, source: Module) -> bool:
        """Whether the import does no harm when the module is imported: the source has it as well,
        under no condition, and it leads out of the project and of the source's package."""
        top = line.module.partition(".")[0]
        if top == source.name.partition(".")[0] or self.is_first_party(top):
            return False
        return any(
            (each.module, each.name) == (line.module, line.name)
            for each in source.imports.values()
            if not (each.is_type_only or each.is_conditional)
        )


def _naming(surface: Surface, resolver: Resolver, available: Availability) -> _Naming:
    host = surface.host
    if host is None:
        return _Naming(Scope(surface.members, resolver=resolver), resolver, available)
    scope = Scope(surface.members | host.names, resolver=resolver)
    for line in (*host.imports, *host.type_imports):
        scope.add(line)
    return _HostNaming(scope, resolver, available, home=surface.module)


def _sorted(lines: Iterable[ImportLine]) -> tuple[ImportLine, ...]:
    return tuple(sorted(lines, key=repr))


def _annotations(signature: Signature) -> Iterator[str | None]:
    yield signature.returns
    yield from (each.annotation for each in signature.parameters)


@dataclass(frozen=True)
class _Naming:
    scope: Scope
    resolver: Resolver
    available: Availability
    runtime: set[ImportLine] = field(default_factory=set)  # what is imported with the module
    typing: set[ImportLine] = field(default_factory=set)  # what only type checkers import

    def named_class(self, cls: SurfaceClass) -> SurfaceClass:
        twins = tuple(map(self.twin, cls.twins))
        return replace(cls, twins=twins, subclass=cls.subclass and self.subclass(cls.subclass))

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
        default, annotation = parameter.default, parameter.annotation
        if default is None and annotation is None:
            return parameter
        if default is not None and parameter.name not in twin.sentinels:
            renamed = self.renamed(default, where, is_data=True)
            self.runtime.update(renamed.imports)
            default = renamed.text
        if annotation is not None:
            annotation = self.annotation([annotation], where)
        return replace(parameter, default=default, annotation=annotation)

    def returns(self, text: str | None, kind: Kind, where: Where) -> str | None:
        """The return annotation, made asynchronous where the kind asks for it: `Iterator[T]` to
        `AsyncIterator[T]`, `ContextManager[T]` to its asynchronous twin."""
        parts = None if text is None else given_by(text, kind)
        found = None if parts is None else self.annotation(parts, where)
        if found is None or kind not in (Kind.ITERATOR, Kind.CONTEXT):
            return found
        made = wrapped(found, kind, self.scope)
        self.runtime.update(self.scope.lines([made.partition("[")[0]]))
        return made

    def annotation(self, texts: Iterable[str], where: Where) -> str | None:
        """Annotations, with commas between them; None where a name in one is not the module's own
        (it is of the class body, a type parameter, or bound by `*`), or is left to the stub."""
        try:
            renamed = [self.renamed(each, where) for each in texts]
        except (UnknownNameError, SyntaxError):
            return None
        lines = {line for each in renamed for line in each.imports}
        harmless = {each for each in lines if self.available.is_at_runtime(each, where.module)}
        if harmless < lines and self.available.has_stub:
            return None
        self.runtime.update(harmless)
        self.typing.update(lines - harmless)
        return ", ".join(each.text for each in renamed)

    def renamed(self, text: str, where: Where, *, is_data: bool = False) -> Renamed:
        """The text in the names of the file."""
        return self.scope.renamed(text, where, is_data=is_data)


@dataclass(frozen=True)
class _HostNaming(_Naming):
    """Of twins that go into the module `home` itself: what was written there means the same."""

    home: str = ""

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
        return super().twin(twin)

    def is_new(self, parameter: Parameter) -> bool:
        """Whether the default makes an object, which is not to be made twice."""
        return COMPUTED in parameter.default_names

    def renamed(self, text: str, where: Where, *, is_data: bool = False) -> Renamed:
        """As it is written."""
        if where.module.name == self.home:
            return Renamed(text, frozenset())
        return super().renamed(text, where, is_data=is_data)

    def returns(self, text: str | None, kind: Kind, where: Where) -> str | None:
        """In quotes where it was: then a name in it is bound only later."""
        made = super().returns(text, kind, where)
        is_quoted = made and text and text[0] in "'\"" and made[0] not in "'\""
        return f'"{made}"' if is_quoted else made


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
