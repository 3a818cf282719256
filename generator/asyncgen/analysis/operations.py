"""What operators and choices give: `a + b`, `a or b`, `a if b else c`."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from asyncgen import knowledge
from asyncgen.analysis.containers import Containers
from asyncgen.analysis.foreign import is_pure
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.specials import EQUALITY, FUNCTIONS, HASHING, ITEMS, NUMBER, OPERATORS
from asyncgen.analysis.values import (
    NOTHING,
    Arguments,
    Builtin,
    Foreign,
    Instance,
    Type,
    Value,
    builtin,
    in_order,
    is_only,
    proved,
    types_of,
    union,
    unknown,
)
from asyncgen.facts import Choice, Expression, Item, Name
from asyncgen.source import Function

_BOOL = builtin("bool")
_OF_QUERYSETS = ("|", "&", "^")  # the operators that querysets have
_COMPARISONS = frozenset({"==", "!=", "<", "is", "is not"})
_ANY_ITEM = Item(Name("owner"), Name("index"))


class Operations(Containers):
    """Evaluates operations, and tests as far as they decide."""

    @abstractmethod
    def bind(self, target: Expression, value: Value, frame: Frame) -> None:
        """Assign to a name, an attribute, an item, or several."""

    @abstractmethod
    def defaults(self, function: Function, frame: Frame) -> None:
        """Evaluate the defaults of parameters, when the function is made."""

    @abstractmethod
    def narrow(self, test: Expression, holds: bool, frame: Frame) -> None:
        """Keep of the names in a test what they may still be after it."""

    @abstractmethod
    def truth(self, test: Expression, frame: Frame) -> bool | None:
        """Whether a test of local names is sure to hold, or not to; None where it is open."""

    def tested(self, test: Expression, frame: Frame) -> Value:
        """Evaluate a test, and whether it holds."""
        value = self.value(test, frame)
        self.test(value, frame)
        return value

    def choice(self, expression: Choice, frame: Frame) -> Value:
        test, (first, second) = expression.tested, expression.options
        held = self.tested(test, frame)
        decided = self.truth(test, frame)
        is_and = expression.operator == "and"
        values: list[Value] = []
        if expression.operator == "if":
            if decided is not False:
                values.append(self.value_when(test, True, first, frame))
            if decided is not True:
                values.append(self.value_when(test, False, second, frame))
            return union(values)
        if decided is None or decided is not is_and:
            values.append(self.decisive(first, held, is_and, frame))
        if decided is None or decided is is_and:
            values.append(self.value_when(test, is_and, second, frame))
            frame.seconds[id(expression)] = values[-1]
            if len(values) > 1:
                left = self.left_of_choice(types_of(values[0]), is_and, frame)
                values[0] = proved(self.remaining(values[0], is_and), left)
        return union(values)

    def decisive(self, first: Expression, value: Value, is_and: bool, frame: Frame) -> Value:
        """The first part, which was tested and is `value`, as it is where it decides: of
        `a and b or c` only b can come out."""
        if isinstance(first, Choice) and first.operator == "and" and not is_and:
            second = frame.seconds.get(id(first))
            if second is not None:
                return second
            return self.value_when(first.options[0], True, first.options[1], frame)
        return value

    def remaining(self, value: Value, is_and: bool) -> Value:
        """What `value or …` and `value and …` leave of their first part, where it decides."""
        if not is_and:
            return value - {Builtin("None")}
        if any(isinstance(each, Instance) and not self.is_queryset(each) for each in value):
            return frozenset(each for each in value if not isinstance(each, Instance))
        return value

    def value_when(self, test: Expression, holds: bool, then: Expression, frame: Frame) -> Value:
        """The value of `then`, where it is evaluated only if the test holds (or does not)."""
        outer = frame.environment
        frame.environment = dict(outer)
        self.narrow(test, holds, frame)
        value = self.value(then, frame)
        frame.leave(outer)
        return value

    @abstractmethod
    def item_of(self, owner: Type, expression: Item, frame: Frame) -> Value:
        """`owner[…]`"""

    def operation(self, operator: str, operands: tuple[Expression, ...], frame: Frame) -> Value:
        values = [self.value(operand, frame) for operand in operands]
        types = self.type_of_operation(operator, values, frame) if frame.is_typed else None
        return proved(self.operated(operator, values, frame), types)

    def operated(self, operator: str, values: list[Value], frame: Frame) -> Value:
        if operator == "not":
            self.test(values[0], frame)
            return _BOOL
        left = values[0] if values else NOTHING
        if operator == "in":
            self.each_special(left, HASHING, frame)
            self.contains(values[-1], is_only(left, "str"), frame)
            return _BOOL
        if operator == "match []":  # of what is a sequence, its length and items
            self.measure(left, frame)
            return union(self.item_of(each, _ANY_ITEM, frame) for each in in_order(left))
        if operator == "del .":
            self.delete_attribute(left, values[-1], frame)
            return NOTHING
        if operator == "f-string" or (operator == "%" and any(map(_is_text, left))):
            for value in values:
                self.text(value, frame)
                if operator == "%":
                    self.each_special(value, (*NUMBER, *ITEMS, "__bytes__"), frame)
            if operator == "f-string" or is_only(left, "str"):
                return builtin("str")
        names = OPERATORS.get(operator, ())
        if operator in _COMPARISONS:
            for value in values:
                self.compared(value, names, frame)
            return _BOOL
        given = [self.special(each, names, frame) for value in values for each in value]
        if any(each is not None for each in given):
            return union(each for each in given if each is not None)
        if operator in _OF_QUERYSETS and any(self.is_lazy(each) for each in left):
            return left
        if operator == "+" and is_only(left, "list") and any(map(self.is_queryset, values[-1])):
            return left | builtin("list", self.iterate(values[-1], frame))  # `rows += queryset`
        return self.computed(operator, values)

    def call_operator(self, name: str, arguments: Arguments, frame: Frame) -> Value | None:
        """A function of the module `operator`."""
        values = list(arguments.positional)
        if name in FUNCTIONS:
            return self.operated(FUNCTIONS[name], values, frame)
        first, *rest = values or [NOTHING]
        match name:
            case "contains":
                return self.operated("in", [*rest, first], frame)
            case "countOf" | "indexOf":
                self.compared(self.iterate(first, frame), EQUALITY, frame)
            case "length_hint":
                self.measure(first, frame)
            case "getitem":
                return union(self.item_of(each, _ANY_ITEM, frame) for each in in_order(first))
            case "call":
                passed = Arguments(tuple(rest), arguments.keywords, arguments.is_complete)
                return self.call_all(first, passed, frame)
            case _:
                self.each_special(first, (f"__{name}__",), frame)
                return None
        return builtin("int")

    def computed(self, operator: str, values: list[Value]) -> Value:
        """What arithmetic gives: the same type of two of one type, else something plain."""
        types = [each for value in values for each in value]
        names = {each.name for each in types if isinstance(each, Builtin)}
        is_builtin = types and all(isinstance(each, Builtin) for each in types)
        if is_builtin and (len(names) == 1 or names <= knowledge.SHOW_ITEMS):
            elements = union(each.elements for each in types if isinstance(each, Builtin))
            return frozenset(Builtin(name, elements) for name in names)
        if operator == "*" and (repeated := [each for each in types if _is_sequence(each)]):
            return frozenset(repeated)
        lazy = any(self.holds_queryset(value) for value in values)
        if any(map(self.is_member_of_flags, types)):
            return frozenset(filter(self.is_member_of_flags, types))
        # What a path is part of may do what a path does.
        foreign = [each for each in types if isinstance(each, Foreign) and not is_pure(each.dotted)]
        shows = any(isinstance(each, Foreign) and each.shows for each in types)
        if foreign and not lazy:
            return frozenset({replace(foreign[0], shows=shows)})
        if not lazy and types and all(isinstance(each, Builtin | Foreign) for each in types):
            return frozenset({Foreign(f"builtins.object.{operator}", shows=shows)})
        return unknown(
            f"the result of {operator}", from_queryset=lazy and operator in _OF_QUERYSETS
        )

    def is_member_of_flags(self, type_: Type) -> bool:
        """Whether arithmetic of it, `READ | WRITE`, gives one more of its class."""
        return isinstance(type_, Instance) and self.is_enumeration(type_.cls)


def _is_text(type_: Type) -> bool:
    """Whether `%` puts something into it: a text, bytes, or a text that is translated later."""
    if isinstance(type_, Foreign):
        return type_.dotted.startswith(knowledge.TRANSLATION)
    return isinstance(type_, Builtin) and type_.name in ("bytes", "str")


def _is_sequence(type_: Type) -> bool:
    return isinstance(type_, Builtin) and type_.name in ("list", "tuple")
