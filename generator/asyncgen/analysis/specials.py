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
CHECKING = ("__instancecheck__", "__subclasscheck__", "__subclasshook__")
INTEGER = ("__int__", "__index__", "__trunc__")
NUMBER = (*INTEGER, "__float__", "__complex__", "__round__", "__floor__", "__ceil__", "__abs__")
ITEMS = ("__getitem__", "__missing__")
# What a container that is made of something asks it for besides its items.
SIZE = ("__length_hint__", "__len__")
COPYING = (
    *("__copy__", "__deepcopy__", "__reduce_ex__", "__reduce__", "__getstate__", "__setstate__"),
    *("__getnewargs_ex__", "__getnewargs__"),
)
# What `collections.abc` mixes in, and what that calls: who compares a Mapping asks for its items.
# https://docs.python.org/3/library/collections.abc.html
ABSTRACT = ("__getitem__", "__iter__", "__len__", "__contains__")
MIXED_IN = frozenset(
    {*EQUALITY, *ORDER, "__ne__", "__reversed__", "__iadd__"}
    | {f"__{way}{name}__" for way in ("", "i", "r") for name in ("and", "or", "sub", "xor")}
)
MIXINS = ("collections.abc.", "typing.")
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
    "*": (*_binary("mul"), "__index__"),
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
    "hash": HASHING,
    "hex": ("__index__",),
    "int": INTEGER,
    "isinstance": CHECKING,
    "issubclass": CHECKING,
    "oct": ("__index__",),
    "pow": _binary("pow"),
    "range": ("__index__",),
    "round": ("__round__",),
    "sum": ADDING,
}
# Functions of `operator`, by the operators of `facts.Operation`.
# https://docs.python.org/3/library/operator.html#mapping-operators-to-functions
_SIGNS = {
    "+": ("add", "concat"),
    "-": ("sub",),
    "*": ("mul",),
    "/": ("truediv",),
    "//": ("floordiv",),
    "%": ("mod",),
    "&": ("and_",),
    "|": ("or_",),
    "^": ("xor",),
    "arithmetic": ("pow", "matmul", "lshift", "rshift", "neg", "pos", "inv", "invert"),
    "==": ("eq", "ne"),
    "<": ("ge", "gt", "le", "lt"),
    "is": ("is_", "is_not"),
    "not": ("not_", "truth"),
}
FUNCTIONS: Mapping[str, str] = {
    name: sign
    for sign, names in _SIGNS.items()
    for each in names
    for name in (each, f"i{each.rstrip('_')}", f"__{each.rstrip('_')}__")
}
# What functions of the standard library may call of what they are passed; of others, any.
LIBRARY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("asyncio", "contextlib", "contextvars", "dataclasses", "inspect"), ()),
    **dict.fromkeys(("logging", "threading", "types", "typing", "warnings"), ()),
    **dict.fromkeys(("copy", "pickle"), COPYING),
    "weakref": HASHING,
}
ANY = (
    *(*HASHING, *ORDER, *NUMBER, *ITEMS, *SIZE, "__iter__", "__contains__", "__bool__"),
    *("__bytes__", "__fspath__", "__sizeof__"),
)
