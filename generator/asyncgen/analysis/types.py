"""Types that are known without an annotation: what inference gives and a stub can spell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from asyncgen.definitions import Alias


@dataclass(frozen=True, slots=True)
class Known:
    """The class `name` of `module`, with type arguments; `name` may have outer classes in it.

    Or a type variable, by the assignment that makes it.
    """

    module: str
    name: str
    arguments: tuple[Types, ...] = ()
    variable: Alias | None = None

    def __str__(self) -> str:
        inner = ", ".join(text(each) if each else "..." for each in self.arguments)
        return f"{self.name}[{inner}]" if inner else self.name


Types: TypeAlias = frozenset[Known]  # a union; the empty one is what never returns


def builtin(name: str, *arguments: Types) -> Types:
    return frozenset({Known("builtins", name, arguments)})


ANY: Types = frozenset({Known("typing", "Any")})
SELF: Types = frozenset({Known("typing", "Self")})
NONE = builtin("None")
BOOL = builtin("bool")
INT = builtin("int")
STR = builtin("str")


def all_of(parts: Iterable[Types | None]) -> Types | None:
    """All together; None where one is not known."""
    found: set[Known] = set()
    for each in parts:
        if each is None:
            return None
        found |= each
    return frozenset(found)


def tuple_parts(types: Types | None, count: int) -> list[Types | None]:
    """The parts of a tuple of that length; None where they are not known."""
    if types is not None and len(types) == 1:
        (known,) = types
        if known.name == "tuple" and len(known.arguments) == count and all(known.arguments):
            return [*known.arguments]
    return [None] * count


def made(types: Types | None) -> Types | None:
    """What calling a class gives."""
    if types is None or len(types) != 1:
        return None
    (known,) = types
    return known.arguments[0] if known.name == "type" and known.arguments else None


def iterator(element: Types | None) -> Types | None:
    return (
        None if element is None else frozenset({Known("collections.abc", "Iterator", (element,))})
    )


def given(types: Types) -> Types | None:
    """What an iterator gives at each step, and a context manager when it is entered."""
    found: set[Known] = set()
    for each in types:
        if each.name not in ("Iterator", "AbstractContextManager"):
            return None
        found |= each.arguments[0]
    return frozenset(found) or None


def ordered(types: Types) -> list[Known]:
    """The members of a union in the order in which they are written: None last."""
    return sorted(types, key=lambda each: (each.name == "None", str(each)))


def text(types: Types) -> str:
    """The union as text, for people; `Scope.spelled` is for stubs."""
    return " | ".join(map(str, ordered(types))) or "Never"


def simplified(types: Types) -> Types:
    """`types` without those that another of them, with Any in it, stands for."""
    return frozenset(
        each for each in types if not any(_covers(other, each) for other in types - {each})
    )


def merged(types: Types) -> Types:
    """`types` with all lists, sets and dicts of one kind as one, of all that they may hold."""
    result: dict[tuple[str, str, int], Known] = {}
    apart: set[Known] = set()
    for each in types:
        if each.module != "builtins" or each.name not in ("dict", "list", "set"):
            apart.add(each)
            continue
        key = (each.module, each.name, len(each.arguments))
        other = result.get(key, each)
        pairs = zip(each.arguments, other.arguments, strict=True)
        inner = tuple(ANY if ANY & (a | b) else a | b for a, b in pairs)
        result[key] = Known(each.module, each.name, inner)
    return frozenset(apart) | frozenset(result.values())


def _covers(wide: Known, narrow: Known) -> bool:
    if (wide.module, wide.name) != (narrow.module, narrow.name):
        return False
    if len(wide.arguments) != len(narrow.arguments):
        return False
    pairs = list(zip(wide.arguments, narrow.arguments, strict=True))
    return all(one in (ANY, other) or _all_cover(one, other) for one, other in pairs)


def _all_cover(wide: Types, narrow: Types) -> bool:
    return all(any(one == each or _covers(one, each) for one in wide) for each in narrow)


def has(types: Types, part: Types) -> bool:
    """Whether a member of `part` is one of `types`, or an argument of one, however deep."""
    return bool(types & part) or any(has(each, part) for known in types for each in known.arguments)


def overrides(types: Types, wanted: Types) -> bool:
    """Whether a method that returns `found` can override one that returns `wanted`, as far as
    builtins tell: whether one class inherits from another is not asked."""
    return all(any(_stands_for(each, other) for other in wanted) for each in types)


def _stands_for(known: Known, wanted: Known) -> bool:
    if known.variable or wanted.variable or {known, wanted} & ANY:
        return True
    if not known.module == wanted.module == "builtins":
        return known not in NONE
    if (known.name, wanted.name) in (("bool", "int"), ("int", "float")):
        return True
    pairs = zip(known.arguments, wanted.arguments, strict=False)
    return known.name == wanted.name and all(overrides(one, other) for one, other in pairs)


def replaced(types: Types, part: Types, other: Types) -> Types:
    """`types`, with `other` where they say `part`, however deep."""
    if part == other:
        return types
    if part <= types:
        types = types - part | other
    return frozenset(
        Known(
            each.module,
            each.name,
            tuple(replaced(inner, part, other) for inner in each.arguments),
            each.variable,
        )
        for each in types
    )


def substituted(types: Types, receiver: Known) -> Types:
    """`types`, with `receiver` where they say Self."""
    return frozenset(_substituted(each, receiver) for each in types)


def _substituted(known: Known, receiver: Known) -> Known:
    if known in SELF:
        return receiver
    inner = tuple(substituted(each, receiver) for each in known.arguments)
    return Known(known.module, known.name, inner, known.variable)
