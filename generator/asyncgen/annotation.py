"""Annotations as expressions, for the stages that ask what they mean, and back as text."""

from __future__ import annotations

import ast
import types
from functools import cache

from asyncgen.facts import Display, Expression, Get, Item, Literal, Name, Operation


@cache
def parse_annotation(text: str) -> Expression | None:
    """The expression that an annotation's source text is; None where it is not one we read."""
    try:
        return _converted(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError:
        return None


def _converted(node: ast.expr) -> Expression | None:
    match node:
        case ast.Name(id=name):
            return Name(name)
        case ast.Constant(value=types.EllipsisType()):
            return Name("...")
        case ast.Constant(value=None):
            return Literal("None")
        case ast.Constant(value=str(text)):
            return Literal("str", text)
        case ast.Attribute(value=value, attr=attr):
            owner = _converted(value)
            return Get(owner, attr) if owner else None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            parts = [_converted(left), _converted(right)]
            known = tuple(part for part in parts if part)
            return Operation("|", known) if len(known) == 2 else None
        case ast.Subscript(value=value, slice=index):
            owner = _converted(value)
            return Item(owner, _converted(index)) if owner else None
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            parts = [_converted(element) for element in elements]
            return Display("tuple", tuple(part for part in parts if part))
    return None


def dotted_name(expression: Expression) -> str:
    """The dotted name that an expression is; empty where it is none."""
    match expression:
        case Name(id=name):
            return name
        case Get(value=value, name=name):
            owner = dotted_name(value)
            return f"{owner}.{name}" if owner else ""
    return ""


def last_word(expression: Expression) -> str:
    match expression:
        case Name(id=name) | Get(name=name):
            return name
    return ""
