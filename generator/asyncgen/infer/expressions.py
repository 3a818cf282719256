"""The types of expressions, over the types of local names; `None` where one is not understood."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from asyncgen.analysis import Frame
from asyncgen.analysis.expressions import attribute_path
from asyncgen.analysis.values import Bound, ClassObject, Foreign, Instance, Type
from asyncgen.facts import (
    Await,
    Bind,
    Call,
    Choice,
    Comprehension,
    Display,
    Expression,
    Get,
    Item,
    Lambda,
    Literal,
    Name,
    Operation,
    Star,
    Yield,
)
from asyncgen.infer.builtin_types import CONTAINERS, FUNCTIONS, LIBRARY, METHODS, PATHS
from asyncgen.infer.fields import Fields
from asyncgen.infer.known import (
    ANY,
    BOOL,
    INT,
    NONE,
    SELF,
    STR,
    Known,
    Types,
    builtin,
    iterator,
    substituted,
)
from asyncgen.infer.lookups import Lookups
from asyncgen.infer.operators import binary, unary
from asyncgen.resolve import Alias
from asyncgen.source import Attribute, Binding, Class, Function

Names = dict[str, Types | None]
_LITERALS = frozenset({"bool", "bytes", "complex", "float", "int", "str", "None"})
_COMPARISONS = frozenset({"==", "!=", "<", "is", "is not", "in", "not"})
_ITERABLE = frozenset(
    {"list", "set", "frozenset", "Iterator", "Iterable", "Sequence", "Collection", "QuerySet"}
    | {"Counter", "KeysView", "ValuesView", "ItemsView"}
)


@dataclass
class Expressions:
    """Types expressions in one function. `names` are its local names, None for an unknown one."""

    lookups: Lookups
    bound: Bound
    frame: Frame
    names: Names = field(default_factory=dict)
    walrus: set[str] = field(default_factory=set)  # names bound by `:=` so far
    yielded: list[Types | None] = field(default_factory=list)  # of a generator

    def bind(self, name: str, types: Types | None) -> None:
        for path in [each for each in self.names if each.startswith(f"{name}.")]:
            del self.names[path]
        self.names[name] = types

    def leave(self, outer: Names) -> None:
        """Return to the names `outer`; what `:=` bound in between may hold, or not."""
        inner, self.names = self.names, outer
        for name in self.walrus:
            if inner.get(name) != outer.get(name):
                old, new = outer.get(name, frozenset()), inner.get(name, frozenset())
                outer[name] = None if old is None or new is None else old | new

    # -- expressions -------------------------------------------------------------------------------

    def typed(self, expression: Expression) -> Types | None:
        match expression:
            case Literal(type=type_):
                return builtin(type_) if type_ in _LITERALS else None
            case Name(id=name):
                return self.name(name)
            case Get(value=value, name=name):
                return self.attribute(value, name, expression)
            case Call():
                return self.call(expression)
            case Display(type=type_, elements=elements):
                return self.display(type_, elements)
            case Comprehension():
                return self.comprehension(expression)
            case Choice():
                return self.choice(expression)
            case Operation(operator=operator, operands=operands):
                return self.operation(operator, operands)
            case Item():
                return self.item(expression)
            case Bind(name=name, value=value):
                self.bind(name, self.typed(value))
                self.walrus.add(name)
                return self.names[name]
            case Yield(value=value, delegates=delegates):
                types = self.typed(value) if value else NONE
                self.yielded.append(self.elements(types) if delegates else types)
            case Lambda() | Star() | Await():
                pass
        return None

    def name(self, name: str) -> Types | None:
        module = self.bound.module
        if name in self.bound.function.rebinds:
            return None  # another function may have bound it to anything by now
        if name in self.names:
            return self.names[name]
        if name in module.rebound:
            return None
        found = self.lookups.evaluator.resolver.name(module, name)
        if isinstance(found, Alias) and isinstance(found.attribute.value, Literal):
            type_ = found.attribute.value.type
            return builtin(type_) if type_ in ("str", "int", "bool", "float") else None
        return self.asked(Name(name))

    def choice(self, choice: Choice) -> Types | None:
        if choice.operator == "if":
            (test,), (first, second) = choice.tests, choice.options
            self.typed(test)
            parts = [self.typed_when(test, True, first), self.typed_when(test, False, second)]
        else:
            is_and = choice.operator == "and"
            left, right = choice.options
            parts = [self.typed(left), self.typed_when(left, is_and, right)]
            if parts[0] is not None:  # what decides: a true one, or a false one
                parts[0] = self.falsy(parts[0]) if is_and else parts[0] - NONE
        return None if None in parts else frozenset().union(*(each for each in parts if each))

    def falsy(self, types: Types) -> Types:
        """What a false value of these types may be: an instance of a plain model is true."""
        return frozenset(each for each in types if not self.is_true(each))

    def is_true(self, known: Known) -> bool:
        found = self.klass(known)
        evaluator = self.lookups.evaluator
        return (
            found is not None
            and evaluator.role(found) == "model"
            and not any(evaluator.lookup(found, name) for name in ("__bool__", "__len__"))
        )

    def typed_when(self, test: Expression, holds: bool, then: Expression) -> Types | None:
        """The type of `then`, where it is evaluated only if the test holds (or does not)."""
        outer = self.names
        self.names = dict(outer)
        self.narrow(test, holds)
        types = self.typed(then)
        self.leave(outer)
        return types

    def narrow(self, test: Expression, holds: bool) -> None:
        """What the branch where `test` holds, or not, knows of the names in it."""
        match test:
            case Operation(operator="not", operands=(inner,)):
                self.narrow(inner, not holds)
            case Operation(operator="is not", operands=(left, right)):
                self.narrow(Operation("is", (left, right)), not holds)
            case Operation(operator="is", operands=(Name(id=name), Literal(type="None"))):
                known = self.names.get(name)
                if known is not None:
                    self.names[name] = known & NONE if holds else known - NONE
            case Operation(operator="is", operands=(Bind(name=name), Literal(type="None"))):
                self.narrow(Operation("is", (Name(name), Literal("None"))), holds)
            case Operation(operator="is", operands=(Get() as what, Literal(type="None"))):
                self.narrow_path(what, is_none=holds)
            case Name(id=name) | Bind(name=name) if holds:
                known = self.names.get(name)
                if known is not None:
                    self.names[name] = known - NONE
            case Get() if holds:
                self.narrow_path(test, is_none=False)
            case Call(function=Name(id="isinstance"), arguments=(Name(id=name), wanted)) if holds:
                known = self.instances(wanted)
                if known and self.names.get(name, NONE) is None:
                    self.names[name] = known
            case Choice(operator="and" | "or" as operator, options=options):
                if holds == (operator == "and"):
                    for each in options:
                        self.narrow(each, holds)

    def narrow_path(self, what: Get, *, is_none: bool) -> None:
        """`self.author` is, or is not, None: as far as nothing else assigns to it."""
        path, types = attribute_path(what), self.typed(what)
        if path and types is not None:
            self.names[path] = types & NONE if is_none else types - NONE

    def instances(self, wanted: Expression) -> Types | None:
        """What the second argument of isinstance() names."""
        if isinstance(wanted, Display):
            parts = [self.instances(each) for each in wanted.elements]
            return None if None in parts else frozenset().union(*(each for each in parts if each))
        if isinstance(wanted, Name) and wanted.id in ("bool", "bytes", "float", "int", "str"):
            return builtin(wanted.id)
        found = self.asked(wanted) if isinstance(wanted, Name | Get) else None
        return self.made(found)

    def operation(self, operator: str, operands: tuple[Expression, ...]) -> Types | None:
        types = [self.typed(each) for each in operands]
        if operator in _COMPARISONS:
            return BOOL
        if operator == "f-string":
            return STR
        left = types[0] if types else None
        if left is None:
            return STR if operator == "%" and left == STR else None
        if operator in ("|", "&") and len(left) == 1 and self.is_lazy(next(iter(left))):
            return left
        if len(types) == 1:
            return unary(left) if operator in ("-", "arithmetic") else None
        if operator == "%" and left == STR:
            return STR
        return binary(operator, left, types[1])

    def display(self, type_: str, elements: tuple[Expression, ...]) -> Types | None:
        if type_ == "dict":
            if any(isinstance(each, Star) for each in elements):
                return builtin("dict", ANY, ANY)
            keys = self.common(elements[0::2])
            return builtin("dict", keys, self.common(elements[1::2]))
        if type_ == "tuple" and any(isinstance(each, Star) for each in elements):
            return builtin("tuple", ANY, frozenset())
        if type_ == "tuple":
            parts = tuple(self.typed(each) or ANY for each in elements)
            return builtin("tuple", *parts) if parts else builtin("tuple", ANY, frozenset())
        return builtin(type_, self.common(elements))

    def common(self, elements: Iterable[Expression]) -> Types:
        """The one type of all elements; Any where they differ or are not known."""
        found = {
            self.elements(self.typed(each.value)) if isinstance(each, Star) else self.typed(each)
            for each in elements
        }
        return (found.pop() or ANY) if len(found) == 1 else ANY

    def comprehension(self, expression: Comprehension) -> Types | None:
        before, environment = self.names, self.frame.environment
        self.names, self.frame.environment = dict(before), dict(environment)
        evaluator = self.lookups.evaluator
        for target, iterable in expression.sources:
            elements = self.elements(self.typed(iterable))
            evaluator.bind(
                target,
                evaluator.iterate(evaluator.value(iterable, self.frame), self.frame),
                self.frame,
            )
            self.bind_target(target, elements)
        for condition in expression.conditions:
            self.typed(condition)
            self.narrow(condition, True)
        types = [self.typed(each) for each in expression.elements]
        self.leave(before)
        self.frame.leave(environment)
        if expression.type == "generator":
            return iterator(types[0])
        parts = [each or ANY for each in types]
        if expression.type in ("list", "set"):
            return builtin(expression.type, *parts[:1])
        return builtin("dict", *parts[:2])

    def bind_target(self, target: Expression, types: Types | None) -> None:
        match target:
            case Name(id=name):
                self.bind(name, types)
            case Display(elements=elements):
                parts = _tuple_parts(types, len(elements))
                for each, part in zip(elements, parts, strict=True):
                    self.bind_target(each, part)
            case Star(value=value):
                self.bind_target(value, None)
            case Get():
                self.names.pop(attribute_path(target) or "", None)

    def elements(self, types: Types | None) -> Types | None:
        """What running through a value of these types gives."""
        found: set[Known] = set()
        for each in types or ():
            items = self.items_of(each)
            if items is None:
                return None
            found |= items
        return frozenset(found) or None

    def items_of(self, known: Known) -> Types | None:
        if known == next(iter(STR)):
            return STR
        if known.name == "range":
            return INT
        if known.name in ("dict", "defaultdict") and known.arguments:
            return known.arguments[0]
        if known.name == "ItemsView":
            return builtin("tuple", *known.arguments)
        if known.name == "tuple":
            return frozenset().union(*known.arguments) or None
        found = self.klass(known)
        if found and self.lookups.evaluator.role(found) == "queryset":
            return self.lookups.arguments(known, found)[1]
        return known.arguments[-1] if known.name in _ITERABLE and known.arguments else None

    def item(self, expression: Item) -> Types | None:
        if isinstance(expression.index, Literal) and expression.index.type == "str":
            aggregated = self.aggregated(expression.value, expression.index.text)
            if aggregated is not None:
                return aggregated
        types = self.typed(expression.value)
        if types is None or len(types) != 1:
            return None
        (known,) = types
        is_slice = expression.index is None
        if known.name in ("str", "list") or self.is_lazy(known):
            return types if is_slice else self.items_of(known)
        if known.name == "tuple" and isinstance(expression.index, Literal):
            parts = _tuple_parts(types, len(known.arguments))
            number = expression.index.text
            return parts[int(number)] if number.isdigit() and int(number) < len(parts) else None
        if known.name in ("dict", "defaultdict") and len(known.arguments) == 2:
            return known.arguments[1]
        return None

    def aggregated(self, value: Expression, name: str) -> Types | None:
        """`….aggregate(name=Sum("pages"))["name"]`"""
        match value:
            case Call(function=Get(value=owner, name="aggregate"), keywords=keywords):
                call = dict(keywords).get(name)
                model = self.model_of(self.typed(owner))
                return (
                    self.fields.aggregated(model, call)
                    if model and isinstance(call, Call)
                    else None
                )
        return None

    def model_of(self, types: Types | None) -> Class | None:
        """The model of a queryset or manager."""
        if types is None or len(types) != 1:
            return None
        (known,) = types
        found = self.klass(known)
        if found is None or self.lookups.evaluator.role(found) not in ("queryset", "manager"):
            return None
        rows = self.lookups.arguments(known, found)[0]
        return self.klass(next(iter(rows))) if len(rows) == 1 else None

    @cached_property
    def fields(self) -> Fields:
        return Fields(
            self.lookups.evaluator,
            lambda found: frozenset({self.lookups.instance(found, None)}),
            self.lookups.meaning,
        )

    # -- attributes --------------------------------------------------------------------------------

    def attribute(self, value: Expression, name: str, whole: Expression) -> Types | None:
        path = attribute_path(whole)
        if path and "." in path and self.names.get(path) is not None:
            return self.names[path]
        types = self.typed(value)
        if types:
            parts = [self.attribute_of(each, name) for each in types if each.name != "None"]
            if parts and all(part is not None for part in parts):
                return frozenset().union(*(part for part in parts if part is not None))
        return self.asked(whole)

    def attribute_of(self, known: Known, name: str) -> Types | None:
        if name == "__class__":
            return builtin("type", frozenset({known}))
        found = self.klass(known)
        if found is None:
            return None
        evaluator = self.lookups.evaluator
        role = evaluator.role(found)
        if name == "model" and role in ("queryset", "manager"):
            row = self.lookups.arguments(known, found)[0]
            return builtin("type", row) if row != ANY else None
        if name == "pk" and role == "model":
            return self.fields.of(found, name)
        looked_up = evaluator.lookup(found, name)
        match looked_up:
            case (_, Attribute(value=Call())) if role == "model":
                return self.fields.of(found, name)
            case None if role == "model":
                return self.fields.of(found, name)
            case (owner, Function(binding=Binding.PROPERTY) as function):
                module = evaluator.resolver.readable(owner.module)
                if module and not owner.module.startswith("django."):
                    bound = Bound(function, module, owner, Instance(found))
                    return self.lookups.outcome(bound)
        return None

    def asked(self, expression: Expression) -> Types | None:
        """What the evaluator knows: of classes, and of querysets and managers."""
        if isinstance(expression, Name) and self.is_parameter(expression.id):
            return None
        evaluator = self.lookups.evaluator
        value = evaluator.value(expression, self.frame)
        found: set[Known] = set()
        for each in value:
            if isinstance(each, ClassObject) and "<locals>" not in each.found.qualname:
                known = self.lookups.instance(each.found, None)
                found.add(Known("builtins", "type", (frozenset({known}),)))
            elif isinstance(each, Instance) and evaluator.is_lazy(each):
                row = frozenset({Known(each.row.module, each.row.qualname)}) if each.row else None
                row = row or self.lookups.rows.of(each.found)
                found.add(self.lookups.instance(each.found, row))
            else:
                return None
        return frozenset(found) or None

    def is_parameter(self, name: str) -> bool:
        return any(each.name == name for each in self.bound.function.signature.parameters)

    def klass(self, known: Known) -> Class | None:
        receiver = self.bound.receiver.found if self.bound.receiver else None
        return self.lookups.klass(known, receiver)

    def is_lazy(self, known: Known) -> bool:
        found = self.klass(known)
        return found is not None and self.lookups.evaluator.role(found) == "queryset"

    # -- calls -------------------------------------------------------------------------------------

    def call(self, call: Call) -> Types | None:
        for each in (*call.arguments, *(value for _, value in call.keywords)):
            if isinstance(each, Bind):
                self.typed(each)
        match call.function:
            case Get(value=Call(function=Name(id="super")), name=name):
                return self.super_call(name)
            case Get(value=value, name=name):
                types = self.typed(value)
                if types is not None:
                    return self.method(types, name, call)
            case Name(id="type") if len(call.arguments) == 1:
                types = self.typed(call.arguments[0])
                return builtin("type", types) if types else None
            case Name(id=name) if name in self.names:
                return self.made(self.names[name])
        return self.function(call)

    def super_call(self, name: str) -> Types | None:
        if self.bound.receiver is None or self.bound.owner is None:
            return None
        (receiver,) = SELF
        return self.lookups.method(
            receiver, self.bound.receiver.found, name, after=self.bound.owner
        )

    def method(self, types: Types, name: str, call: Call) -> Types | None:
        """What a method gives; None has no methods, so it is never called on it."""
        found: set[Known] = set()
        for each in types - NONE:
            result = self.method_of(each, name, call)
            if result is None:
                return self.function(call) if len(types - NONE) == 1 else None
            found |= result
        return frozenset(found)

    def method_of(self, known: Known, name: str, call: Call) -> Types | None:
        if known.module in ("builtins", "datetime", "logging"):
            if known.name == "type" and known.arguments:
                return self.class_method(known.arguments[0], name)
            if known.name in ("dict", "list", "set") and known.arguments:
                taken = self.container_method(known, name, call)
                if taken is not None:
                    return taken
            return METHODS.get(known.name, {}).get(name)
        if known.module == "decimal":
            return METHODS.get(known.name, {}).get(name)
        found = self.klass(known)
        if found is None:
            return None
        role = self.lookups.evaluator.role(found)
        if name == "values_list" and role:
            return self.values_list(known, found, call)
        if role == "model" and _DISPLAY.fullmatch(name) and not self.is_written(found, name):
            return STR
        return self.lookups.method(known, found, name)

    def values_list(self, known: Known, found: Class, call: Call) -> Types | None:
        """`flat=True` gives the column, anything else tuples: what the columns hold is not told."""
        model = self.lookups.arguments(known, found)[0]
        flat = dict(call.keywords).get("flat")
        is_flat = isinstance(flat, Literal) and flat.text == "True"
        columns = [self.column(known, each) for each in call.arguments]
        if is_flat and len(columns) == 1 and len(call.keywords) == 1:
            row = columns[0]
        elif call.keywords:
            row = ANY
        elif columns and not any(isinstance(each, Star) for each in call.arguments):
            row = builtin("tuple", *columns)
        else:
            row = builtin("tuple", ANY, frozenset())
        return frozenset({Known("django.db.models.query", "QuerySet", (model, row))})

    def column(self, known: Known, path: Expression) -> Types:
        """What a column of a queryset holds; Any where that is not known."""
        model = self.model_of(frozenset({known}))
        if model is None or not isinstance(path, Literal) or path.type != "str":
            return ANY
        return self.fields.column(model, path.text) or ANY

    def is_written(self, found: Class, name: str) -> bool:
        """Whether somebody wrote the method that Django would make of a field."""
        known = self.lookups.evaluator.resolver.lookup(found, name)
        return known is not None

    def container_method(self, known: Known, name: str, call: Call) -> Types | None:
        """What methods of dicts, lists and sets give of what is in them."""
        given = [self.typed(each) for each in call.arguments]
        *_, item = known.arguments
        if name == "pop" and known.name in ("list", "set"):
            return item
        if name == "copy":
            return frozenset({known})
        if known.name != "dict" or len(known.arguments) != 2:
            return None
        key, value = known.arguments
        views = {"keys": (key,), "values": (value,), "items": (key, value)}
        if name in views:
            return frozenset({Known("collections.abc", f"{name.title()}View", views[name])})
        if name in ("get", "pop", "setdefault") and len(given) == 2:
            return None if given[1] is None else value | given[1]
        return {"get": value | NONE, "pop": value}.get(name) if len(given) == 1 else None

    def class_method(self, types: Types, name: str) -> Types | None:
        """`Class.name()`: a class method, or a static one."""
        if len(types) != 1:
            return None
        (known,) = types
        found = self.klass(known)
        looked_up = self.lookups.evaluator.lookup(found, name) if found else None
        match looked_up:
            case (_, Function(binding=Binding.CLASSMETHOD | Binding.STATICMETHOD)) if found:
                return self.lookups.method(known, found, name)
        return None

    def made(self, types: Types | None) -> Types | None:
        """What calling a class gives."""
        if types is None or len(types) != 1:
            return None
        (known,) = types
        return known.arguments[0] if known.name == "type" and known.arguments else None

    def function(self, call: Call) -> Types | None:
        """A call of whatever the evaluator finds behind the name."""
        if isinstance(call.function, Get):
            class_types = self.made(self.typed(call.function))
            if class_types:
                return class_types
        value = self.lookups.evaluator.value(call.function, self.frame)
        results = [self.result_of(each, call) for each in value]
        if not results or any(each is None for each in results):
            return None
        return frozenset().union(*(each for each in results if each is not None))

    def result_of(self, callee: Type, call: Call) -> Types | None:
        match callee:
            case Bound(function=function, module=module, owner=owner, receiver=receiver):
                if module.name.startswith("django."):
                    if owner is None:
                        return self.lookups.function(f"{module.name}.{function.name}")
                    return None
                result = self.lookups.outcome(callee)
                if receiver is None or result is None:
                    return result
                return substituted(result, self.lookups.instance(receiver.found, None))
            case ClassObject(found=found) if "<locals>" not in found.qualname:
                return frozenset({self.lookups.instance(found, None)})
            case Foreign(dotted=dotted):
                return self.foreign(dotted, call)
        return None

    def foreign(self, dotted: str, call: Call) -> Types | None:
        module, _, name = dotted.rpartition(".")
        if module == "builtins" and isinstance(call.function, Name):
            return self.builtin_call(name, call)
        if dotted.startswith("django."):
            return self.lookups.function(dotted)
        if dotted in _MADE:
            return self.library(dotted, call)
        if dotted in PATHS and STR in map(self.typed, call.arguments):
            return STR
        return LIBRARY.get(dotted)

    def library(self, dotted: str, call: Call) -> Types | None:
        """What the standard library makes of the types of what it is passed."""
        given = [self.typed(each) for each in call.arguments]
        match dotted, call.arguments:
            case "collections.Counter", (_,):
                items = self.elements(given[0])
                return frozenset({Known("collections", "Counter", (items,))}) if items else None
            case "collections.defaultdict", (Name(id="list" | "set" | "dict" | "int" as name),):
                inner = {"list": 1, "set": 1, "dict": 2, "int": 0}[name]
                value = builtin(name, *[ANY] * inner)
                return frozenset({Known("collections", "defaultdict", (ANY, value))})
            case "functools.reduce", (Lambda(parameters=(one, two), body=body), _, *rest):
                items = self.elements(given[1])
                return self.reduced(one, two, body, items, given[2] if rest else items)
        return None

    def reduced(
        self, one: str, two: str, body: Expression, items: Types | None, start: Types | None
    ) -> Types | None:
        """`reduce(lambda one, two: body, items, start)`, until the type is settled."""
        for _ in range(_ROUNDS):
            outer = self.names
            self.names = {**outer, one: start, two: items}
            found = _all([start, self.typed(body)])
            self.leave(outer)
            if found is None or found == start:
                return found
            start = found
        return None

    def builtin_call(self, name: str, call: Call) -> Types | None:
        if name in FUNCTIONS:
            return FUNCTIONS[name]
        given = [self.typed(each) for each in call.arguments]
        if name in _COMPUTED and not any(isinstance(each, Star) for each in call.arguments):
            return self.computed(name, given, call)
        if name in CONTAINERS:
            items = self.elements(given[0]) if given else None
            return builtin(CONTAINERS[name], items or ANY)
        if name == "tuple":
            items = self.elements(given[0]) if given else None
            return builtin("tuple", items or ANY, frozenset())
        if name == "dict":
            pairs = self.elements(given[0]) if len(given) == 1 and not call.keywords else None
            key, value = _tuple_parts(pairs, 2)
            return builtin("dict", key or ANY, value or ANY)
        return None

    def computed(self, name: str, given: list[Types | None], call: Call) -> Types | None:
        """What a builtin gives of the types of what it is passed."""
        first = given[0] if given else None
        items = self.elements(first) if first is not None else None
        keywords = dict(call.keywords)
        match name:
            case "sum":
                start = given[1] if len(given) > 1 else INT
                start = self.typed(keywords["start"]) if "start" in keywords else start
                once = binary("+", start, items)
                again = binary("+", once, items)
                return (
                    None
                    if once is None or start is None or again is None
                    else (start | once | again)
                )
            case "min" | "max":
                default = self.typed(keywords["default"]) if "default" in keywords else frozenset()
                parts = given if len(given) > 1 else [items, default]
                return _all(parts)
            case "next":
                return _all([items, *given[1:]]) if len(given) < 3 else None
            case "iter":
                return iterator(items)
            case "reversed":
                return iterator(items)
            case "enumerate":
                return iterator(builtin("tuple", INT, items)) if items else None
            case "zip":
                parts = [self.elements(each) for each in given]
                return (
                    None
                    if None in parts or not parts or call.keywords
                    else iterator(builtin("tuple", *(each for each in parts if each)))
                )
            case "filter":
                return iterator(self.elements(given[1])) if len(given) == 2 else None
            case "abs":
                return unary(first)
            case "round":
                return self.rounded(first, len(call.arguments) > 1 or bool(keywords))
            case "divmod":
                both = given if len(given) == 2 else [None]
                is_int = all(each in (INT, BOOL) for each in both)
                return builtin("tuple", INT, INT) if is_int else None
            case "getattr":
                return self.got(call, given)
        return None

    @staticmethod
    def rounded(types: Types | None, has_digits: bool) -> Types | None:
        """`round(x)` is an int, `round(x, 2)` what x is."""
        numbers = {"int", "float", "Decimal"}
        if types is None or not {each.name for each in types} <= numbers:
            return None
        return types if has_digits else INT

    def got(self, call: Call, given: list[Types | None]) -> Types | None:
        """`getattr(value, "name", default)`"""
        match call.arguments:
            case (value, Literal(type="str", text=name), *rest) if name.isidentifier():
                whole = Get(value, name)
                return _all([self.attribute(value, name, whole), *given[2 : 2 + len(rest)]])
        return None


_ROUNDS = 4
_MADE = frozenset({"collections.Counter", "collections.defaultdict", "functools.reduce"})
_DISPLAY = re.compile(r"get_\w+_display")
_COMPUTED = frozenset(
    {"abs", "divmod", "enumerate", "filter", "getattr", "iter", "max", "min", "next", "reversed"}
    | {"round", "sum", "zip"}
)


def _all(parts: Iterable[Types | None]) -> Types | None:
    """All together; None where one is not known."""
    found: set[Known] = set()
    for each in parts:
        if each is None:
            return None
        found |= each
    return frozenset(found)


def _tuple_parts(types: Types | None, count: int) -> list[Types | None]:
    """The parts of a tuple of that length."""
    if types is not None and len(types) == 1:
        (known,) = types
        if known.name == "tuple" and len(known.arguments) == count and all(known.arguments):
            return [*known.arguments]
    return [None] * count
