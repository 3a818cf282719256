"""Tables made of our stubs, `library/*.pyi`: what Python and Django declare, without reading them.

They are read like any other source, each when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from asyncgen.annotation import last_word
from asyncgen.definitions import External, FunctionIn
from asyncgen.facts import Expression, Item
from asyncgen.read import read_file
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Module

ROOT = Path(__file__).parent / "library"
_QUERYSET = "django.db.models.query.QuerySet"
_MODEL = "django.db.models.base.Model"
_REQUEST = "django.http.request.HttpRequest"
_FIELDS = tuple(f"django.db.models.fields{each}" for each in ("", ".files", ".json"))
_CHAINS = ("Self", "QuerySet[", "RawQuerySet[")  # how what is lazy begins


class _Files(Resolver):
    """Finds modules as the files of the library, and nothing else."""

    def _candidates(self, dotted: str) -> Iterator[Path]:
        base = ROOT.joinpath(*dotted.split("."))
        yield from (base / "__init__.pyi", base.with_name(f"{base.name}.pyi"))


@cache
def files() -> Resolver:
    return _Files((ROOT,), lambda path, name: read_file(path, name, path.name, keep=True))


def klass(dotted: str) -> Class:
    found = files().dotted(dotted)
    assert isinstance(found, Class), dotted
    return found


@cache
def returns(dotted: str) -> Mapping[str, str]:
    """The public methods of a class with what they return."""
    functions = klass(dotted).functions.items()
    return {
        name: function.signature.returns or ""
        for name, function in functions
        if not name.startswith("_")
    }


@cache
def queryset_results() -> Mapping[str, str]:
    """What the methods of QuerySet that query return, `M` its model and `R` a row of it."""
    every = returns(_QUERYSET).items()
    return {name: text for name, text in every if not text.startswith(_CHAINS)}


@cache
def chaining() -> frozenset[str]:
    """The methods of QuerySet that return another one."""
    every = returns(_QUERYSET).items()
    return frozenset(name for name, text in every if text.startswith(_CHAINS[:2]))


def model_results() -> Mapping[str, str]:
    return returns(_MODEL)


@cache
def request_attributes() -> Mapping[str, str]:
    """What a request has of its head alone, with its type."""
    attributes = klass(_REQUEST).attributes.items()
    return {name: (each.annotation or "").partition("[")[0] for name, each in attributes}


def request_methods() -> frozenset[str]:
    return frozenset(returns(_REQUEST))


@cache
def expressions() -> frozenset[str]:
    """Names of django.db.models that are pure to call."""
    module = files().module("django.db.models")
    assert module is not None
    return frozenset(module.imports)


@cache
def harmless() -> tuple[str, ...]:
    """Classes of django.forms and django.http that are pure to make."""
    modules = [
        module for name in ("django.forms", "django.http") if (module := files().module(name))
    ]
    names = ((module.name, [*module.imports, *module.classes]) for module in modules)
    return tuple(
        f"{module}.{name}" for module, every in names for name in every if name != "HttpRequest"
    )


@cache
def field_types() -> Mapping[str, str]:
    """What an instance holds for each class of fields."""
    modules = [module for name in _FIELDS if (module := files().module(name))]
    return {
        cls.name: held
        for module in modules
        for cls in module.classes.values()
        if (held := next((_named(base, module) for base in reversed(cls.bases)), ""))
    }


def _named(base: Expression, module: Module) -> str:
    """The dotted name of what a base is generic in: `datetime.date` of `Field[date]`."""
    if not isinstance(base, Item) or base.index is None:
        return ""
    match files().expression(module, base.index):
        case Class() as cls:
            return cls.dotted
        case External(dotted=dotted):
            return dotted
    return last_word(base.index)  # a builtin


def builtin_result(name: str) -> str:
    """The builtin type that calling a builtin gives; empty where the arguments tell."""
    found = files().dotted(f"builtins.{name}")
    if isinstance(found, Class):
        return name
    text = found.function.signature.returns if isinstance(found, FunctionIn) else ""
    head = (text or "").partition("[")[0]
    return head if isinstance(files().dotted(f"builtins.{head}"), Class) else ""
