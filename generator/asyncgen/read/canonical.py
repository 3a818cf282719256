"""Expressions as a formatter would space them, so that output needs no formatter.

Defaults and annotations go into the output as they stand in the source, but a source need not be
formatted; ruff and black then would change what asyncgen wrote.
"""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from dataclasses import MISSING, fields
from functools import cache

import libcst as cst

_PLAIN = re.compile(r"[^\W\d][\w.]*|-?\d+|\"[^\"\\\n]*\"")
_ESCAPED_QUOTE = re.compile(r"(?<!\\)((?:\\\\)*)\\'")
_EMPTY = cst.Module([])
_LAYOUT = ("whitespace", "comma", "equal", "colon")

_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))

_known: dict[str, str] = {}  # many a text stands in many places


def canonical_text(node: cst.BaseExpression) -> str:
    """The source text of an expression on one line, spaced and quoted as ruff and black do."""
    if isinstance(node, cst.Name) and not node.lpar:
        return node.value  # most annotations are no more
    text = _EMPTY.code_for_node(node)
    if _PLAIN.fullmatch(text):
        return text
    if text not in _known:
        formatted = node.visit(_Canonical())
        assert isinstance(formatted, cst.CSTNode)  # it removes nothing
        _known[text] = _EMPTY.code_for_node(formatted)
    return _known[text]


def canonical_source(text: str) -> str:
    """The same of an expression's source, such as a string in an annotation has; as it is where it
    is no expression."""
    if _PLAIN.fullmatch(text):
        return text
    with suppress(cst.ParserSyntaxError):
        return canonical_text(cst.parse_expression(text.strip()))
    return text


def annotation_text(node: cst.Annotation) -> str:
    """The same of an annotation, without parentheses around it: they are for line breaks. A string
    holds a type, which stubs have without the quotes: it is spaced and quoted likewise."""
    expression = _bare(node.annotation)
    value = expression.evaluated_value if isinstance(expression, cst.SimpleString) else None
    if isinstance(value, str):
        with suppress(cst.ParserSyntaxError):
            inner = canonical_text(_bare(cst.parse_expression(f"({value})")))
            return _literal(inner)
    return canonical_text(expression)


def _bare(expression: cst.BaseExpression) -> cst.BaseExpression:
    """The expression without parentheses around it."""
    if expression.lpar and not isinstance(expression, cst.Tuple):
        return expression.with_changes(lpar=(), rpar=())
    return expression


class _Canonical(cst.CSTTransformer):
    """Gives every node LibCST's default layout, which is PEP 8's, and normal quotes."""

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        plain = updated_node.with_changes(**_default_layout(type(updated_node)))
        return super().on_leave(original_node, plain)

    def leave_SimpleString(
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        if "\n" in updated_node.raw_value:  # what is written again stands on one line
            return updated_node.with_changes(value=_literal(updated_node.evaluated_value))
        prefix = updated_node.prefix.lower().replace("u", "")
        quote, raw = _quoted(updated_node.quote, updated_node.raw_value, "r" in prefix.lower())
        return updated_node.with_changes(value=f"{prefix}{quote}{raw}{quote}")

    def visit_FormattedString(self, node: cst.FormattedString) -> bool:
        """No: `{x=}` gives its own text, and before Python 3.12 the quotes inside are not those
        outside (PEP 701)."""
        return False

    def leave_ConcatenatedString(
        self, original_node: cst.ConcatenatedString, updated_node: cst.ConcatenatedString
    ) -> cst.BaseExpression:
        """As one string, where its parts are of one kind; ruff joins them, and black does not."""
        value = updated_node.evaluated_value
        if value is None:  # an f-string is among them
            return updated_node.with_changes(whitespace_between=cst.SimpleWhitespace(" "))
        left, right = updated_node.left, updated_node.right
        joined = ""
        if isinstance(left, cst.SimpleString) and isinstance(right, cst.SimpleString):
            start = f"{left.prefix}{left.quote}"
            if start == f"{right.prefix}{right.quote}" and len(left.quote) == 1:
                joined = f"{start}{left.raw_value}{right.raw_value}{left.quote}"
        if not joined or ast.literal_eval(joined) != value:  # "\0" "1" is not "\01"
            joined = _literal(value)
        return cst.SimpleString(joined, lpar=updated_node.lpar, rpar=updated_node.rpar)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(equal=_EQUAL) if updated_node.keyword else updated_node

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        """Of a lambda: its parameters have no annotations."""
        return updated_node.with_changes(equal=_EQUAL) if updated_node.default else updated_node

    def leave_Integer(self, original_node: cst.Integer, updated_node: cst.Integer) -> cst.Integer:
        text = updated_node.value.lower()
        if text.startswith("0x"):
            text = "0x" + text[2:].upper()
        return updated_node.with_changes(value=text)

    def leave_Float(self, original_node: cst.Float, updated_node: cst.Float) -> cst.Float:
        text = updated_node.value.lower()
        whole, dot, rest = text.partition(".")
        if dot:  # .5 is 0.5 and 5. is 5.0
            digits, exponent, power = rest.partition("e")
            text = f"{whole or 0}.{digits or 0}{exponent}{power}"
        return updated_node.with_changes(value=text)

    def leave_BinaryOperation(
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BinaryOperation:
        if not isinstance(updated_node.operator, cst.Power):
            return updated_node
        if not (_is_simple(updated_node.left) and _is_simple(updated_node.right)):
            return updated_node
        tight = cst.SimpleWhitespace("")
        return updated_node.with_changes(
            operator=cst.Power(whitespace_before=tight, whitespace_after=tight)
        )


def _literal(value: str | bytes) -> str:
    """The value as a literal, in double quotes unless that takes more escapes."""
    text = repr(value)
    prefix, _, raw = text[:-1].partition("'")
    return text if '"' in text else f'{prefix}"{raw}"'


def _quoted(quote: str, raw: str, is_raw: bool) -> tuple[str, str]:
    """The quotes and the text between them: double quotes, unless that takes more escapes."""
    if not quote.startswith("'") or '"' in raw or (is_raw and "\\'" in raw):
        return quote, raw
    return quote.replace("'", '"'), raw if is_raw else _ESCAPED_QUOTE.sub(r"\1'", raw)


@cache
def _default_layout(node: type[cst.CSTNode]) -> dict[str, object]:
    """The layout fields of a node class and LibCST's defaults for them."""
    if issubclass(node, cst.Power):
        return {}  # left to leave_BinaryOperation, which knows the operands
    layout: dict[str, object] = {}
    for field in fields(node):
        if field.name.startswith(_LAYOUT):
            if field.default is not MISSING:
                layout[field.name] = field.default
            elif field.default_factory is not MISSING:
                layout[field.name] = field.default_factory()
    return layout


def _is_simple(node: cst.BaseExpression) -> bool:
    """An operand that black sets close to `**`: a name, a number, an attribute, their negation."""
    match node:
        case cst.Name() | cst.Integer() | cst.Float() | cst.Imaginary():
            return True
        case cst.Attribute(value=value):
            return _is_simple(value)
        case cst.UnaryOperation(expression=expression, operator=cst.Minus()):
            return _is_simple(expression)
    return False
