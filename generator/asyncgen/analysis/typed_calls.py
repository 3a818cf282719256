"""The types of what calls give: of methods, functions, classes, and of what is not read."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

from asyncgen.analysis.columns import Columns
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.library import Passed
from asyncgen.analysis.operators import binary, unary
from asyncgen.analysis.typed import is_rebound
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
    made,
    replaced,
    substituted,
)
from asyncgen.analysis.values import (
    NO_ARGUMENTS,
    NOTHING,
    Arguments,
    Bound,
    ClassObject,
    Foreign,
    Instance,
    Type,
    Value,
    proved,
    types_of,
)
from asyncgen.django.relations import is_abstract_model
from asyncgen.facts import Call, Get, Lambda, Literal, Name
from asyncgen.source import Binding, Class, Function

_ROUNDS = 4  # until what reduce() gives has settled
_REDUCE = "functools.reduce"
_DISPLAY = re.compile(r"get_\w+_display")
# Builtins that the operators of their arguments decide.
_COMPUTED = frozenset({"abs", "divmod", "round", "sum"})


class TypedCalls(Columns):
    """Types calls."""

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


def passed_types(arguments: Arguments) -> Passed:
    return Passed(
        tuple(map(types_of, arguments.written)),
        {name: types_of(value) for name, value in arguments.keywords},
        arguments.is_complete,
    )


def _rounded(types: Types | None, has_digits: bool) -> Types | None:
    """`round(x)` is an int, `round(x, 2)` what x is."""
    if types is None or not {each.name for each in types} <= {"int", "float", "Decimal"}:
        return None
    return types if has_digits else INT
