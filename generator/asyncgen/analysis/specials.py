"""Special methods: what operators, statements and builtins call, for one's own classes to define.

https://docs.python.org/3/reference/datamodel.html#special-method-names
"""

from __future__ import annotations

from collections.abc import Mapping


def _binary(name: str) -> tuple[str, ...]:
    """What `a + b` and `a += b` call, of either."""
    return f"__{name}__", f"__r{name}__", f"__i{name}__"


EQUALITY = ("__eq__",)
ORDER = ("__lt__", "__gt__", "__le__", "__ge__")
HASHING = ("__hash__", *EQUALITY)
ADDING = _binary("add")
INTEGER = ("__int__", "__index__", "__trunc__")
# What makes a class that has some of them of its fields: decorators and bases, by the last word.
RECORDS = frozenset({"NamedTuple", "dataclass", "define", "frozen", "mutable", "namedtuple"})
RECORD_METHODS = frozenset({"__repr__", *HASHING, *ORDER})

# The operators of `facts.Operation`, those alike under one sign.
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "==": EQUALITY,
    "!=": ("__ne__", *EQUALITY),
    "<": ORDER,
    "+": ADDING,
    "-": _binary("sub"),
    "*": _binary("mul"),
    "/": _binary("truediv"),
    "//": _binary("floordiv"),
    "%": _binary("mod"),
    "&": _binary("and"),
    "|": _binary("or"),
    "^": _binary("xor"),
    "arithmetic": (
        *(*_binary("pow"), *_binary("matmul"), *_binary("lshift"), *_binary("rshift")),
        *("__neg__", "__pos__", "__invert__"),
    ),
    "del []": ("__delitem__",),
    "del .": ("__delattr__",),
}
# Builtins, by what they call of their arguments.
BUILTINS: Mapping[str, tuple[str, ...]] = {
    "abs": ("__abs__",),
    "bin": ("__index__",),
    "bytes": ("__bytes__",),
    "chr": ("__index__",),
    "complex": ("__complex__", "__float__"),
    "dir": ("__dir__",),
    "divmod": _binary("divmod"),
    "float": ("__float__", "__index__"),
    "hash": ("__hash__",),
    "hex": ("__index__",),
    "int": INTEGER,
    "isinstance": ("__instancecheck__",),
    "issubclass": ("__subclasscheck__",),
    "oct": ("__index__",),
    "pow": _binary("pow"),
    "range": ("__index__",),
    "reversed": ("__reversed__", "__len__", "__getitem__"),
    "round": ("__round__",),
    "sum": ADDING,
}
