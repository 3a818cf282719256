"""What annotations say: the classes that parameters, results and variables are declared to have."""

from __future__ import annotations

from collections.abc import Iterable

from asyncgen import knowledge
from asyncgen.analysis.core import Core
from asyncgen.analysis.foreign import is_known, is_package_path
from asyncgen.analysis.values import (
    NONE,
    Bound,
    Builtin,
    ClassObject,
    Effect,
    Foreign,
    Instance,
    Level,
    Type,
    Value,
    builtin,
    union,
)
from asyncgen.annotation import last_word, parse_annotation
from asyncgen.definitions import Alias, External
from asyncgen.facts import Call, Display, Expression, Get, Item, Literal, Name, Operation
from asyncgen.problems import Location
from asyncgen.source import Attribute, Binding, Class, Evidence, Function, Module, Signature


class Annotations(Core):
    """Reads annotations. None is the answer of those that say nothing: Any, a free TypeVar."""

    def annotated(self, bound: Bound) -> Value | None:
        """The return annotation's value; that of all overloads together."""
        signatures = [each.signature for each in bound.function.overloads] or [
            bound.function.called
        ]
        return _all(
            self.annotation(signature.returns, bound) if signature.returns else None
            for signature in signatures
        )

    def annotation_in(self, text: str, module: Module) -> Value | None:
        """What an annotation's text means at the level of a module."""
        return self.annotation(text, Bound(NO_FUNCTION, module))

    def annotation(self, text: str, bound: Bound) -> Value | None:
        """What an annotation's text means where `bound` is defined."""
        expression = parse_annotation(text)
        return self.meaning(expression, bound) if expression else None

    def meaning(self, expression: Expression, bound: Bound) -> Value | None:
        """What a type means, as an expression."""
        match expression:
            case Literal(type="None"):
                return NONE
            case Literal(type="str", text=text):
                return self.annotation(text, bound)
            case Operation(operator="|", operands=operands):
                return self._union(operands, bound)
            case Item(value=value, index=index):
                return self._generic(base_word(value), value, index, bound)
            case Name() | Get():
                return self._named(base_word(expression), expression, (), bound)
        return None

    def _union(self, parts: Iterable[Expression], bound: Bound) -> Value | None:
        return _all(self.meaning(part, bound) for part in parts)

    def _generic(
        self, name: str, base: Expression, index: Expression | None, bound: Bound
    ) -> Value | None:
        parts = index.elements if isinstance(index, Display) else (index,) if index else ()
        match name:
            case "Optional":
                inner = self._union(parts, bound)
                return inner | NONE if inner is not None else None
            case "Union":
                return self._union(parts, bound)
            case "Annotated" | "Final" | "ClassVar" | "Required":
                return self.meaning(parts[0], bound) if parts else None
            case "Literal":
                return frozenset(Builtin(each.type) for each in parts if isinstance(each, Literal))
            case "type" | "Type":
                inner = self.meaning(parts[0], bound) if parts else None
                classes = (each.cls for each in inner or () if isinstance(each, Instance))
                return frozenset(map(ClassObject, classes)) or None
        return self._named(name, base, parts, bound)

    def _named(
        self, name: str, expression: Expression, arguments: tuple[Expression, ...], bound: Bound
    ) -> Value | None:
        if name in knowledge.OPEN_ANNOTATIONS:
            return None
        if name in knowledge.SELF_ANNOTATIONS and bound.receiver:
            return frozenset({self_instance(bound)})
        if name in knowledge.ITERATOR_ANNOTATIONS:
            step = Evidence("takes steps of an iterator, which may query")
            return builtin(
                "iterator", self._elements(arguments[:1], bound), Effect(Level.DOUBT, (step,))
            )
        if name in knowledge.CONTEXT_ANNOTATIONS:
            step = Evidence("enters a context manager, which may do anything")
            return builtin("context", effect=Effect(Level.DOUBT, (step,)))
        row = self._row(arguments[0], bound) if arguments else None
        if name in knowledge.MANAGER_ANNOTATIONS:
            return self.manager(row)
        if dotted := self.unread(expression, bound.module):
            return self._outside(dotted, name, arguments, bound)
        definition = self.resolver.expression(bound.module, expression)
        match definition:
            case Class() if is_protocol(definition):
                return None  # anything that has such methods
            case Class():
                return frozenset({Instance(definition, row)})
            case Alias(attribute=attribute, module=module):
                return self._alias(attribute, module, bound)
        if name in knowledge.QUERYSET_ANNOTATIONS:
            return self.queryset(row)
        container = knowledge.CONTAINER_ANNOTATIONS.get(name)
        if container:
            # Of a mapping the values matter, of the others what they are run through for.
            return builtin(container, self._elements(arguments[-1:], bound))
        if isinstance(definition, External):
            return self._outside(definition.dotted, name, arguments, bound)
        if isinstance(expression, Name) and name in knowledge.BUILTIN_TYPES:
            return builtin(name, self._elements(arguments, bound))
        return None

    def _outside(
        self, dotted: str, name: str, arguments: tuple[Expression, ...], bound: Bound
    ) -> Value | None:
        """What a class of a module that is not read means, whatever `name` it has here."""
        last = dotted.rpartition(".")[2]
        if last != name and last in _NAMED:
            return self._named(last, Name(last), arguments, bound)
        return frozenset({Foreign(f"{dotted}()")})

    @staticmethod
    def unread(expression: Expression, module: Module) -> str:
        """The dotted name of an imported class of which nothing need be read; empty for others."""
        import_ = module.imports.get(expression.id) if isinstance(expression, Name) else None
        dotted = f"{import_.module}.{import_.name}" if import_ and import_.name else ""
        return dotted if is_known(dotted) and not is_package_path(dotted) else ""

    def _elements(self, arguments: tuple[Expression, ...], bound: Bound) -> Value:
        parts = (each for each in arguments if each != Name("..."))
        return union(self.meaning(part, bound) or frozenset() for part in parts)

    def _row(self, argument: Expression, bound: Bound) -> Class | None:
        value = self.meaning(argument, bound)
        for each in value or ():
            if isinstance(each, Instance) and self.role(each.cls) == "model":
                return each.cls
        return None

    def _alias(self, attribute: Attribute, module: Module, bound: Bound) -> Value | None:
        """A TypeVar is its bound, where it has one; another alias what it stands for."""
        where = Bound(bound.function, module)
        match attribute.value:
            case Call(function=function, keywords=keywords) if base_word(function) == "TypeVar":
                limit = next((value for name, value in keywords if name == "bound"), None)
                value = self.meaning(limit, where) if limit else None
                if value and bound.receiver and self._stands_for(value, self_instance(bound)):
                    return frozenset({self_instance(bound)})
                return value
            case None:
                return None
            case value_expression:
                return self._written_out(attribute, value_expression, where)

    def _written_out(self, alias: Attribute, value: Expression, where: Bound) -> Value | None:
        """What the value of a type alias means; nothing is told of one that has itself in it."""
        key = (alias.location, alias.name)
        if key in self._open_aliases:
            return None
        self._open_aliases.add(key)
        try:
            return self.meaning(value, where)
        finally:
            self._open_aliases.remove(key)

    def _stands_for(self, limit: Value, receiver: Instance) -> bool:
        """Whether a TypeVar's bound is a base of the receiver's class: then it is the receiver."""
        order = self.resolver.mro(receiver.cls)
        return any(isinstance(each, Instance) and each.cls in order for each in limit)


# Annotations that mean more than a class of that name.
_NAMED = (
    knowledge.OPEN_ANNOTATIONS
    | knowledge.ITERATOR_ANNOTATIONS
    | knowledge.CONTEXT_ANNOTATIONS
    | knowledge.MANAGER_ANNOTATIONS
    | knowledge.CONTAINER_ANNOTATIONS.keys()
)
NO_FUNCTION = Function("", Signature(()), Location("", 0))


def self_type(bound: Bound) -> Type:
    """What `self` or `cls` is in a method."""
    assert bound.receiver is not None
    receiver = bound.receiver
    if bound.function.binding is Binding.CLASSMETHOD or bound.function.name == "__new__":
        return ClassObject(receiver.cls)
    return self_instance(bound)


def self_instance(bound: Bound) -> Instance:
    assert bound.receiver is not None
    if isinstance(bound.receiver, Instance):
        return bound.receiver
    return Instance(bound.receiver.cls)


def base_word(expression: Expression) -> str:
    """The last word of the expression, or of what it calls or subscripts: `b` of `a.b(c)[d]`."""
    match expression:
        case Item(value=value) | Call(function=value):
            return base_word(value)
    return last_word(expression)


def is_protocol(cls: Class) -> bool:
    return any(base_word(each) == "Protocol" for each in cls.bases)


def _all(values: Iterable[Value | None]) -> Value | None:
    """All together; None as soon as one says nothing."""
    together: list[Value] = []
    for value in values:
        if value is None:
            return None
        together.append(value)
    return union(together)
