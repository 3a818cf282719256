"""Sources that Hypothesis writes: of names, decorators, defaults and annotations of every kind.

A project has a package with a model, a module of a queryset class, and a module of functions; all
that it writes queries, and tells what it was given.
"""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from hypothesis import strategies as st

# What generated code uses, or may come to use, and what it says in tracebacks and signatures.
NAMES = [
    *(
        "sync_to_async",
        "on_worker",
        "iterator_to_async",
        "context_to_async",
        "static_twin",
        "no_stop_iteration",
    ),
    *("read_rows", "sensitive_variables", "takewhile", "partial", "self", "cls"),
    *("owner", "this", "receiver", "call", "func", "function"),
    *("method", "target", "args", "kwargs", "arguments", "value"),
    *("values", "name", "names", "result", "results", "default"),
    *("_DEFAULT", "_Default", "_given", "_leading", "given", "leading", "_default"),
    *("_call", "_owner", "_sync", "bridge", "run", "loop"),
    *("twin", "source", "module", "models", "services", "querysets"),
    *("asgiref", "asyncgen_runtime", "django", "typing", "functools", "itertools"),
    *("TYPE_CHECKING", "Any", "Callable", "Iterator", "AsyncIterator", "Literal"),
    *("annotations", "object", "type", "getattr", "list", "dict"),
    *("tuple", "set", "str", "int", "bool", "len"),
    *("super", "property", "staticmethod", "classmethod", "print", "id"),
    *("iter", "next", "await_", "async_", "row", "rows"),
    *("item", "manager", "queryset", "model", "Book", "BookAsync"),
    *("AsyncBook", "data", "using", "executor", "thread_sensitive"),
]
RECEIVERS = ["self", "this", "owner", "call", "cls", "sync_to_async", "queryset", "_given"]
PACKAGES = ["shop", "owner", "call", "result", "rows", "func", "value", "services"]

DEFAULTS = [
    *("1", "-1", "1.50", "1j", "None", "True", "...", "()", "(1, -2)", "''", "b'a' b'b'", "0XfF"),
    *("'a' 'b'", "'a' \"b\"", "'it\\'s'", 'r"\\d"', '"""two\\n\n    lines"""', "not 1", "2**3"),
    *("f'a'", "f'{_LIMIT}'", "f'{_LIMIT=}'", "f'{_LIMIT!r:>{_LIMIT}}'", "'a' f'{_LIMIT}'"),
    *("[]", "{}", "[1, 2]", "{'a': [1]}", "{1, 2}", "(1, [])", "(_LIMIT, 1)", "-_LIMIT"),
    *("_LIMIT", "_Size.LARGE", "_settings.USE_TZ", "_dt.timezone.utc", "_registered('x')"),
    *("_uuid.uuid4()", "_Decimal('1.50')", "lambda: 1", "lambda x=_LIMIT: x", "int", "_int"),
    *("_DEFAULT", "_Default", "takewhile", "sync_to_async", "partial", "call"),
    *("1 if _LIMIT else 2", "_LIMIT or 3", "[i for i in (1, 2)]", "(_z := 3)", "__name__", "list"),
]
ANNOTATIONS = [
    *("", "", ": int", ": 'int'", ": _Any", ": _Optional[int]", ": 'Nothing | None'"),
    *(": _Literal['a b', \"c\"]", ": \"_Literal['n'] | None\"", ": _Annotated[int, 'a', f'{1}']"),
    *(": '''int |\n    None'''", ": _Callable[[int], int]", ": _typing.Any", ": 'list[ int ]'"),
]
PREAMBLE = """\
import datetime as _dt
import enum as _enum
import typing as _typing
import uuid as _uuid
from collections.abc import Callable as _Callable
from contextlib import contextmanager as _managed
from decimal import Decimal as _Decimal
from functools import cached_property as _once
from functools import lru_cache as _kept
from functools import partialmethod as _partialmethod
from functools import singledispatch as _dispatched
from functools import singledispatchmethod as _dispatched_method
from typing import Annotated as _Annotated, Any as _Any, Literal as _Literal, Optional as _Optional

from django.conf import settings as _settings
from django.db import models as _models, transaction as _transaction
from django.views.decorators.debug import sensitive_variables as _sensitive

from {package} import decorating as _decorating
from {package}.decorating import {decorators}
from {package}.telling import gathered as _gathered, registered as _registered
from {package}.telling import rows as _rows, serial as _serial, tell as _tell

_LIMIT = 5
_int = int
_DEFAULT = _Default = takewhile = sync_to_async = partial = call = object()


class _Size(_enum.Enum):
    LARGE = 10


class _Other(_models.QuerySet):
    def borrowed(self, other_value, *, other_name=None):
        return self.count(), _tell(other_value, other_name)


def _of_the_module(self, given_value=_LIMIT):
    return self.count(), _tell(given_value)


"""
DECORATING = '''\
"""Decorators of every kind."""

import functools
from collections.abc import Callable
from functools import cached_property
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def handing(func):
    """Hands on what it is given."""

    @functools.wraps(func)
    def inner(*args, **kwargs):
        return func(*args, **kwargs)

    return inner


def bare(func):
    def inner(*args, **kwargs):
        return func(*args, **kwargs)

    return inner


def starred(func):
    """Takes arguments by position only."""

    @functools.wraps(func)
    def inner(*args):
        return func(*args)

    return inner


def injecting(func):
    """Gives the first argument after the receiver itself."""

    @functools.wraps(func)
    def inner(self, *args, **kwargs):
        return func(self, "injected", *args, **kwargs)

    return inner


def renaming(func):
    def inner(self, value, /, other=3):
        return func(self, value, other)

    return inner


def saying(func: Callable[Concatenate[Any, int, P], R]) -> Callable[Concatenate[Any, P], R]:
    def inner(self: Any, *args: P.args, **kwargs: P.kwargs) -> R:
        return func(self, 7, *args, **kwargs)

    return inner


def optional(func=None, *, times=1):
    if func is None:
        return functools.partial(optional, times=times)
    return handing(func)


class Wrapping:
    """A decorator that is a class, and binds like a function."""

    def __init__(self, func):
        self.func = func

    def __call__(self, *args, **kwargs):
        return self.func(*args, **kwargs)

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self.func, instance)


class lazy(cached_property):
    """A property by another name."""


class owned(property):
    pass


class read:
    """A property by its `__get__`."""

    def __init__(self, func):
        self.func = func

    def __get__(self, instance, owner=None):
        return self if instance is None else self.func(instance)
'''
DECORATORS = "handing bare starred injecting renaming saying optional Wrapping lazy owned read"
TELLING = '''\
"""What the written callables say of themselves."""

import itertools

NUMBERS = itertools.count()
CONSTANTS = (int, float, complex, bool, str, bytes, type(None), type(...))


def rows():
    from {package}.models import Book

    return Book.objects.all()


def serial():
    """Another number each time."""
    return next(NUMBERS)


def registered(name):
    return object()


def tell(*values):
    """What can be compared: constants as they are, of other objects which they are."""
    return [_told(each) for each in values]


def _told(value):
    if isinstance(value, CONSTANTS):
        return repr(value)
    if isinstance(value, tuple):
        return [_told(each) for each in value]
    return type(value).__name__, id(value)


def gathered(values):
    """What `*` or `**` gathered, which is another object each time."""
    items = values.items() if isinstance(values, dict) else enumerate(values)
    return [(name, _told(value)) for name, value in items]
'''


@dataclass(frozen=True)
class Written:
    """A callable of a written source; `text` is its definition, without indentation.

    `is_read`: it is a property, whatever it looks like, and has no twin. `is_assigned`: it is no
    definition, and may be without a twin, if that is said.
    """

    name: str
    text: str
    is_read: bool = False
    is_assigned: bool = False


@dataclass(frozen=True, repr=False)
class Project:
    package: str
    rows: str  # the queryset class
    rows_module: str
    methods: tuple[Written, ...]
    module: str
    functions: tuple[Written, ...]
    has_future: bool
    is_exported: bool  # the package has a function of the module that is named as the module is

    def __repr__(self) -> str:
        """Short, for a failure prints what is wrong itself."""
        return f"{self.package}.{self.rows_module}.{self.rows}, {self.package}.{self.module}"

    def files(self) -> dict[str, str]:
        head = "from __future__ import annotations\n\n" if self.has_future else ""
        decorators = ", ".join(f"{each} as _{each}" for each in DECORATORS.split())
        head += PREAMBLE.format(package=self.package, decorators=decorators)
        methods = "\n\n".join(_indented(each.text) for each in self.methods)
        functions = "\n\n\n".join(each.text for each in self.functions)
        package = self.package
        exported = (
            f"from {package}.{self.module} import {self.module}\n" if self.is_exported else ""
        )
        return {
            "pyproject.toml": (
                f"[tool.asyncgen]\nsources = ['{package}/{self.rows_module}.py', "
                f"'{package}/{self.module}.py']\nfunctions = ['*']\n"
                "exclude = ['_of_the_module']\n"
            ),
            f"{package}/__init__.py": exported,
            f"{package}/decorating.py": DECORATING,
            f"{package}/telling.py": TELLING.format(package=package),
            f"{package}/{self.rows_module}.py": (
                f"{head}\n\nclass {self.rows}(_models.QuerySet):\n{methods}\n"
            ),
            f"{package}/{self.module}.py": f"{head}\n\n{functions}\n",
            f"{package}/models.py": (
                f"from django.db import models\nfrom {package} import {self.rows_module} as rows\n"
                "class Book(models.Model):\n    title = models.CharField(max_length=9)\n"
                f"    objects = rows.{self.rows}.as_manager()\n"
                "    class Meta:\n        app_label = 'shelf'\n"
            ),
        }


def _indented(text: str) -> str:
    """A method in its class; the lines of a string that goes over several stay where they are."""
    return "\n".join(f"    {line}" if line.strip() else line for line in text.split("\n"))


def names(count: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(NAMES), min_size=count, max_size=count, unique=True)


@st.composite
def parameters(draw: st.DrawFn, taken: str, plain: bool = False) -> tuple[str, str]:
    """The text of parameters, and an expression that tells what they got."""
    chosen = [each for each in draw(names(7)) if each != taken]
    counts = draw(st.tuples(*[st.integers(0, 2)] * 3))
    parts: list[str] = []
    told: list[str] = []
    has_default = False
    start = 0
    for number, count in enumerate(counts):
        group = chosen[start : start + count]
        if number == 2:  # asgiref's bridge cannot be called by such a keyword
            group = [each for each in group if each != "self"]
        start += count
        if number == 2:
            if not plain and draw(st.booleans()):
                parts.append("*rest_")
                told.append("_gathered(rest_)")
            elif group:
                parts.append("*")
        for name in group:
            if not plain and number != 0 and draw(st.integers(0, 7)) == 0:
                name = f"__{name.strip('_')}"
            has_default = draw(st.booleans()) or (has_default and number < 2)
            annotation = draw(st.sampled_from(ANNOTATIONS))
            default = f" = {draw(st.sampled_from(DEFAULTS))}" if has_default else ""
            parts.append(f"{name}{annotation}{default}")
            told.append(f"_tell({name})")
        if number == 0 and group:
            parts.append("/")
    if not plain and draw(st.booleans()):
        parts.append("**more_")
        told.append("_gathered(more_)")
    return ", ".join(parts), f"[{', '.join(told)}]"


# The decorators of a method, and what they need of it.
METHOD_DECORATORS = [
    *("", "", "@_handing", "@_bare", "@_starred", "@_injecting", "@_saying", "@_optional"),
    *("@_optional(times=2)", "@_Wrapping", "@_decorating.handing", "@_transaction.atomic"),
    *("@_transaction.atomic()", "@_sensitive()", "@_handing\n@_bare", "@_bare\n@_injecting"),
]


@st.composite
def method(draw: st.DrawFn, name: str) -> Written:
    receiver = draw(st.sampled_from(RECEIVERS))
    forms = [_plain_method, _static, _classmethod, _generator, _context, _kept, _dispatched]
    form = draw(st.sampled_from([*[_plain_method] * 6, *forms, _assigned, _renamed, _read]))
    return form(draw, name, receiver)


def _head(draw: st.DrawFn, receiver: str, plain: bool = False) -> tuple[str, str]:
    text, told = draw(parameters(receiver, plain))
    return f"{receiver}, {text}" if text else receiver, told


def _plain_method(draw: st.DrawFn, name: str, receiver: str) -> Written:
    head, told = _head(draw, receiver)
    decorator = draw(st.sampled_from(METHOD_DECORATORS))
    lines = (
        [*decorator.split("\n"), f"def {name}({head}):"] if decorator else [f"def {name}({head}):"]
    )
    return Written(name, "\n".join([*lines, f"    return {receiver}.count(), {told}"]))


def _static(draw: st.DrawFn, name: str, receiver: str) -> Written:
    text, told = draw(parameters(""))
    return Written(name, f"@staticmethod\ndef {name}({text}):\n    return _rows().count(), {told}")


def _classmethod(draw: st.DrawFn, name: str, receiver: str) -> Written:
    head, told = _head(draw, receiver)
    body = f"    return {receiver}.__name__, _rows().count(), {told}"
    return Written(name, f"@classmethod\ndef {name}({head}):\n{body}")


def _generator(draw: st.DrawFn, name: str, receiver: str) -> Written:
    head, told = _head(draw, receiver)
    body = f"    for _ in {receiver}.all():\n        yield {told}"
    return Written(name, f"def {name}({head}):\n{body}")


def _context(draw: st.DrawFn, name: str, receiver: str) -> Written:
    head, told = _head(draw, receiver)
    return Written(name, f"@_managed\ndef {name}({head}):\n    yield {receiver}.count(), {told}")


def _kept(draw: st.DrawFn, name: str, receiver: str) -> Written:
    """What is computed once has one number."""
    head, _ = _head(draw, receiver, plain=True)
    cache = draw(st.sampled_from(["@_kept", "@_kept(maxsize=9)"]))
    return Written(name, f"{cache}\ndef {name}({head}):\n    return {receiver}.count(), _serial()")


def _dispatched(draw: st.DrawFn, name: str, receiver: str) -> Written:
    given = draw(st.sampled_from([each for each in NAMES if each != receiver]))
    return Written(
        name,
        f"@_dispatched_method\ndef {name}({receiver}, {given}, more_=1):\n"
        f"    return {receiver}.count(), _tell({given}, more_)\n\n"
        f"@{name}.register\ndef _({receiver}, {given}: int, more_=2):\n"
        f"    return {receiver}.count(), 'int', _tell({given}, more_)",
    )


def _assigned(draw: st.DrawFn, name: str, receiver: str) -> Written:
    values = [
        "_of_the_module",
        "_Other.borrowed",
        "lambda self, x=1, *y, z=2: (self.count(), _tell(x, y, z))",
        "_partialmethod(_of_the_module, 3)",
        "_partialmethod(_of_the_module, given_value=4)",
        "_handing(_of_the_module)",
    ]
    return Written(name, f"{name} = {draw(st.sampled_from(values))}", is_assigned=True)


def _renamed(draw: st.DrawFn, name: str, receiver: str) -> Written:
    body = f"    return {receiver}.count(), _tell(a, b)"
    return Written(name, f"@_renaming\ndef {name}({receiver}, a, b):\n{body}")


def _read(draw: st.DrawFn, name: str, receiver: str) -> Written:
    decorator = draw(st.sampled_from(["@property", "@_once", "@_lazy", "@_owned", "@_read"]))
    text = f"{decorator}\ndef {name}({receiver}):\n    return {receiver}.count()"
    return Written(name, text, is_read=True)


FUNCTION_DECORATORS = [
    *("", "", "", "@_handing", "@_bare", "@_starred", "@_optional(times=2)"),
    *("@_transaction.atomic", "@_sensitive()", "@_kept", "@_dispatched"),
]


@st.composite
def function(draw: st.DrawFn, name: str) -> Written:
    decorator = draw(st.sampled_from(FUNCTION_DECORATORS))
    text, told = draw(parameters("", plain=decorator == "@_kept"))
    if decorator == "@_dispatched":
        text, told = "given_, *, option_=_LIMIT", "[_tell(given_, option_)]"
    ending = "_serial()" if decorator == "@_kept" else told
    lines = [decorator] * bool(decorator)
    form = draw(st.sampled_from(["value", "value", "value", "iterator", "context"]))
    if decorator or form == "value":
        body = [f"    return _rows().count(), {ending}"]
    elif form == "iterator":
        body = ["    for _ in _rows():", f"        yield {told}"]
    else:
        lines, body = ["@_managed"], [f"    yield _rows().count(), {told}"]
    return Written(name, "\n".join([*lines, f"def {name}({text}):", *body]))


def _callable_names(taken: Sequence[str]) -> list[str]:
    """Those whose twin is named by no keyword, and that mean nothing to Django."""
    inherited = {*dir(QuerySet), "model"}
    return [
        each
        for each in dict.fromkeys(NAMES)
        if not each.startswith("_")
        and each not in inherited
        and f"a{each}" not in {*inherited, *NAMES, *keyword.kwlist}
        and each not in taken
    ]


@st.composite
def projects(draw: st.DrawFn) -> Project:
    package = draw(st.sampled_from(PACKAGES))
    mine = {"models", "decorating", "telling"}
    rows_module, module = draw(
        st.lists(
            st.sampled_from([each for each in NAMES if each not in mine and each[0] != "_"]),
            min_size=2,
            max_size=2,
            unique=True,
        )
    )
    # Built-in names that the bodies of classes use.
    known = _callable_names(["staticmethod", "classmethod", "property", "int", "list"])
    method_names = draw(st.permutations(known))[:16]
    function_names = draw(st.permutations(known))[:10]
    is_exported = draw(st.booleans()) and module in known
    if is_exported and module not in function_names:
        function_names = [module, *function_names[1:]]
    return Project(
        package=package,
        rows=draw(st.sampled_from(["BookQuerySet", "Book", "owner", "sync_to_async", "Any"])),
        rows_module=rows_module,
        methods=tuple(draw(method(each)) for each in method_names),
        module=module,
        functions=tuple(draw(function(each)) for each in function_names),
        has_future=draw(st.booleans()),
        is_exported=is_exported,
    )
