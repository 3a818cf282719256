"""A type as pyrefly prints it, as one that a stub can spell; None where it is not wholly known."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from asyncgen.infer.known import ANY, NONE, SELF, Known, Types, builtin
from asyncgen.infer.lookups import Lookups
from asyncgen.source import Class

# What pyrefly calls the variable that stands for the receiver's class in our questions.
RECEIVER = "AsyncgenReceiver"
BUILTINS = (
    *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list"),
    *("memoryview", "object", "range", "set", "slice", "str", "tuple", "type"),
)
LIBRARY = (
    *("collections.Counter", "collections.OrderedDict", "collections.defaultdict"),
    *("collections.deque", "datetime.date", "datetime.datetime", "datetime.time"),
    *("datetime.timedelta", "decimal.Decimal", "pathlib.Path", "re.Match", "re.Pattern"),
    *("uuid.UUID",),
)
DJANGO = ("Manager", "Model", "QuerySet", "RawQuerySet")
_ACCEPTED = frozenset({*(f"builtins.{name}" for name in BUILTINS), *LIBRARY})
# Spelled so by pyrefly whatever else bears the name.
_FORMS = frozenset({"tuple", "type"})
_NO_CLASSES = frozenset({"Any", "Literal", "Unknown"})


def names(visible: Iterable[str]) -> tuple[str, ...]:
    """The last words of names that an answer is understood to have: of `visible`, and of what
    needs no source to be read."""
    found = {*visible, *BUILTINS, *DJANGO, *(name.rpartition(".")[2] for name in LIBRARY)}
    return tuple(sorted(found - _NO_CLASSES))


def revealed(text: str, lookups: Lookups) -> Types | None:
    """What the printed type means. All its names have to be dotted: a bare one could be that of any
    class."""
    found = _meaning(ast.parse(text, mode="eval").body, lookups)
    return None if found is None or found & ANY else found


def _meaning(node: ast.expr, lookups: Lookups) -> Types | None:
    match node:
        case ast.Constant(value=None):
            return NONE
        case ast.Name(id="Any" | "Unknown"):
            return ANY
        case ast.Name(id=name) if name.startswith(RECEIVER):
            return SELF
        case ast.Name(id=name) if name in _FORMS:
            return builtin(name)
        case ast.Attribute():
            return _named(ast.unparse(node), lookups)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union((_meaning(left, lookups), _meaning(right, lookups)))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=index):
            return _union(_class_of(each, lookups) for each in _parts(index))
        case ast.Subscript(value=value, slice=index):
            head = _meaning(value, lookups)
            return _applied(head, _parts(index), lookups) if head else None
    return None


def _parts(index: ast.expr) -> list[ast.expr]:
    return index.elts if isinstance(index, ast.Tuple) else [index]


def _named(dotted: str, lookups: Lookups) -> Types | None:
    module, _, name = dotted.rpartition(".")
    if dotted in _ACCEPTED:
        return frozenset({Known(module, name)})
    found = lookups.evaluator.resolver.dotted(dotted)
    if not isinstance(found, Class):
        return None
    return frozenset({Known(found.module, found.qualname)})


def _class_of(node: ast.expr, lookups: Lookups) -> Types | None:
    """The class of a literal: an override may give another one, as may a later assignment."""
    match node:
        case ast.Constant(value=value):
            return builtin(type(value).__name__)
        case ast.UnaryOp(operand=ast.Constant(value=int())):
            return builtin("int")
        case ast.Attribute(value=value):  # a member of an enumeration
            return _meaning(value, lookups)
    return None


def _applied(head: Types, parts: list[ast.expr], lookups: Lookups) -> Types | None:
    """A class with its arguments. Those of a container that can be changed are Any, whatever
    pyrefly saw put into it first."""
    if len(head) != 1:
        return None
    (known,) = head
    arguments = [frozenset() if _is_ellipsis(each) else _argument(each, lookups) for each in parts]
    if any(each is None for each in arguments):
        return None
    found = lookups.klass(known, None)
    is_firm = known.name in (*_FORMS, "frozenset") or (
        found is not None and lookups.evaluator.role(found) in ("queryset", "manager")
    )
    inner = tuple(each if is_firm else ANY for each in arguments if each is not None)
    return frozenset({Known(known.module, known.name, inner)})


def _argument(node: ast.expr, lookups: Lookups) -> Types | None:
    """In a container, a union with something unknown is unknown as a whole."""
    found = _meaning(node, lookups)
    return ANY if found is not None and found & ANY else found


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _union(parts: Iterable[Types | None]) -> Types | None:
    found: set[Known] = set()
    for each in parts:
        if each is None:
            return None
        found |= each
    return frozenset(found)
