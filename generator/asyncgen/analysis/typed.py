"""The types of values: with type arguments, and only where every path is understood.

Beside what an expression may be, these are the types that are proved of it: `None` where one is
not, the empty set for what never returns. Unknown beats wrong.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from asyncgen.analysis.constants import Constants
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.fields import Fields
from asyncgen.analysis.foreign_calls import ForeignCalls
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.growth import bounded
from asyncgen.analysis.library import Library, Passed
from asyncgen.analysis.lookups import Lookups
from asyncgen.analysis.operators import binary, unary
from asyncgen.analysis.rows import Rows
from asyncgen.analysis.types import (
    ANY,
    BOOL,
    NONE,
    STR,
    Known,
    Types,
    all_of,
    builtin,
    iterator,
    made,
    substituted,
)
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NOTHING,
    Arguments,
    Bound,
    Builtin,
    ClassObject,
    Foreign,
    Given,
    Instance,
    Type,
    Value,
    proved,
    types_of,
    unknown,
)
from asyncgen.declared import files
from asyncgen.facts import Call, Display, Expression, Literal
from asyncgen.source import Attribute, Binding, Class, Function, Module

_LITERALS = frozenset({"bool", "bytes", "complex", "float", "int", "str", "None"})
_COMPARISONS = frozenset({"==", "!=", "<", "is", "is not", "in", "not"})
_METHODS = {
    "&": "__and__",
    "*": "__mul__",
    "+": "__add__",
    "-": "__sub__",
    "/": "__truediv__",
    "^": "__xor__",
    "|": "__or__",
}
_UNARY = {"-": "__neg__"}


@dataclass
class Typed(ForeignCalls):
    """Types what is evaluated; `django` are the stubs to look Django's own callables up in."""

    django: DjangoStubs | None = None
    rows: Rows = field(init=False)
    lookups: Lookups = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rows = Rows(self)
        self.lookups = Lookups(self, self.django, self.rows, self.type_of_bound)

    @abstractmethod
    def applied_to(self, bound: Bound, arguments: Arguments) -> Types | None:
        """What a function without annotations gives for the types of these arguments."""

    @abstractmethod
    def returned(self, bound: Bound, given: Given = ()) -> Types | None:
        """The types of what calling the function gives, for what is known of the arguments."""

    def declared_types(self, annotation: str | None, module: Module) -> Types | None:
        """What an annotation in a module means; None where it says nothing."""
        if annotation is None:
            return None
        return self.lookups.annotation(annotation, module, self.resolver, {})

    # -- what is not read --------------------------------------------------------------------------

    def library(self, frame: Frame) -> Library:
        return Library(self.lookups.annotation, lambda types: self.elements(types, frame))

    def known_class(self, dotted: str) -> Known | None:
        """An instance of a class of the library."""
        definition = files().dotted(dotted)
        if not isinstance(definition, Class):
            return None
        return Known(
            definition.module, definition.qualname, tuple(ANY for _ in definition.type_parameters)
        )

    def told_of(self, dotted: str, frame: Frame) -> Value | None:
        types = self.library(frame).called(dotted, Passed(is_complete=False))
        return None if types is None else _members(types)

    # -- classes -----------------------------------------------------------------------------------

    def klass(self, known: Known, frame: Frame) -> Class | None:
        return self.lookups.klass(known, frame.receiver.cls if frame.receiver else None)

    def is_lazy_type(self, known: Known, frame: Frame) -> bool:
        cls = self.klass(known, frame)
        return cls is not None and self.role(cls) == "queryset"

    def told(self, value: Value) -> Types | None:
        """What is proved by the members alone: of classes, and of querysets and managers."""
        found: set[Known] = set()
        for each in value:
            if isinstance(each, Foreign) and (cls := self.known_class(each.dotted)):
                found.add(Known("builtins", "type", (frozenset({cls}),)))
                continue
            if isinstance(each, ClassObject) and "<locals>" not in each.cls.qualname:
                known = self.lookups.instance(each.cls, None)
                found.add(Known("builtins", "type", (frozenset({known}),)))
            elif isinstance(each, Instance) and self.is_lazy(each):
                row = frozenset({Known(each.row.module, each.row.qualname)}) if each.row else None
                found.add(self.lookups.instance(each.cls, row or self.lookups.rows.of(each.cls)))
            else:
                return None
        return frozenset(found) or None

    def instances(self, wanted: Expression, frame: Frame) -> Types | None:
        """What the second argument of isinstance() names."""
        if isinstance(wanted, Display):
            return all_of(self.instances(each, frame) for each in wanted.elements)
        return made(self.told(self.value(wanted, frame)))

    def model_of(self, types: Types | None, frame: Frame) -> Class | None:
        """The model of a queryset or manager."""
        if types is None or len(types) != 1:
            return None
        (known,) = types
        cls = self.klass(known, frame)
        if cls is None or self.role(cls) not in ("queryset", "manager"):
            return None
        rows = self.lookups.arguments(known, cls)[0]
        return self.klass(next(iter(rows)), frame) if len(rows) == 1 else None

    @cached_property
    def constants(self) -> Constants:
        return Constants(self)

    @cached_property
    def fields(self) -> Fields:
        return Fields(
            self,
            lambda cls: frozenset({self.lookups.instance(cls, None)}),
            self.lookups.meaning,
        )

    # -- by form -----------------------------------------------------------------------------------

    @staticmethod
    def type_of_literal(literal: Literal) -> Types | None:
        return builtin(literal.type) if literal.type in _LITERALS else None

    def type_of_operation(self, operator: str, values: list[Value], frame: Frame) -> Types | None:
        if operator in _COMPARISONS:
            return BOOL
        if operator == "f-string":
            return STR
        types = [types_of(each) for each in values]
        left = types[0] if types else None
        if left is None:
            return None
        is_one = len(left) == 1
        if operator in ("|", "&") and is_one and self.is_lazy_type(next(iter(left)), frame):
            return left
        if len(types) == 1:
            known = unary(left) if operator in ("-", "arithmetic") else None
            return known or self._by_method(_UNARY.get(operator, "__invert__"), left, None, frame)
        if operator == "%" and left == STR:
            return STR
        known = binary(operator, left, types[1])
        name = _METHODS.get(operator)
        return known or (name and self._by_method(name, left, types[1], frame)) or None

    def _by_method(self, name: str, left: Types, right: Types | None, frame: Frame) -> Types | None:
        """What an operator gives, of objects whose class has a method for it."""
        found: list[Types | None] = []
        for known in left:
            cls = self.klass(known, frame)
            arguments = Arguments((proved(NOTHING, right),))
            found.append(self.lookups.method(known, cls, name, arguments) if cls else None)
        return all_of(found) or None

    @staticmethod
    def type_of_display(type_: str, parts: list[Types | None], is_unpacked: bool) -> Types:
        """`parts` are the types of what stands in it; of a dict, keys and values in turn."""
        if type_ == "dict":
            return builtin("dict", _together(parts[0::2]), _together(parts[1::2]))
        if type_ == "tuple" and (is_unpacked or not parts):
            return builtin("tuple", ANY if is_unpacked else frozenset(), frozenset())
        if type_ == "tuple":
            return builtin("tuple", *(each or ANY for each in parts))
        return builtin(type_, _together(parts))

    @staticmethod
    def type_of_comprehension(type_: str, parts: list[Types | None]) -> Types | None:
        if type_ == "generator":
            return iterator(parts[0])
        return builtin(type_, *(each or ANY for each in parts[: 2 if type_ == "dict" else 1]))

    def left_of_choice(self, types: Types | None, is_and: bool, frame: Frame) -> Types | None:
        """What the first part of `and` and `or` may be, where it decides: a false one, or a true
        one. An instance of a plain model is true."""
        if types is None:
            return None
        if not is_and:
            return types - NONE
        return frozenset(each for each in types if not self._is_true(each, frame))

    def _is_true(self, known: Known, frame: Frame) -> bool:
        cls = self.klass(known, frame)
        return (
            cls is not None
            and self.role(cls) == "model"
            and not any(self.lookup(cls, name) for name in ("__bool__", "__len__"))
        )

    # -- what is in it -----------------------------------------------------------------------------

    def elements(self, types: Types | None, frame: Frame) -> Types | None:
        """What running through a value of these types gives."""
        if not types:
            return None
        return all_of(self._items_of(each, frame) for each in types) or None

    def _items_of(self, known: Known, frame: Frame) -> Types | None:
        if known.module == "builtins" and known.name == "tuple":
            return frozenset().union(*known.arguments)
        cls = self.klass(known, frame)
        if cls and self.role(cls) in ("queryset", "manager"):
            return self.lookups.arguments(known, cls)[1]
        return self.library(frame).items(known)

    @abstractmethod
    def type_of_bound(self, bound: Bound, arguments: Arguments = NO_ARGUMENTS) -> Types | None:
        """The types of what calling the function gives, for what is passed."""

    # -- attributes --------------------------------------------------------------------------------

    def type_of_attribute(
        self, owner: Value, name: str, value: Value, frame: Frame
    ) -> Types | None:
        """The types of `owner.name`, which may be `value`; None has no attributes."""
        types = types_of(owner)
        if types and types - NONE:
            found = all_of(self.attribute_of_type(each, name, frame) for each in types - NONE)
            if found is not None:
                return found
        return self.told(value)

    def attribute_of_type(self, known: Known, name: str, frame: Frame) -> Types | None:
        if name == "__class__":
            return builtin("type", frozenset({known}))
        if known.name == "type" and known.module == "builtins" and known.arguments:
            return self.attribute_of_class(known, name, frame)
        cls = self.klass(known, frame)
        if cls is None:
            return self.library(frame).attribute(known, name)
        role = self.role(cls)
        if name == "model" and role in ("queryset", "manager"):
            row = self.lookups.arguments(known, cls)[0]
            return builtin("type", row) if row != ANY else None
        if name == "pk" and role == "model":
            return self.fields.of(cls, name)
        if name in self.constants.names_of_members(cls):
            return self.constants.of_member(cls, name)
        for each in self.resolver.mro(cls):
            if each.module.startswith("django."):
                types = self.library(frame).attribute(Known(each.module, each.qualname), name)
                if types is not None:
                    return types
        match self.lookup(cls, name):
            case (_, Attribute(value=Call())) if role == "model":
                return self.fields.of(cls, name)
            case (where, Attribute(annotation=str(annotation))):
                module = self.resolver.readable(where.module)
                types = self.declared_types(annotation, module) if module else None
                return types if types is None else substituted(types, known)
            case (where, Attribute() as attribute) if not self.assigners(cls, name):
                return self.constants.held(cls, where, attribute)
            case None if role == "model":
                types = self.fields.of(cls, name)
                return types if types is not None else self._accessor(cls, name, frame)
            case (owner, Function(binding=Binding.PROPERTY) as function):
                if not owner.module.startswith("django."):
                    bound = self.bound(function, owner, Instance(cls))
                    result = self.returned(bound)
                    return result if result is None else substituted(result, known)
        return None

    def attribute_of_class(self, known: Known, name: str, frame: Frame) -> Types | None:
        """The types of `Class.name`: of members of enumerations, and of constants."""
        (argument, *_) = known.arguments
        cls = self.klass(next(iter(argument)), frame) if len(argument) == 1 else None
        types = self.constants.of_class(cls, name) if cls else None
        return types if types is not None else self.library(frame).attribute(known, name)

    def _accessor(self, cls: Class, name: str, frame: Frame) -> Types | None:
        """The manager that the other side of a relation has."""
        scratch = Frame(frame.module, None, None, None, {}, frame.line)
        return self.told(self.attribute_of(Instance(cls), name, scratch))


def is_rebound(name: str, frame: Frame) -> bool:
    """Whether another function may have bound a local name to anything by now."""
    return frame.function is not None and name in frame.function.rebinds


def _members(types: Types) -> Value:
    """What instances of the types may be."""
    found: set[Type] = set()
    for each in types:
        if each in ANY:
            return unknown("what a library gives")
        if each.module in ("builtins", "collections.abc"):
            inner = each.arguments[-1] - ANY if each.arguments else frozenset()
            found.add(Builtin(each.name, _members(inner)))
        else:
            found.add(Foreign(f"{each.module}.{each.name}()"))
    return frozenset(found)


def _together(parts: Iterable[Types | None]) -> Types:
    """The types of what stands in a display; Any where they are not known, or too many."""
    return bounded(all_of(parts))
