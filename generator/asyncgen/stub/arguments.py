"""What the type variables of a generic class stand for in a class that inherits from it.

`class UserManager(BaseUserManager[_User])`: what `BaseUserManager` says of its `_T` is said of
`_User` there, and so is what its own base says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from asyncgen.annotation import expression_text
from asyncgen.facts import Display, Expression, Item
from asyncgen.infer.scope import Scope, Where
from asyncgen.infer.variables import class_parameters
from asyncgen.resolve import Resolver
from asyncgen.source import Class


def arguments(
    found: Class,
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
    module = resolver.readable(found.module)
    if found is owner or module is None:
        return own
    for base in found.bases:
        known = resolver.expression(module, base)
        if isinstance(known, Class) and owner in resolver.mro(known):
            given = list(_subscripts(base))
            inner = {"Self": own["Self"]} if "Self" in own else {}
            for number, (name, default) in enumerate(class_parameters(known, resolver)):
                where = Where(module, resolver, found, own)
                if number < len(given):
                    text = _spelled(given[number], scope, where)
                else:
                    text = inner.get(expression_text(default) or "", unsaid)
                inner[name] = text or unsaid
            return arguments(known, owner, resolver, scope, inner, unsaid)
    return own


def _spelled(expression: Expression, scope: Scope, where: Where) -> str | None:
    text = expression_text(expression)
    return scope.annotation(text, where) if text else None


def _subscripts(base: Expression) -> Iterator[Expression]:
    match base:
        case Item(index=Display(elements=elements)):
            yield from elements
        case Item(index=index) if index is not None:
            yield index
