"""What our stubs say of Python, compared with Python itself."""

from __future__ import annotations

import datetime
import importlib
import inspect
import types
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from textwrap import indent

import pytest
from asyncgen.analysis.library import runs_through
from asyncgen.declared import ROOT, files
from asyncgen.definitions import FunctionIn
from asyncgen.source import Class, Function, Parameter, ParameterKind
from test_infer import inferred

from tests.unit.analysis import methods

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
    "dict(a=1)": "dict[str, int]",
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


# -- what is run through ---------------------------------------------------------------------------


@Sequence.register
class StandIn:
    """Notes that somebody runs through it, or measures it. Its truth, and whether a text is in it,
    are asked of texts and flags as well, where no queryset is passed."""

    is_run = False

    def __bool__(self) -> bool:
        return True

    def __contains__(self, item: object) -> bool:
        return False

    def __len__(self) -> int:
        self.is_run = True
        return 1

    def __getitem__(self, index: int) -> str:
        self.is_run = True
        return "ab"[index]

    def __iter__(self) -> Iterator[str]:
        self.is_run = True
        return iter("a")


# What to pass beside the stand-in: always, and where it has to be, by annotation.
BESIDE: dict[str, object] = {
    "k": 1,
    "viewname": "page",
    "urlconf": types.ModuleType("urls"),
    "namespace": uuid.NAMESPACE_DNS,
}
BESIDE["urlconf"].urlpatterns = []  # type: ignore[attr-defined]
REQUIRED: dict[str, object] = {
    "int": 1,
    "float": 1.0,
    "str": "a",
    "date": datetime.date(2026, 1, 2),
    "datetime": datetime.datetime(2026, 1, 2),
}


def followed() -> Iterator[tuple[str, Parameter, tuple[Parameter, ...]]]:
    """Each parameter of what `call_other` calls, with those that have to be passed beside it."""
    for dotted, each in DECLARED.items():
        module = dotted.rpartition(".")[0]
        made = each if isinstance(each, Function) else each.functions.get("__init__")
        if module in names() and made and module not in ("builtins", "collections.abc"):
            parameters = made.signature.parameters[made is not each :]
            for parameter in parameters:
                beside = (
                    one
                    for one in parameters
                    if one != parameter and (one.default is None or one.name in BESIDE)
                )
                if not parameter.kind.name.startswith("VAR_"):
                    yield dotted, parameter, tuple(beside)


@pytest.mark.parametrize(
    ("dotted", "parameter", "beside"),
    [pytest.param(*each, id=f"{each[0]}({each[1].name})") for each in followed()],
)
def test_what_is_run_through_is_annotated_iterable(
    dotted: str, parameter: Parameter, beside: tuple[Parameter, ...]
) -> None:
    """An oracle: each argument is one that notes what is done with it."""
    passed = StandIn()
    required = [each for each in beside if not each.kind.name.startswith("VAR_")]
    arguments = {
        each.name: BESIDE.get(each.name, REQUIRED.get(each.annotation or "", "a"))
        for each in required
    } | {parameter.name: passed}
    function = real(dotted)
    declared = DECLARED[dotted]
    made = declared if isinstance(declared, Function) else declared.functions["__init__"]
    by_position = [
        each.name
        for each in made.signature.parameters
        if each.kind is ParameterKind.POSITIONAL_ONLY and each.name in arguments
    ]
    positional = [arguments.pop(name) for name in by_position]
    with suppress(Exception), warnings.catch_warnings(action="ignore"):
        function(*positional, **arguments)  # type: ignore[operator]
    told = runs_through(dotted)
    assert told is not None
    assert passed.is_run == (parameter.name in told)


@pytest.mark.parametrize(
    "call",
    [
        "random.choice(self)",
        "random.sample(population=self, k=2)",
        "collections.Counter(self)",
        "json.dumps(self)",
        "slugify(self)",
        "os.path.join('a', self)",
    ],
)
def test_what_is_made_of_a_queryset_is_none(call: str) -> None:
    imports = "import collections, json, os.path, random\nfrom django.utils.text import slugify\n"
    assert methods(f"def f(self):\n{indent(imports, '    ')}    return {call}")["f"] == "value"


@pytest.mark.parametrize("dotted", DECLARED)
def test_what_is_declared_is_found_by_its_name(dotted: str) -> None:
    if dotted.rpartition(".")[0] in names():
        assert isinstance(files().dotted(dotted), Class | FunctionIn)
