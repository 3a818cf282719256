"""What an assignment makes of a name: another function, or a mark with its value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from asyncgen.facts import Call, Display, Expression, Get, Literal, Name
from asyncgen.source import Function


def mark_text(value: Expression) -> str:
    """A mark's value as text: a constant, or a list of strings; empty for anything else."""
    match value:
        case Literal(text=text):
            return text
        case Display(type="list", elements=elements):
            texts = [each.text for each in elements if isinstance(each, Literal)]
            if len(texts) == len(elements):
                return f"[{', '.join(map(json.dumps, texts))}]"
    return ""


def function_by_assignment(
    name: str, value: Expression, functions: Mapping[str, Function]
) -> Function | None:
    """`b = a`, `a = decorate(a)`, `a = property(get, set)`: the function that `a` now is."""
    match value:
        case Name(id=source) if source in functions:
            return replace(functions[source], name=name, earlier=())
        case Call(function=decorator, arguments=(Name(id=source), *others), keywords=()) if (
            source in functions
        ):
            accessors = [functions.get(each.id) for each in others if isinstance(each, Name)]
            if None in accessors or len(accessors) < len(others):
                return None
            function = functions[source]
            return replace(
                function,
                name=name,
                earlier=(),
                setter=accessors[0] if accessors else function.setter,
                deleter=accessors[1] if len(accessors) > 1 else function.deleter,
                decorators=(decorator, *function.decorators),
                decorator_texts=(".".join(_path(decorator)), *function.decorator_texts),
            )
    return None


def _path(expression: Expression) -> tuple[str, ...]:
    match expression:
        case Name(id=name):
            return (name,)
        case Get(value=value, name=name):
            return (*_path(value), name)
    return ()
