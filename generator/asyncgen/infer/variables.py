"""Type variables: which assignments make them, and which ones a class is generic in."""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen.annotation import last_word
from asyncgen.facts import Call, Display, Expression, Get, Item, Name
from asyncgen.resolve import Alias, Resolver
from asyncgen.source import Class

_VARIABLES = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})


def is_variable(found: Alias) -> bool:
    """Whether an assignment makes a TypeVar, a ParamSpec or a TypeVarTuple."""
    value = found.attribute.value
    return isinstance(value, Call) and last_word(value.function) in _VARIABLES


def variables(found: Class, resolver: Resolver) -> list[Alias]:
    """The type variables in the bases of a class, in the order of its parameters."""
    module = resolver.readable(found.module)
    if module is None:
        return []
    bases = [base for base in found.bases if isinstance(base, Item)]
    bases.sort(key=lambda base: not is_generic_base(base))
    result: list[Alias] = []
    for base in bases:
        for name in _names(base.index):
            alias = resolver.name(module, name)
            if isinstance(alias, Alias) and is_variable(alias) and alias not in result:
                result.append(alias)
    known = {(each.module.name, each.attribute.name): each for each in reversed(result)}
    return [each for each in result if known.get((each.module.name, each.attribute.name)) is each]


def class_parameters(found: Class, resolver: Resolver) -> Iterator[tuple[str, Expression | None]]:
    """The type variables that a class is subscripted with, and their defaults."""
    for name in found.type_parameters:
        yield name, None
    if not found.type_parameters:
        for alias in variables(found, resolver):
            value = alias.attribute.value
            keywords = dict(value.keywords) if isinstance(value, Call) else {}
            yield alias.attribute.name, keywords.get("default")


def is_generic_base(base: Item) -> bool:
    return isinstance(base.value, Name | Get) and last_word(base.value) in ("Generic", "Protocol")


def _names(index: Expression | None) -> Iterator[str]:
    match index:
        case Name(id=name):
            yield name
        case Display(elements=elements):
            for each in elements:
                yield from _names(each)
