"""Whether a wrapper passes its arguments on to what it wraps, and returns what that gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from asyncgen.facts import (
    Assign,
    Block,
    Branch,
    Call,
    Expression,
    Get,
    Item,
    Name,
    Return,
    Star,
    Try,
    With,
    nodes,
    walk,
)
from asyncgen.source import Function, ParameterKind, Signature

# What changes a dict of keyword arguments.
_CHANGES = frozenset({"pop", "popitem", "setdefault", "update", "clear"})
_VARIADIC = {ParameterKind.VAR_POSITIONAL, ParameterKind.VAR_KEYWORD}


def passes_on(block: Block, signature: Signature, is_wrapped: Callable[[Expression], bool]) -> bool:
    """Whether a wrapper takes any arguments and passes on just these."""
    kinds = [each.kind for each in signature.parameters]
    if ParameterKind.KEYWORD_ONLY in kinds or not {*kinds} >= _VARIADIC:
        return False
    *fixed, args, kwargs = (Name(each.name) for each in signature.parameters)
    expected = Call(Name(""), (*fixed, Star(args)), ((None, kwargs),))
    calls = [
        replace(each, function=Name(""))
        for each in _every_node(block)
        if isinstance(each, Call) and is_wrapped(each.function)
    ]
    return (
        bool(calls)
        and all(each == expected for each in calls)
        and not _changes(block, {*fixed, args, kwargs})
    )


def _changes(block: Block, names: set[Name]) -> bool:
    """Whether something in the block binds one of the names anew, or changes what it holds."""
    for each in _every_node(block):
        match each:
            case Assign(targets=targets):
                for target in targets:
                    if isinstance(target, Item):
                        target = target.value
                    if target in names:
                        return True
            case Call(function=Get(value=Name() as owner, name=name)):
                if owner in names and name in _CHANGES:
                    return True
    return False


def returns_result(block: Block, is_wrapped: Callable[[Expression], bool]) -> bool:
    """Whether a wrapper returns what the wrapped callable does, and nothing else."""
    held: dict[Expression, list[Expression]] = {}
    for each in walk(block):
        if isinstance(each, Assign):
            for target in each.targets:
                held.setdefault(target, []).append(each.value)

    def hands_on(value: Expression | None) -> bool:
        if isinstance(value, Call):
            return is_wrapped(value.function)
        return value in held and all(
            isinstance(each, Call) and is_wrapped(each.function) for each in held[value]
        )

    returned = [each.value for each in walk(block) if isinstance(each, Return)]
    ends = block[-1] if block else None
    return (
        isinstance(ends, Return | With | Try | Branch)
        and bool(returned)
        and all(map(hands_on, returned))
    )


def _every_node(block: Block) -> Iterator[object]:
    """The statements and expressions of a block, and of the functions that are defined in it."""
    for each in nodes(block):
        yield each
        if isinstance(each, Function):
            yield from _every_node(each.body)
