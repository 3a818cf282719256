"""Migrations that name a mixin: Django's `ModelState.from_model` writes each base of a new model
that is no model into `CreateModel(bases=…)`, whatever that base is like."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from asyncgen.config import Config
from asyncgen.plan.own import every_file
from asyncgen.plan.roots import Roots
from asyncgen.problems import Severity
from asyncgen.surface import ImportLine
from asyncgen.wiring import Fault, FaultKind

# Whether the module has the name, and whether it is one that asyncgen wrote or would write.
Asked = Callable[[str, str], bool]


def naming(config: Config, is_there: Asked, is_ours: Asked) -> Iterator[tuple[Path, list[Fault]]]:
    """Each migration of the project, and its faults: an error where the mixin is there no more, for
    then no migration can run; a warning where it is."""
    roots = Roots(config)
    for path in every_file(config.root, roots.globber):
        if path.parent.name != "migrations":
            continue
        found = []
        for line, module, name in _bases(path):
            is_known = is_there(module, name)
            if is_known or is_ours(module, name):
                fault = Fault(
                    FaultKind.NAMED,
                    path.relative_to(config.root).as_posix(),
                    roots.module_name(path),
                    None,
                    ImportLine(module, name),
                    severity=Severity.WARNING if is_known else Severity.ERROR,
                    line=line,
                )
                found.append(fault)
        yield path, found


def _bases(path: Path) -> Iterator[tuple[int, str, str]]:
    """The line, module and name of each dotted base of the models that a migration creates."""
    with suppress(OSError, SyntaxError, ValueError):
        data = path.read_bytes()
        if b"bases=" not in data:
            return
        for node in ast.walk(ast.parse(data)):
            match node:
                case ast.Call(func=ast.Attribute(attr="CreateModel"), keywords=keywords):
                    for each in keywords:
                        if each.arg == "bases" and isinstance(each.value, ast.Tuple):
                            yield from _dotted(each.value.elts)


def _dotted(bases: list[ast.expr]) -> Iterator[tuple[int, str, str]]:
    for each in bases:
        if isinstance(each, ast.Attribute):
            yield each.lineno, ast.unparse(each.value), each.attr
