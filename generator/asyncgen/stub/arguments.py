"""What the type variables of a generic class stand for in a class that inherits from it.

`class UserManager(BaseUserManager[_User])`: what `BaseUserManager` says of its `_T` is said of
`_User` there, and so is what its own base says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from asyncgen.analysis.variables import class_parameters
from asyncgen.resolve import Resolver
from asyncgen.source import Class, TypeParameter
from asyncgen.stub.scope import Scope, Where


def arguments(
    cls: Class,
    owner: Class,
    resolver: Resolver,
    scope: Scope,
    own: Mapping[str, str],
    unsaid: str,
) -> Mapping[str, str]:
    """Texts in the stub's names for the type variables of `owner`, from which `found` inherits.

    `own` is what names mean in `found` itself; `unsaid` stands for what a base is not subscripted
    with.
    """
    module = resolver.readable(cls.module)
    if cls is owner or module is None:
        return own
    for number, base in enumerate(cls.bases):
        known = resolver.expression(module, base)
        if isinstance(known, Class) and owner in resolver.mro(known):
            written = Where(module, resolver, cls, own)
            text = cls.base_texts[number] if cls.base_texts else ""
            given = [scope.annotation(each, written) or unsaid for each in _subscripts(text)]
            inner = {"Self": own["Self"]} if "Self" in own else {}
            home = resolver.readable(known.module) or module
            for parameter, part in matched(class_parameters(known, resolver), given):
                where = Where(home, resolver, known, inner)
                inner[parameter.name] = part or _unsaid(parameter, scope, where, unsaid)
            return arguments(known, owner, resolver, scope, inner, unsaid)
    return own


def matched(
    parameters: Sequence[TypeParameter], given: Sequence[str]
) -> Iterator[tuple[TypeParameter, str | None]]:
    """What each parameter is given; `tuple[…]` of all that a TypeVarTuple takes."""
    surplus = len(given) - len(parameters)
    for number, parameter in enumerate(parameters):
        if parameter.stars == "*" and given:
            yield parameter, _packed(given[number : number + surplus + 1])
            given = [*given[:number], "", *given[number + surplus + 1 :]]
        else:
            yield parameter, given[number] if number < len(given) else None


def _packed(given: Sequence[str]) -> str:
    """What a TypeVarTuple stands for, so that it can be unpacked: `*Ts` alone is `Ts`."""
    if len(given) == 1 and given[0].startswith("*"):
        return given[0][1:]
    return f"tuple[{', '.join(given) or '()'}]"


def _unsaid(parameter: TypeParameter, scope: Scope, where: Where, unsaid: str) -> str:
    text = scope.annotation(parameter.default, where) if parameter.default else None
    text = text or (scope.unknown(parameter) if parameter.stars else unsaid)
    return _packed([text]) if parameter.stars == "*" else text


def _subscripts(text: str) -> Iterator[str]:
    """The texts between the brackets of a base."""
    node = ast.parse(text or "None", mode="eval").body
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for each in parts:
            yield ast.get_source_segment(text, each) or ""
