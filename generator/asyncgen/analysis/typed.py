"""The types of values: with type arguments, and only where every path is understood.

Beside what an expression may be, these are the types that are proved of it: `None` where one is
not, the empty set for what never returns. Unknown beats wrong.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from asyncgen.analysis.constants import Constants
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.fields import Fields
from asyncgen.analysis.foreign_calls import ForeignCalls
from asyncgen.analysis.frame import NARROWED, Frame
from asyncgen.analysis.growth import bounded
from asyncgen.analysis.library import Library, Passed
from asyncgen.analysis.lookups import Lookups
from asyncgen.analysis.operators import binary, unary
from asyncgen.analysis.rows import Rows
from asyncgen.analysis.types import (
    ANY,
    BOOL,
    INT,
    NONE,
    SELF,
    STR,
    Known,
    Types,
    all_of,
    builtin,
    iterator,
    made,
    replaced,
    substituted,
    tuple_parts,
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
from asyncgen.annotation import last_word
from asyncgen.declared import files
from asyncgen.django.relations import is_abstract_model
from asyncgen.facts import Call, Display, Expression, Get, Item, Lambda, Literal, Name, Star
from asyncgen.source import Attribute, Binding, Class, Function, Module

_LITERALS = frozenset({"bool", "bytes", "complex", "float", "int", "str", "None"})
_COMPARISONS = frozenset({"==", "!=", "<", "is", "is not", "in", "not"})
_SLICED = frozenset({"bytes", "list", "str"})  # what a slice of is one, too
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
_ROUNDS = 4  # until what reduce() gives has settled
_REDUCE = "functools.reduce"
_DISPLAY = re.compile(r"get_\w+_display")
# Rows of values() and values_list() that have another column.
_MORE: Mapping[str, tuple[Types, ...]] = {"dict": (STR, ANY), "tuple": (ANY, frozenset())}
# Builtins that the operators of their arguments decide.
_COMPUTED = frozenset({"abs", "divmod", "round", "sum"})


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

    def type_of_item(self, expression: Item, owner: Value, frame: Frame) -> Types | None:
        index = expression.index
        if isinstance(index, Literal) and index.type == "str":
            aggregated = self._aggregated(expression.value, index.text, frame)
            if aggregated is not None:
                return aggregated
        types = types_of(owner)
        if types is None or len(types) != 1:
            return None
        (known,) = types
        if self.is_lazy_type(known, frame):
            return types if index is None else self._items_of(known, frame)
        if known.module == "builtins" and known.name == "tuple":
            parts = tuple_parts(types, len(known.arguments))
            number = index.text if isinstance(index, Literal) else ""
            return parts[int(number)] if number.isdigit() and int(number) < len(parts) else None
        if index is None:
            return types if known.module == "builtins" and known.name in _SLICED else None
        return self.library(frame).method(known, "__getitem__", Passed((None,)))

    def _aggregated(self, value: Expression, name: str, frame: Frame) -> Types | None:
        """`….aggregate(name=Sum("pages"))["name"]`"""
        match value:
            case Call(function=Get(value=owner, name="aggregate"), keywords=keywords):
                call = dict(keywords).get(name) or _default_named(value, name)
                model = self.model_of(types_of(self.value(owner, frame)), frame)
                return self.fields.computed(model, call) if model and call else None
            case Name(id=local):
                kept = frame.environment.get(f"{NARROWED}{local}.[{name}]")
                return types_of(kept) if kept is not None else None
        return None

    def keep_aggregated(self, name: str, value: Expression, frame: Frame) -> None:
        """A local name gets what aggregate() gives: each of its items is kept."""
        match value:
            case Call(function=Get(name="aggregate"), keywords=keywords) if frame.is_typed:
                for key, _ in keywords:
                    types = self._aggregated(value, key or "", self.scratch(frame))
                    if key and types:
                        path = f"{NARROWED}{name}.[{key}]"
                        frame.environment[path] = proved(NOTHING, types)

    @abstractmethod
    def scratch(self, frame: Frame) -> Frame:
        """A frame with the same names, whose effects do not count."""

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

    # -- calls -------------------------------------------------------------------------------------

    def type_of_bound(self, bound: Bound, arguments: Arguments = NO_ARGUMENTS) -> Types | None:
        result = self.returned(bound, self.given(bound, arguments))
        if result is None and any(map(types_of, arguments.values)):
            return self.applied_to(bound, arguments)
        return result

    def type_of_special_call(self, call: Call, frame: Frame) -> Types | None:
        if not frame.is_typed:
            return None
        match call:
            case Call(function=Name(id="type"), arguments=(single,)):
                types = types_of(self.value(single, frame))
                return builtin("type", types) if types else None
            case Call(
                function=Name(id="getattr"),
                arguments=(value, Literal(type="str", text=name), *rest),
            ) if name.isidentifier():
                parts = [self.value(each, frame) for each in (Get(value, name), *rest)]
                return all_of(map(types_of, parts))
        return None

    def type_of_call(
        self, call: Call, owner: Value, callee: Value, arguments: Arguments, frame: Frame
    ) -> Types | None:
        if not frame.is_typed:
            return None
        match call.function:
            case Get(value=Call(function=Name(id="super")), name=name):
                return self._super_call(name, arguments, frame)
            case Get(name=name) if (types := types_of(owner)) is not None:
                plain, rowed = self._with_rows(types, owner)
                found = self._method(rowed, name, call, callee, arguments, frame)
                return found and replaced(found, rowed, plain)
            case Name(id=name) if is_rebound(name, frame):
                return None
        return self._function(call, callee, arguments, frame)

    def _with_rows(self, types: Types, owner: Value) -> tuple[Types, Types]:
        """A queryset or manager of a class that has no type parameter, and the same as though it
        had one, for its model: of a class that several models share, each knows its own."""
        match list(types), list(owner):
            case [Known(arguments=()) as known], [Instance(row=Class() as row) as lazy]:
                is_own = known.name == lazy.cls.qualname and self.is_lazy(lazy)
                if is_own and not known.variable and not is_abstract_model(row):
                    model = frozenset({Known(row.module, row.qualname)})
                    return types, frozenset({Known(known.module, known.name, (model,))})
        return types, types

    def _super_call(self, name: str, arguments: Arguments, frame: Frame) -> Types | None:
        if frame.receiver is None or frame.owner is None:
            return None
        (receiver,) = SELF
        return self.lookups.method(receiver, frame.receiver.cls, name, arguments, frame.owner)

    def _method(
        self,
        types: Types,
        name: str,
        call: Call,
        callee: Value,
        arguments: Arguments,
        frame: Frame,
    ) -> Types | None:
        """What a method gives; None has no methods, so it is never called on it."""
        receivers = types - NONE
        found = all_of(self._method_of(each, name, call, arguments, frame) for each in receivers)
        if found is None and len(receivers) == 1:
            return self._function(call, callee, arguments, frame)
        return found

    def _method_of(
        self, known: Known, name: str, call: Call, arguments: Arguments, frame: Frame
    ) -> Types | None:
        if known.module == "builtins" and known.name == "type" and known.arguments:
            return self._class_method(known.arguments[0], name, arguments, frame)
        cls = self.klass(known, frame)
        if cls is None:
            passed = self.passed_functions(arguments, frame)
            return self.library(frame).method(known, name, passed)
        role = self.role(cls)
        if role in ("queryset", "manager"):
            rowed = self._with_columns(known, cls, name, call, frame)
            if rowed is not None:
                return rowed
        if role == "model" and _DISPLAY.fullmatch(name) and not self.resolver.lookup(cls, name):
            return STR
        return self.lookups.method(known, cls, name, arguments)

    def _values_list(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types | None:
        """`flat=True` gives the column, anything else tuples: what the columns hold is not told."""
        model = self.lookups.arguments(known, cls)[0]
        flat = dict(call.keywords).get("flat")
        is_flat = isinstance(flat, Literal) and flat.text == "True"
        columns = [self._column(known, each, call, frame) for each in call.arguments]
        if is_flat and len(columns) == 1 and len(call.keywords) == 1:
            row = columns[0]
        elif call.keywords:
            row = ANY
        elif columns and not any(isinstance(each, Star) for each in call.arguments):
            row = builtin("tuple", *columns)
        else:
            row = builtin("tuple", ANY, frozenset())
        return frozenset({Known("django.db.models.query", "QuerySet", (model, row))})

    def _with_columns(
        self, known: Known, cls: Class, name: str, call: Call, frame: Frame
    ) -> Types | None:
        """What the methods give whose rows are told by what is passed."""
        match name:
            case "aggregate":
                return self._aggregate(known, cls, call, frame)
            case "in_bulk":
                return self._in_bulk(known, cls, call, frame)
            case "values":
                return self._values(known, cls, call, frame)
            case "values_list":
                return self._values_list(known, cls, call, frame)
            case "annotate" | "extra" if len(known.arguments) > 1:  # one column more
                row = frozenset(
                    Known(each.module, each.name, _MORE[each.name])
                    if each.module == "builtins" and each.name in _MORE
                    else each
                    for each in known.arguments[1]
                )
                return frozenset({Known(known.module, known.name, (known.arguments[0], row))})
        return None

    def _aggregate(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types:
        """`aggregate(total=Sum("pages"))`: a dict of all that is computed."""
        model = self.model_of(frozenset({known}), frame)
        computed = [value for _, value in call.keywords] if not call.arguments else []
        parts = [self.fields.computed(model, each) if model else None for each in computed]
        return builtin("dict", STR, bounded(all_of(parts)) if parts else ANY)

    def _in_bulk(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types:
        """The rows by their keys, or by a field."""
        rows = self.lookups.arguments(known, cls)[0]
        model = self.model_of(frozenset({known}), frame)
        named = dict(call.keywords).get("field_name", Literal("str", "pk"))
        is_told = model and isinstance(named, Literal) and named.type == "str"
        key = self.fields.column(model, named.text) if is_told else None  # type: ignore[arg-type,union-attr]
        return builtin("dict", (key or ANY) - NONE, rows)

    def _values(self, known: Known, cls: Class, call: Call, frame: Frame) -> Types:
        """`values("title", "pages")` gives dicts of the columns."""
        model = self.lookups.arguments(known, cls)[0]
        is_plain = call.arguments and not call.keywords
        columns = [self._column(known, each, call, frame) for each in call.arguments]
        held = bounded(frozenset().union(*columns)) if is_plain else ANY
        row = builtin("dict", STR, held)
        return frozenset({Known("django.db.models.query", "QuerySet", (model, row))})

    def _column(self, known: Known, path: Expression, call: Call, frame: Frame) -> Types:
        """What a column of a queryset holds; Any where that is not known."""
        model = self.model_of(frozenset({known}), frame)
        match path:
            case Call(function=function, arguments=(Literal(type="str") as named,)) if (
                last_word(function) == "F"
            ):
                path = named
        if model is None or not isinstance(path, Literal) or path.type != "str":
            return ANY
        annotation = _annotation(call, path.text)
        if annotation is not None:
            return self.fields.computed(model, annotation) or ANY
        return self.fields.column(model, path.text) or ANY

    def _class_method(
        self, types: Types, name: str, arguments: Arguments, frame: Frame
    ) -> Types | None:
        """`Class.name()`: a class method, or a static one."""
        if len(types) != 1:
            return None
        (known,) = types
        cls = self.klass(known, frame)
        match self.lookup(cls, name) if cls else None:
            case (_, Function(binding=Binding.CLASSMETHOD | Binding.STATICMETHOD)) if cls:
                return self.lookups.method(known, cls, name, arguments)
        return None

    def _function(
        self, call: Call, callee: Value, arguments: Arguments, frame: Frame
    ) -> Types | None:
        """A call of whatever is behind the name."""
        class_types = made(types_of(callee))
        if class_types and not any(isinstance(each, Foreign) for each in callee):
            return class_types
        return all_of(self._result_of(each, call, arguments, frame) for each in callee) or None

    def _result_of(
        self, callee: Type, call: Call, arguments: Arguments, frame: Frame
    ) -> Types | None:
        match callee:
            case Bound(function=function, module=module, owner=owner, receiver=receiver):
                if module.name.startswith("django."):
                    dotted = f"{module.name}.{function.name}"
                    return None if owner else self._foreign(dotted, call, arguments, frame)
                if self.is_enclosed(function):
                    return self.applied_to(callee, arguments)
                result = self.type_of_bound(callee, arguments)
                if receiver is None or result is None:
                    return result
                return substituted(result, self.lookups.instance(receiver.cls, None))
            case ClassObject(cls=cls) if "<locals>" not in cls.qualname:
                return frozenset({self.lookups.instance(cls, None)})
            case Foreign(dotted=dotted):
                return self._foreign(dotted, call, arguments, frame)
        return None

    def _foreign(self, dotted: str, call: Call, arguments: Arguments, frame: Frame) -> Types | None:
        passed = self.passed_functions(arguments, frame)
        module, _, name = dotted.rpartition(".")
        if module == "builtins" and name in _COMPUTED:
            return self._computed(name, passed, frame) if passed.is_complete else None
        if dotted == _REDUCE and passed.is_complete:
            return self._reduced(call, passed, frame)
        types = self.library(frame).called(dotted, passed)
        is_django = types is None and dotted.startswith("django.")
        types = self.lookups.function(dotted) if is_django else types
        return None if types == ANY else types

    def passed_functions(self, arguments: Arguments, frame: Frame) -> Passed:
        """What a call passes, with what its functions give when they are called."""
        named = ((name, value) for name, value in arguments.keywords)
        functions = {
            key: partial(self._called_back, value, frame)
            for key, value in (*enumerate(arguments.written), *named)
            if value and all(isinstance(each, Bound | Foreign) for each in value)
        }
        return replace(passed_types(arguments), functions=functions)

    def _called_back(self, callee: Value, frame: Frame, given: list[Types | None]) -> Types | None:
        return all_of(
            self.applied_to(each, Arguments(tuple(proved(NOTHING, types) for types in given)))
            if isinstance(each, Bound)
            else self.library(frame).called(each.dotted, Passed(tuple(given)))
            for each in callee
            if isinstance(each, Bound | Foreign)
        )

    def _reduced(self, call: Call, passed: Passed, frame: Frame) -> Types | None:
        """`reduce(lambda one, two: …, items, start)`, until the type is settled."""
        match call.arguments:
            case (Lambda(parameters=(one, two), body=body), _, *rest):
                items = self.elements(passed.positional[1], frame)
            case _:
                return None
        start = passed.positional[2] if rest else items
        for _ in range(_ROUNDS):
            outer = frame.environment
            names = {one: proved(NOTHING, start), two: proved(NOTHING, items)}
            frame.environment = {**outer, **names}
            types = all_of((start, types_of(self.value(body, frame))))
            frame.leave(outer)
            if types is None or types == start:
                return types
            start = types
        return None

    def _computed(self, name: str, passed: Passed, frame: Frame) -> Types | None:
        """What a builtin gives that the operators of its arguments decide."""
        given, keywords = passed.positional, passed.keywords
        first = given[0] if given else None
        match name:
            case "sum":
                start = keywords.get("start", given[1] if len(given) > 1 else INT)
                items = self.elements(first, frame)
                once = binary("+", start, items)
                return all_of((start, once, binary("+", once, items)))
            case "abs":
                return unary(first)
            case "round":
                return _rounded(first, len(given) > 1 or bool(keywords))
            case "divmod" if all(each in (INT, BOOL) for each in given):
                return builtin("tuple", INT, INT)
        return None


def _default_named(call: Call, name: str) -> Expression | None:
    """The aggregate that is called by its default name: `pages__max`."""
    for each in call.arguments:
        match each:
            case Call(function=function, arguments=(Literal(type="str", text=text), *_)):
                if name == f"{text}__{last_word(function).lower()}":
                    return each
    return None


def _annotation(call: Call, name: str) -> Expression | None:
    """What the chain of calls before annotates rows with: `….annotate(name=…).values("name")`."""
    match call.function:
        case Get(value=Call(function=Get(name=method), keywords=keywords) as before):
            if method in ("alias", "annotate") and name in dict(keywords):
                return dict(keywords)[name]
            return _annotation(before, name)
    return None


def is_rebound(name: str, frame: Frame) -> bool:
    """Whether another function may have bound a local name to anything by now."""
    return frame.function is not None and name in frame.function.rebinds


def passed_types(arguments: Arguments) -> Passed:
    return Passed(
        tuple(map(types_of, arguments.written)),
        {name: types_of(value) for name, value in arguments.keywords},
        arguments.is_complete,
    )


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


def _rounded(types: Types | None, has_digits: bool) -> Types | None:
    """`round(x)` is an int, `round(x, 2)` what x is."""
    if types is None or not {each.name for each in types} <= {"int", "float", "Decimal"}:
        return None
    return types if has_digits else INT
