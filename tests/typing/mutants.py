"""Every stub function of the project of hard cases, changed in one way at a time.

Each mutant is a copy of a function beside the original, under a name of its own, and at run time
another name of the same callable. So one run of mypy and one of stubtest judge all of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from signatures import Stubbed, functions

Definition = ast.FunctionDef | ast.AsyncFunctionDef

UNCHANGED = "nothing"
OTHER = "memoryview"  # a type that no stub names
_COPIES = """
import inspect as _inspect

for _owner, _name, _copy in {copies!r}:
    _holder = globals()[_owner] if _owner else _inspect.getmodule(lambda: 0)
    setattr(_holder, _copy, _inspect.getattr_static(_holder, _name))
"""


@dataclass(frozen=True, eq=False)
class Mutant:
    """A copy of `function` with one change, of which `change` tells."""

    function: Stubbed
    name: str
    change: str
    definitions: tuple[Definition, ...]

    @property
    def expression(self) -> str:
        return f"{self.function.expression.rpartition('.')[0]}.{self.name}"

    @property
    def key(self) -> tuple[str, str, str]:
        return self.function.stem, self.function.owner, self.name

    def __str__(self) -> str:
        return f"{self.function.stem}.{self.function.owner}.{self.function.name}: {self.change}"


def mutants(folder: Path) -> Iterator[Mutant]:
    """Every mutant of every generated stub; and of each function a copy that is as it was."""
    for path in sorted((folder / "library").glob("*.pyi")):
        overloads: dict[tuple[str, str], list[Definition]] = {}
        for owner, function in functions(ast.parse(path.read_text())):
            overloads.setdefault((owner, function.name), []).append(function)
        for (owner, name), definitions in overloads.items():
            for number, (change, changed) in enumerate(_changed(definitions)):
                copy = f"mutant{number}_{name}"
                for each in changed:
                    each.name = copy
                    if name == "__class_getitem__":  # a class method by its name
                        each.decorator_list.append(ast.Name("classmethod"))
                yield Mutant(Stubbed(path.stem, owner, name), copy, change, tuple(changed))


def plant(found: list[Mutant], folder: Path) -> None:
    """Write the mutants into the stubs, and their names into the modules."""
    for stem in {each.function.stem for each in found}:
        stub, module = (folder / "library" / f"{stem}.{end}" for end in ("pyi", "py"))
        tree = ast.parse(stub.read_text())
        classes = {node.name: node.body for node in tree.body if isinstance(node, ast.ClassDef)}
        own = [each for each in found if each.function.stem == stem]
        for each in own:
            classes.get(each.function.owner, tree.body).extend(each.definitions)
        stub.write_text(f"from typing import Any\n{ast.unparse(tree)}\n")
        copies = [(each.function.owner, each.function.name, each.name) for each in own]
        with module.open("a") as file:
            file.write(_COPIES.format(copies=copies))


def refused(folder: Path, said: str) -> set[tuple[str, str, str]]:
    """The functions (stub, class, name) in whose stubs mypy found errors."""
    owners: dict[tuple[str, int], tuple[str, str, str]] = {}
    for path in (folder / "library").glob("*.pyi"):
        for owner, each in functions(ast.parse(path.read_text())):
            first = min([each.lineno, *(found.lineno for found in each.decorator_list)])
            for line in range(first, (each.end_lineno or first) + 1):
                owners[path.stem, line] = path.stem, owner, each.name
    lines = re.findall(r"^library/(\w+)\.pyi:(\d+): error:", said, re.MULTILINE)
    return {owners[stem, int(line)] for stem, line in lines if (stem, int(line)) in owners}


def _changed(definitions: list[Definition]) -> Iterator[tuple[str, list[Definition]]]:
    """Each change of a function, or of one of its overloads, with all the definitions after it."""
    yield UNCHANGED, deepcopy(definitions)
    for place, definition in enumerate(definitions):
        which = f"overload {place + 1}, " if len(definitions) > 1 else ""
        for change, changed in changes(definition):
            others = deepcopy(definitions)
            others[place] = changed
            yield which + change, others
    if len(definitions) > 1:
        for place in range(len(definitions)):
            kept = deepcopy([*definitions[:place], *definitions[place + 1 :]])
            if len(kept) == 1:
                kept[0].decorator_list = kept[0].decorator_list[1:]
            yield f"without overload {place + 1}", kept


def changes(definition: Definition) -> Iterator[tuple[str, Definition]]:
    """A function with one thing changed, and what."""
    yield "async", _other_keyword(definition)
    for type_ in (OTHER, "Any"):
        if definition.returns and ast.unparse(definition.returns) not in (type_, "Incomplete"):
            copy = deepcopy(definition)
            copy.returns = ast.Name(type_)
            yield f"returns {type_}", copy
    for place, decorator in enumerate(definition.decorator_list):
        if ast.unparse(decorator).startswith("deprecated("):
            copy = deepcopy(definition)
            del copy.decorator_list[place]
            yield "not deprecated", copy
    parameters = _parameters(definition.args)
    for place, parameter in enumerate(parameters):
        for change, changed in _of_parameter(parameters, place):
            arguments = _arguments(changed)
            if arguments:
                copy = deepcopy(definition)
                copy.args = arguments
                yield f"{parameter.name}: {change}", copy


def _other_keyword(definition: Definition) -> Definition:
    other = (
        ast.FunctionDef if isinstance(definition, ast.AsyncFunctionDef) else ast.AsyncFunctionDef
    )
    fields = {name: deepcopy(value) for name, value in ast.iter_fields(definition)}
    return ast.copy_location(other(**fields), definition)


# -- parameters: a flat list of them, each with its kind -------------------------------------------

KINDS = ("/", "", "*args", "*", "**kwargs")


@dataclass(frozen=True)
class _Parameter:
    name: str
    kind: str
    annotation: str
    default: str


def _parameters(arguments: ast.arguments) -> list[_Parameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    kinds = ["/"] * len(arguments.posonlyargs) + [""] * len(arguments.args)
    rows: list[tuple[ast.arg, str, ast.expr | None]] = [
        *zip(positional, kinds, [*missing, *arguments.defaults], strict=True),
        *([(arguments.vararg, "*args", None)] if arguments.vararg else []),
        *((a, "*", d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)),
        *([(arguments.kwarg, "**kwargs", None)] if arguments.kwarg else []),
    ]
    return [
        _Parameter(a.arg, kind, _text(a.annotation), _text(default)) for a, kind, default in rows
    ]


def _text(node: ast.expr | None) -> str:
    return ast.unparse(node) if node else ""


def _arguments(parameters: list[_Parameter]) -> ast.arguments | None:
    """The parameters as syntax; None where Python does not allow them."""
    text: list[str] = []
    kinds = [each.kind for each in parameters]
    for place, each in enumerate(parameters):
        if each.kind == "*" and "*args" not in kinds and kinds.index("*") == place:
            text.append("*")
        stars = {"*args": "*", "**kwargs": "**"}.get(each.kind, "")
        annotation = f": {each.annotation}" if each.annotation else ""
        default = f" = {each.default}" if each.default else ""
        text.append(f"{stars}{each.name}{annotation}{default}")
        if each.kind == "/" and (place + 1 == len(kinds) or kinds[place + 1] != "/"):
            text.append("/")
    try:
        function = ast.parse(f"def function({', '.join(text)}): ...").body[0]
    except SyntaxError:
        return None
    assert isinstance(function, ast.FunctionDef)
    return function.args


def _of_parameter(
    parameters: list[_Parameter], place: int
) -> Iterator[tuple[str, list[_Parameter]]]:
    """The parameters with one thing changed of the one at `place`."""
    old = parameters[place]
    before, after = parameters[:place], parameters[place + 1 :]
    if old.name == "cls":  # by another name, stubtest stops there and judges nothing else
        return
    yield "another name", [*before, replace(old, name=f"{old.name}x"), *after]
    if old.name == "self":
        return
    yield "missing", [*before, *after]
    for kind in KINDS:
        if kind != old.kind:
            yield f"kind {kind or 'positional or keyword'}", _of_kind(parameters, place, kind)
    for type_ in (OTHER, "Any"):
        if old.annotation not in (type_, "Incomplete"):
            yield type_, [*before, replace(old, annotation=type_), *after]
    if old.default:
        yield "no default", [*before, replace(old, default=""), *after]
        yield "another default", [*before, replace(old, default=_other(old.default)), *after]
    elif old.kind not in ("*args", "**kwargs"):
        yield "a default", [*before, replace(old, default="..."), *after]


def _of_kind(parameters: list[_Parameter], place: int, kind: str) -> list[_Parameter]:
    """The parameters, the one at `place` where its new kind has to stand."""
    changed = list(parameters)
    default = "" if kind in ("*args", "**kwargs") else changed[place].default
    changed[place] = replace(changed[place], kind=kind, default=default)
    if kind == "/" and changed[0].name in ("self", "cls"):
        changed[0] = replace(changed[0], kind="/")
    return sorted(changed, key=lambda each: KINDS.index(each.kind))


def _other(default: str) -> str:
    """A literal of the same type that the default is not."""
    return {"True": "False", "False": "True", "...": "987", "()": "(987,)"}.get(
        default, "'other'" if default.startswith("'") else "987"
    )
