"""What our stubs say of Python, compared with Python itself."""

from __future__ import annotations

import datetime
import importlib
import inspect
from collections.abc import Iterator
from decimal import Decimal

import pytest
from asyncgen.analysis.library import ROOT, files
from asyncgen.source import Class, Function, ParameterKind
from test_infer import inferred

_BY_POSITION = (ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD)


def names() -> list[str]:
    """The modules of the library."""
    paths = (path.relative_to(ROOT).with_suffix("") for path in ROOT.rglob("*.pyi"))
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def declared() -> Iterator[tuple[str, Function | Class]]:
    """Every function, class and method of the library by its dotted name."""
    for name in names():
        module = files().module(name)
        assert module is not None
        for function in module.functions.values():
            yield f"{name}.{function.name}", function
        for cls in module.classes.values():
            yield f"{name}.{cls.name}", cls
            for function in cls.functions.values():
                yield f"{name}.{cls.name}.{function.name}", function


DECLARED = dict(declared())


def real(dotted: str) -> object:
    """What Python has by the name."""
    module = max((name for name in names() if dotted.startswith(f"{name}.")), key=len)
    found: object = importlib.import_module(module)
    for part in dotted.removeprefix(f"{module}.").split("."):
        found = getattr(found, part)
    return found


def test_all_modules_are_read() -> None:
    assert len(DECLARED) > 200


@pytest.mark.parametrize("dotted", DECLARED)
def test_python_has_it(dotted: str) -> None:
    assert callable(real(dotted))


@pytest.mark.parametrize(
    "dotted", [n for n, each in DECLARED.items() if isinstance(each, Function)]
)
def test_it_takes_what_python_takes(dotted: str) -> None:
    """By the names of its parameters, where Python tells them, as many as there are by position."""
    if dotted.endswith("__init__"):
        return
    try:
        parameters = inspect.signature(real(dotted)).parameters.values()  # type: ignore[arg-type]
    except ValueError:
        return  # of C, without a text signature
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return
    function = DECLARED[dotted]
    assert isinstance(function, Function)
    longest = max(
        sum(each.kind in _BY_POSITION for each in one.signature.parameters)
        for one in function.overloads or (function,)
    )
    bound = function.binding.value == "classmethod"
    takes = sum(
        each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters
    )
    assert longest - bound <= takes


# What runs: each is evaluated by Python, too, and has the type that is inferred.
EXPRESSIONS = {
    "sorted({2, 1})": "list[int]",
    "max([1.5, 2.5])": "float",
    "max([1], default=None)": "int | None",
    "max(1, 2.5)": "float | int",
    "min('a', 'b')": "str",
    "next(iter(['a']), None)": "str | None",
    "list(enumerate(['a']))": "list[tuple[int, str]]",
    "list(zip([1], ['a']))": "list[tuple[int, str]]",
    "list(zip([1], ['a'], strict=True))": "list[tuple[int, str]]",
    "list(reversed([1]))": "list[int]",
    "dict([(1, 'a')])": "dict[int, str]",
    "dict(a=1)": "dict[Any, Any]",
    "{'a': 1}.get('a')": "int | None",
    "{'a': 1}.get('b', 'c')": "int | str",
    "{'a': 1}.pop('a')": "int",
    "list({'a': 1}.items())": "list[tuple[str, int]]",
    "list({'a': 1}.values())": "list[int]",
    "{1: 'a'}[1]": "str",
    "[1].pop()": "int",
    "[1][0]": "int",
    "[1][:1]": "list[int]",
    "'abc'[1:]": "str",
    "'a,b'.split(',')": "list[str]",
    "'a,b'.partition(',')": "tuple[str, str, str]",
    "' '.join(['a'])": "str",
    "'a'.encode().decode()": "str",
    "tuple([1])": "tuple[int, ...]",
    "frozenset('ab')": "frozenset[str]",
    "datetime.date(2026, 1, 2).replace(day=3)": "date",
    "datetime.datetime(2026, 1, 2).date()": "date",
    "datetime.datetime(2026, 1, 2).replace(day=3)": "datetime",
    "datetime.date.fromisoformat('2026-01-02')": "date",
    "datetime.date(2026, 1, 2).year": "int",
    "datetime.timedelta(days=1).total_seconds()": "float",
    "Decimal('1').quantize(Decimal('1'))": "Decimal",
    "issubclass(int, str)": "bool",
    "hasattr(1, 'real')": "bool",
}


@pytest.mark.parametrize(("expression", "type_"), EXPRESSIONS.items())
def test_types_are_those_of_python(expression: str, type_: str) -> None:
    imports = "import datetime\nfrom decimal import Decimal\n"
    assert inferred(f"{imports}return {expression}") == type_
    value = eval(expression, {"datetime": datetime, "Decimal": Decimal})
    heads = {each.strip().partition("[")[0] for each in type_.split("|")}
    assert type(value).__name__.removesuffix("Type") in heads
