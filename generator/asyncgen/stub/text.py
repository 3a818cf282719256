"""Types as text: what is taken out of them, and what is put around them."""

from __future__ import annotations

import ast
import re

from asyncgen.annotation import last_word, parse_annotation
from asyncgen.facts import Item
from asyncgen.stub.scope import Scope
from asyncgen.surface import Kind

ITERATORS = frozenset(
    {"Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator"}
)
CONTEXTS = frozenset({"ContextManager", "AbstractContextManager"})
_WITH_NONE = re.compile(r"\b(None|Optional|Any|object|Incomplete)\b")


def argument(text: str, heads: frozenset[str]) -> str | None:
    """The first argument of `Head[A, …]`, where the head is one of `heads`; empty where it has
    none."""
    found = arguments_of(text, heads)
    return None if found is None else next(iter(found), "")


def arguments_of(text: str, heads: frozenset[str]) -> tuple[str, ...] | None:
    """The arguments of `Head[A, …]`; None where the head is not one of `heads`."""
    unquoted = text.strip()
    if unquoted[:1] in "\"'":
        unquoted = unquoted[1:-1]
    try:
        node = ast.parse(unquoted, mode="eval").body
    except SyntaxError:
        return None
    if isinstance(node, ast.Subscript) and head(ast.unparse(node.value)) in heads:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return tuple(ast.get_source_segment(unquoted, each) or "" for each in parts)
    return () if head(unquoted) in heads and not isinstance(node, ast.Subscript) else None


def given_by(text: str, kind: Kind | None) -> tuple[str, ...] | None:
    """What a twin of that kind gives where its sync callable returns `text`: `T` of `Iterator[T]`,
    for instance, or the annotation itself; None where it does not fit the kind."""
    if kind not in (Kind.ITERATOR, Kind.CONTEXT):
        return (text,)
    if kind is Kind.CONTEXT and (found := arguments_of(text, CONTEXTS)) is not None:
        return found
    # Of a context manager, what a function says that @contextmanager decorates.
    found = arguments_of(text, ITERATORS)
    return None if found is None else found[:1]


def unbound(text: str, scope: Scope) -> str:
    """A type in which no generic class of Django's is subscripted with Self: what these take is
    bound to Model, and a mixin is none. Any stands in its place."""
    if not re.search(r"\bSelf\b", text):
        return text
    spans = [
        (name.col_offset, name.end_col_offset)
        for node in ast.walk(ast.parse(text, mode="eval"))
        if isinstance(node, ast.Subscript) and scope.is_of_django(ast.unparse(node.value))
        for name in ast.walk(node.slice)
        if isinstance(name, ast.Name) and name.id == "Self"
    ]
    data = text.encode()
    for start, end in sorted(spans, reverse=True):
        data = data[:start] + scope.name("typing", "Any").encode() + data[end:]
    return data.decode()


def head(text: str) -> str:
    """The name that a type begins with, without what it stands in: `QuerySet` of
    `models.QuerySet["Book"]`."""
    expression = parse_annotation(text)
    if isinstance(expression, Item):
        expression = expression.value
    return last_word(expression) if expression else ""


def wrapped(text: str, kind: Kind | None, scope: Scope) -> str:
    """What a twin of that kind returns, which gives `text` (nothing: it does not say what)."""
    if kind is Kind.ITERATOR:
        name = scope.name("collections.abc", "AsyncIterator")
    elif kind is Kind.CONTEXT:
        name = scope.name("contextlib", "AbstractAsyncContextManager")
    else:
        return text
    return f"{name}[{text}]" if text else name


def or_none(found: str, written: str) -> str:
    """What a parameter with the default None takes, which its annotation need not say."""
    return found if _WITH_NONE.search(written) else f"{found} | None"


def default_text(text: str) -> str:
    """A literal default as it is; anything else is not for a stub to say."""
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return "..."
    return text


def summary(docstring: str | None) -> str:
    """The first line of a docstring, as it may stand between quotes."""
    first = (docstring or "").strip().partition("\n")[0].strip()
    return "" if "\\" in first or '"' in first else first
