"""Type variables: which assignments make them, and which ones a class is generic in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from asyncgen.annotation import last_word
from asyncgen.definitions import Alias
from asyncgen.facts import Call, Display, Expression, Get, Item, Name, Star
from asyncgen.resolve import Resolver
from asyncgen.source import Class, TypeParameter

_STARS = {"TypeVar": "", "TypeVarTuple": "*", "ParamSpec": "**"}


def variable_kind(alias: Alias) -> str | None:
    """TypeVar, ParamSpec or TypeVarTuple, where an assignment makes one, whatever its module
    calls these classes."""
    value = alias.attribute.value
    if not isinstance(value, Call):
        return None
    word = last_word(value.function)
    imported = alias.module.imports.get(word) if isinstance(value.function, Name) else None
    word = (imported and imported.name) or word
    return word if word in _STARS else None


def is_variable(alias: Alias) -> bool:
    return variable_kind(alias) is not None


def type_parameter(alias: Alias) -> TypeParameter:
    """A variable as the type parameter that it stands for; `found` has to make one."""
    kind, text = variable_kind(alias), alias.attribute.text or ""
    assert kind is not None, alias.attribute.name
    constraints: list[str | None] = []
    keywords: dict[str | None, str | None] = {}
    match ast.parse(text).body:
        case [ast.Expr(value=ast.Call(args=[_, *rest], keywords=named))]:
            constraints = [ast.get_source_segment(text, each) for each in rest]
            keywords = {each.arg: ast.get_source_segment(text, each.value) for each in named}
    return TypeParameter(
        alias.attribute.name,
        _STARS[kind],
        keywords.get("bound"),
        tuple(each for each in constraints if each),
        keywords.get("default"),
    )


def variables(cls: Class, resolver: Resolver) -> list[Alias]:
    """The type variables in the bases of a class, in the order of its parameters."""
    module = resolver.readable(cls.module)
    if module is None:
        return []
    bases = [base for base in cls.bases if isinstance(base, Item)]
    bases.sort(key=lambda base: not is_generic_base(base))
    result: list[Alias] = []
    for base in bases:
        for name in _names(base.index):
            alias = resolver.expression(module, name)
            if isinstance(alias, Alias) and is_variable(alias) and alias not in result:
                result.append(alias)
    known = {(each.module.name, each.attribute.name): each for each in reversed(result)}
    return [each for each in result if known.get((each.module.name, each.attribute.name)) is each]


def class_parameters(cls: Class, resolver: Resolver) -> tuple[TypeParameter, ...]:
    """What a class is subscripted with: its own type parameters, or the variables of its bases."""
    if cls.type_parameters:
        return cls.type_parameters
    return tuple(map(type_parameter, variables(cls, resolver)))


def is_generic_base(base: Item) -> bool:
    return isinstance(base.value, Name | Get) and last_word(base.value) in ("Generic", "Protocol")


def _names(index: Expression | None) -> Iterator[Name | Get]:
    """The names in what a base is subscripted with, however deep: `Base[dict[K, V], *Ts]`."""
    match index:
        case Name() | Get():
            yield index
        case Star(value=value):
            yield from _names(value)
        case Item(value=value, index=inner):
            yield from _names(value)
            yield from _names(inner)
        case Display(elements=elements):
            for each in elements:
                yield from _names(each)
