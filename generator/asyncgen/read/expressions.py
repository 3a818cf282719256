"""Expressions of the syntax tree as facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

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
    shared_name,
)
from asyncgen.read.canonical import annotation_text, canonical_text
from asyncgen.source import COMPUTED, Parameter, ParameterKind

NOTHING = Operation("unknown", ())


@dataclass
class ExpressionReader:
    """Converts expressions."""

    has_yield: bool = field(init=False, default=False)  # whether one of them was a yield
    # The attributes that they keep prefetched rows in: `Prefetch(…, to_attr="name")`.
    prefetched: set[str] = field(init=False, default_factory=set)

    def expression(self, node: cst.CSTNode) -> Expression:
        """The facts of an expression; the most frequent kinds of node are tried first."""
        match node:
            case cst.Name():
                return _name(node)
            case cst.Attribute():
                return Get(self.expression(node.value), node.attr.value)
            case cst.Call():
                return self.call(node)
            case cst.SimpleString():
                return _string(node)
            case cst.Subscript():
                return self.subscript(node)
            case cst.Integer():
                return Literal("int", node.value)
            case cst.Comparison():
                return self.comparison(node)
            case cst.BooleanOperation():
                left, right = self.expression(node.left), self.expression(node.right)
                word = "and" if isinstance(node.operator, cst.And) else "or"
                return Choice((left, right), word)
            case cst.UnaryOperation():
                return Operation(operator(node.operator), (self.expression(node.expression),))
            case cst.BinaryOperation():
                operands = (self.expression(node.left), self.expression(node.right))
                return Operation(operator(node.operator), operands)
            case cst.List() | cst.Tuple() | cst.Set():
                return self.display(node)
            case cst.Dict():
                return self.dictionary(node)
            case cst.FormattedString():
                return self.formatted(node)
            case cst.ConcatenatedString():
                return self.concatenated(node)
            case cst.IfExp():
                options = (self.expression(node.body), self.expression(node.orelse))
                return Choice(options, test=self.expression(node.test))
            case cst.ListComp() | cst.SetComp() | cst.GeneratorExp():
                return self.comprehension(_COMPREHENSIONS[type(node)], (node.elt,), node.for_in)
            case cst.DictComp():
                return self.comprehension("dict", (node.key, node.value), node.for_in)
            case _:
                return self.rare(node)

    def rare(self, node: cst.CSTNode) -> Expression:
        match node:
            case cst.Lambda():
                names = tuple(parameter.name for parameter in self.parameters(node.params))
                defaults = tuple(self.defaults(node.params, (Literal,)))
                return Lambda(names, self.expression(node.body), defaults)
            case cst.NamedExpr(target=cst.Name(value=name)):
                return Bind(name, self.expression(node.value))
            case cst.Yield():
                return self.yielded(node)
            case cst.Await():
                return Await(self.expression(node.expression))
            case cst.StarredElement():
                return Star(self.expression(node.value))
            case cst.Float():
                return Literal("float", node.value)
            case cst.Imaginary():
                return Literal("complex", node.value)
            case cst.Ellipsis():
                return Literal("ellipsis", "...")
        return NOTHING

    def subscript(self, node: cst.Subscript) -> Expression:
        value = self.expression(node.value)
        elements = [element.slice for element in node.slice]
        if len(elements) == 1 and isinstance(elements[0], cst.Slice):
            parts = (elements[0].lower, elements[0].upper, elements[0].step)
            bounds = tuple(self.expression(each) for each in parts if each is not None)
            return Item(value, None, elements[0].step is not None, bounds)
        indices = tuple(
            self.expression(element.value) for element in elements if isinstance(element, cst.Index)
        )
        return Item(value, indices[0] if len(indices) == 1 else Display("tuple", indices))

    def call(self, node: cst.Call) -> Call:
        arguments: list[Expression] = []
        keywords: list[tuple[str | None, Expression]] = []
        for argument in node.args:
            value = self.expression(argument.value)
            if argument.keyword:
                keywords.append((argument.keyword.value, value))
                if argument.keyword.value == "to_attr" and isinstance(value, Literal):
                    self.prefetched.add(value.text)
            elif argument.star == "**":
                keywords.append((None, value))
            else:
                arguments.append(Star(value) if argument.star else value)
        return Call(self.expression(node.func), tuple(arguments), tuple(keywords))

    def display(self, node: cst.List | cst.Tuple | cst.Set) -> Display:
        return Display(
            type(node).__name__.lower(),
            tuple(
                Star(self.expression(element.value))
                if isinstance(element, cst.StarredElement)
                else self.expression(element.value)
                for element in node.elements
            ),
        )

    def dictionary(self, node: cst.Dict) -> Display:
        parts: list[Expression] = []
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                parts += [self.expression(element.key), self.expression(element.value)]
            else:
                parts.append(Star(self.expression(element.value)))
        return Display("dict", tuple(parts))

    def comprehension(
        self, type_: str, elements: tuple[cst.BaseExpression, ...], for_in: cst.CompFor
    ) -> Comprehension:
        sources: list[tuple[Expression, Expression]] = []
        conditions: list[Expression] = []
        asynchronous: set[int] = set()
        inner: cst.CompFor | None = for_in
        while inner:
            if inner.asynchronous is not None:
                asynchronous.add(len(sources))
            sources.append((self.expression(inner.target), self.expression(inner.iter)))
            conditions += [self.expression(test.test) for test in inner.ifs]
            inner = inner.inner_for_in
        parts = tuple(self.expression(element) for element in elements)
        return Comprehension(
            type_, parts, tuple(sources), tuple(conditions), frozenset(asynchronous)
        )

    def comparison(self, node: cst.Comparison) -> Expression:
        """`a < b < c` is `a < b and b < c`, where b has a name unless it is one: written twice, it
        would stand twice as often in each comparison around."""
        left = self.expression(node.left)
        result: Expression | None = None
        for number, target in enumerate(node.comparisons, start=1):
            right = again = self.expression(target.comparator)
            if number < len(node.comparisons) and not is_plain(right):
                name = shared_name(number)
                right, again = Bind(name, right), Name(name)
            pair = Operation(operator(target.operator), (left, right))
            if isinstance(target.operator, cst.NotIn):
                pair = Operation("not", (pair,))
            result = Choice((result, pair), "and") if result else pair
            left = again
        assert result is not None
        return result

    def formatted(self, node: cst.FormattedString) -> Operation:
        return Operation("f-string", tuple(self.parts_of_text(node.parts)))

    def parts_of_text(
        self, parts: Iterable[cst.BaseFormattedStringContent]
    ) -> Iterator[Expression]:
        """The expressions in an f-string, and in how they are to be formatted: `{value!r}` formats
        `repr(value)`."""
        for part in parts:
            if isinstance(part, cst.FormattedStringExpression):
                value = self.expression(part.expression)
                name = _CONVERSIONS.get(part.conversion or "")
                yield Call(Name(name), (value,)) if name else value
                yield from self.parts_of_text(part.format_spec or ())

    def concatenated(self, node: cst.ConcatenatedString) -> Expression:
        left, right = self.expression(node.left), self.expression(node.right)
        if isinstance(left, Literal) and isinstance(right, Literal):
            return Literal("str", left.text + right.text)
        return Operation("f-string", (left, right))

    def yielded(self, node: cst.Yield) -> Yield:
        self.has_yield = True
        match node.value:
            case cst.From(item=item):
                return Yield(self.expression(item), delegates=True)
            case None:
                return Yield(None)
            case value:
                return Yield(self.expression(value))

    def defaults(
        self, node: cst.Parameters, plain: tuple[type, ...] = (Literal, Name)
    ) -> Iterator[tuple[str, Expression]]:
        """The defaults that evaluate something when the function is made, by their parameters."""
        for param in (*node.posonly_params, *node.params, *node.kwonly_params):
            value = self.expression(param.default) if param.default else None
            if value is not None and not isinstance(value, plain):
                yield param.name.value, value

    def parameters(self, node: cst.Parameters) -> Iterator[Parameter]:
        groups: tuple[tuple[Sequence[cst.Param], ParameterKind], ...] = (
            (node.posonly_params, ParameterKind.POSITIONAL_ONLY),
            (node.params, ParameterKind.POSITIONAL_OR_KEYWORD),
            (_one(node.star_arg), ParameterKind.VAR_POSITIONAL),
            (node.kwonly_params, ParameterKind.KEYWORD_ONLY),
            (_one(node.star_kwarg), ParameterKind.VAR_KEYWORD),
        )
        for params, kind in groups:
            for param in params:
                yield Parameter(
                    name=param.name.value,
                    kind=kind,
                    annotation=(annotation_text(param.annotation) if param.annotation else None),
                    default=canonical_text(param.default) if param.default else None,
                    default_names=(
                        tuple(default_names(self.expression(param.default)))
                        if param.default
                        else ()
                    ),
                )


_CONVERSIONS: Mapping[str, str] = {"r": "repr", "s": "str", "a": "ascii"}
_COMPREHENSIONS: Mapping[type[cst.CSTNode], str] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.GeneratorExp: "generator",
}

_OPERATORS: Mapping[str, str] = {
    "Add": "+",
    "AddAssign": "+",
    "Subtract": "-",
    "SubtractAssign": "-",
    "BitOr": "|",
    "BitOrAssign": "|",
    "BitAnd": "&",
    "BitAndAssign": "&",
    "BitXor": "^",
    "BitXorAssign": "^",
    "In": "in",
    "NotIn": "in",
    "Is": "is",
    "IsNot": "is not",
    "Equal": "==",
    "NotEqual": "!=",
    "LessThan": "<",
    "LessThanEqual": "<",
    "GreaterThan": "<",
    "GreaterThanEqual": "<",
    "Not": "not",
    "Modulo": "%",
    "ModuloAssign": "%",
    "Multiply": "*",
    "MultiplyAssign": "*",
    "Divide": "/",
    "DivideAssign": "/",
    "FloorDivide": "//",
    "FloorDivideAssign": "//",
}


def operator(node: cst.CSTNode) -> str:
    """The operator's sign, those alike under one; "arithmetic" for the rest."""
    return _OPERATORS.get(type(node).__name__, "arithmetic")


def _name(node: cst.Name) -> Expression:
    if node.value in ("True", "False"):
        return Literal("bool", node.value)
    if node.value == "None":
        return Literal("None")
    return Name(node.value)


def _string(node: cst.SimpleString) -> Literal:
    value = node.evaluated_value
    return Literal("bytes") if isinstance(value, bytes) else Literal("str", value)


def strings(expression: Expression | None) -> tuple[str, ...] | None:
    """The strings of a list or tuple display that holds nothing else, as `__all__` does."""
    match expression:
        case Display(type="list" | "tuple", elements=elements):
            found = tuple(
                element.text
                for element in elements
                if isinstance(element, Literal) and element.type == "str"
            )
            return found if len(found) == len(elements) else None
        case Operation(operator="+", operands=(left, right)):
            first, second = strings(left), strings(right)
            return first + second if first is not None and second is not None else None
    return None


def default_names(expression: Expression) -> Iterator[str]:
    """The names that a default's text needs where it is copied to; COMPUTED among them where what
    it gives may be another object each time that it is evaluated."""
    match expression:
        case Literal():
            pass
        case Name(id=name) | Get(value=Name(id=name)):
            yield name
        case Get(value=Get() as value):
            yield from default_names(value)
        case Display(type="tuple", elements=parts):
            for part in parts:
                yield from default_names(part)
        case Operation(operands=parts, operator=operator) if operator in _OF_NUMBERS and all(
            map(_is_number, parts)
        ):
            pass
        case _:
            yield COMPUTED


_OF_NUMBERS = frozenset({"+", "-", "*", "/", "//", "%", "arithmetic"})


def is_plain(expression: Expression) -> bool:
    """Whether it is a name, an attribute of one, or a constant."""
    while isinstance(expression, Get):
        expression = expression.value
    return isinstance(expression, Name | Literal)


def _is_number(expression: Expression) -> bool:
    """Whether it is a number, or made of numbers alone: `-1`, `60 * 60`. It may be very long."""
    pending = [expression]
    while pending:
        match pending.pop():
            case Literal(type="int" | "float" | "complex"):
                pass
            case Operation(operands=parts, operator=operator) if parts and operator in _OF_NUMBERS:
                pending += parts
            case _:
                return False
    return True


def dotted(node: cst.CSTNode) -> str:
    match node:
        case cst.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr.value}"
        case cst.Name(value=name):
            return name
    return ""


def _one(node: object) -> Sequence[cst.Param]:
    return (node,) if isinstance(node, cst.Param) else ()
