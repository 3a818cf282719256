"""Annotations as text, with other names in them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from asyncgen.read.canonical import canonical_source

# Classes that take arguments, and how many; none said means `Any` for each, which mypy's --strict
# wants written (its error code `type-arg`).
_ARGUMENTS = {
    1: (
        *("list", "set", "frozenset", "List", "Set", "FrozenSet", "Type"),
        *("deque", "Counter", "Deque", "Pattern", "Match"),
        *("Iterable", "Iterator", "Reversible", "Container", "Collection", "Awaitable"),
        *("Sequence", "MutableSequence", "AbstractSet", "MutableSet", "KeysView", "ValuesView"),
        *("AsyncIterable", "AsyncIterator"),
        *("QuerySet", "Manager", "BaseManager", "RelatedManager"),
    ),
    2: (
        *("dict", "defaultdict", "OrderedDict", "ChainMap", "Dict", "DefaultDict"),
        *("Mapping", "MutableMapping", "ItemsView", "AsyncGenerator"),
    ),
    3: ("Generator", "Coroutine"),
}
_UNSAID: Mapping[str, str] = {
    "tuple": "[{any}, ...]",
    "Tuple": "[{any}, ...]",
    "Callable": "[..., {any}]",
    **{
        name: f"[{', '.join(['{any}'] * count)}]"
        for count, names in _ARGUMENTS.items()
        for name in names
    },
}
_HOMES = frozenset({"builtins", "collections", "re", "typing", "typing_extensions", "django"})


def unsaid_arguments(module: str, name: str, any_: str) -> str:
    """What a generic class of `module` takes where nothing is said, `any_` being the text for Any;
    nothing for other names."""
    known = module.partition(".")[0] in _HOMES
    return _UNSAID.get(name, "").format(any=any_) if known else ""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What is written for a dotted name, and after one that has no arguments.

    A string in an annotation is a type, which is written without its quotes, unless it
    `keeps_quotes`.
    """

    translate: Callable[[str], str]
    arguments: Callable[[str], str] = lambda chain: ""
    keeps_quotes: bool = False

    def text(self, text: str, *, is_data: bool = False) -> str:
        """The text with other names; in data, such as a default, strings are left alone."""
        data = text.encode()
        node = ast.parse(text, mode="eval").body
        edits = sorted(self.edits(node, is_data=is_data), reverse=True)
        for start, end, replacement in edits:
            data = data[:start] + replacement.encode() + data[end:]
        return data.decode()

    def edits(self, node: ast.expr, *, is_data: bool = False) -> Iterator[tuple[int, int, str]]:
        match node:
            case ast.Name() | ast.Attribute():
                chain = _chain(node)
                if chain:
                    arguments = "" if is_data else self.arguments(chain)
                    yield *_span(node), self.translate(chain) + arguments
                    return
            case ast.Constant(value=str(quoted)) if not is_data:
                if not self.keeps_quotes:
                    yield *_span(node), self.text(canonical_source(quoted))
                elif (inner := self.text(quoted)) != quoted:
                    yield *_span(node), f'"{inner}"' if '"' not in inner else repr(inner)
                return
            case ast.Call(func=function, args=arguments_, keywords=keywords):
                yield from self.edits(function, is_data=True)
                for each in (*arguments_, *(keyword.value for keyword in keywords)):
                    yield from self.edits(each, is_data=True)
                return
            case ast.Subscript():
                yield from self.subscript(node, is_data)
                return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from self.edits(child, is_data=is_data)

    def subscript(self, node: ast.Subscript, is_data: bool) -> Iterator[tuple[int, int, str]]:
        yield from self.edits(node.value, is_data=True)
        name = (_chain(node.value) or "").rpartition(".")[2]
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for number, part in enumerate(parts):
            holds_data = name == "Literal" or (name == "Annotated" and number > 0)
            yield from self.edits(part, is_data=is_data or holds_data)


def _chain(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            owner = _chain(value)
            return f"{owner}.{attr}" if owner else None
    return None


def _span(node: ast.expr) -> tuple[int, int]:
    assert node.end_col_offset is not None
    return node.col_offset, node.end_col_offset
