"""What annotations say of a decorator: `Callable[Concatenate[A, P], R]` to `Callable[P, R]`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from asyncgen.annotation import parse_annotation
from asyncgen.facts import Display, Expression, Item, Literal, Name
from asyncgen.source import (
    Decoration,
    Function,
    Module,
    Parameter,
    ParameterKind,
    Rearranged,
    Signature,
)

_CALLABLES = ("typing.Callable", "collections.abc.Callable")
ANY_ARGUMENTS = Signature(
    (
        Parameter("args", ParameterKind.VAR_POSITIONAL),
        Parameter("kwargs", ParameterKind.VAR_KEYWORD),
    )
)


class Spelled(Protocol):
    """What names stand for; see `decorators.Decorators`."""

    def spelled(self, expression: Expression, module: Module) -> str:
        """The dotted name that it stands for by the module's own imports; empty if none."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """Reads the annotations of decorators in a module."""

    names: Spelled
    module: Module

    def decoration(self, decorator: Function, parameter: Parameter) -> Decoration | None:
        """What it makes of the function that is passed as `parameter`; None where nothing is
        said."""
        given = self.split(parameter.annotation)
        result = self.split(decorator.signature.returns)
        if not result or not given:
            same = parameter.annotation and parameter.annotation == decorator.signature.returns
            return Decoration(f"{self.module.name}.{decorator.name}") if same else None
        same_result = given[2] == result[2]
        made = Decoration(f"{self.module.name}.{decorator.name}", hands_on=same_result)
        if result[1] == "..." or (result[1] and result[1] != given[1]):
            return replace(made, signature=ANY_ARGUMENTS)
        if not result[1]:
            names = (f"argument{number}" for number, _ in enumerate(result[0], 1))
            positional = (Parameter(name, ParameterKind.POSITIONAL_ONLY) for name in names)
            return replace(made, signature=Signature(tuple(positional)))
        kept: list[int | None] = []
        for each in result[0]:
            after = max((number for number in kept if number is not None), default=-1) + 1
            kept.append(given[0].index(each, after) if each in given[0][after:] else None)
        return replace(made, rearranged=Rearranged(len(given[0]), tuple(kept)))

    def split(
        self, annotation: str | None
    ) -> tuple[list[Expression], str, Expression | None] | None:
        """Of a `Callable` annotation: the parameters said one by one, the ParamSpec after them
        (or `...`), and the result."""
        expression = parse_annotation(annotation) if annotation else None
        match expression:
            case Literal(type="str", text=text):
                return self.split(text)
            case Item(value=head, index=Display(elements=(parameters, result))):
                if self.names.spelled(head, self.module) not in _CALLABLES:
                    return None
            case _:
                return None
        match parameters:
            case Name(id=name):
                return [], name, result
            case Display(elements=elements):
                return list(elements), "", result
            case Item(index=Display(elements=(*elements, Name(id=name)))):
                return elements, name, result
        return [], "...", result
