"""Tags and filters that a project writes for its templates, by the names that these use.

https://docs.djangoproject.com/en/stable/howto/custom-template-tags/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from asyncgen.analysis.values import Bound
from asyncgen.facts import Call, Expression, Get, Literal, Name
from asyncgen.source import Function, Module

_KINDS = frozenset({"filter", "inclusion_tag", "simple_block_tag", "simple_tag"})


@dataclass(frozen=True, slots=True)
class Tag:
    """A function that templates call; `template`, what an inclusion tag renders of its result."""

    bound: Bound
    takes_context: bool = False
    template: str = ""


Library = Mapping[str, Tag]


def library(module: Module) -> Library:
    """What a module registers with decorators, as `@register.simple_tag`."""
    return {
        name: tag
        for function in module.functions.values()
        for decorator in function.decorators
        for name, tag in _registered(decorator, function, module)
    }


def _registered(
    decorator: Expression, function: Function, module: Module
) -> Iterator[tuple[str, Tag]]:
    """The function itself is what templates call, not what else stands around it."""
    bare = replace(function, decorators=(), decorations=(), decorated=None)
    match decorator:
        case Get(value=Name(), name=kind) if kind in _KINDS:
            yield function.name, Tag(Bound(bare, module))
        case Call(function=Get(value=Name(), name=kind)) if kind in _KINDS:
            keywords = dict(decorator.keywords)
            first = next(iter(decorator.arguments), None)
            is_inclusion = kind == "inclusion_tag"
            named = keywords.get("name", None if is_inclusion else first)
            file = first or keywords.get("filename") if is_inclusion else None
            yield (
                named.text if isinstance(named, Literal) else function.name,
                Tag(
                    Bound(bare, module),
                    keywords.get("takes_context") == Literal("bool", "True"),
                    file.text if isinstance(file, Literal) else "",
                ),
            )
