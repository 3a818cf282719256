"""Signatures from the .pyi of a module, where alone the types stand that asyncgen infers."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Signature:
    """As Sphinx prints them: the parameters in parentheses, and what is returned, if it is said."""

    parameters: str
    returns: str | None


def signature(function: object) -> Signature | None:
    """What the stub declares of a function or method; None where it does not, or has overloads."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if not isinstance(module, str) or not (path := _stub_of(module)):
        return None
    return _declared(path).get(name)


def _stub_of(module: str) -> Path | None:
    """The stub beside the module, else the one in a stub package (PEP 561) on the path."""
    source = getattr(sys.modules.get(module), "__file__", None) or ""
    beside = Path(source).with_suffix(".pyi")
    if source and beside.is_file():
        return beside
    top, *rest = module.split(".")
    for folder in sys.path:
        base = Path(folder, f"{top}-stubs", *rest)
        for path in (
            base.with_suffix(".pyi") if rest else base / "__init__.pyi",
            base / "__init__.pyi",
        ):
            if path.is_file():
                return path
    return None


@cache
def _declared(path: Path) -> Mapping[str, Signature | None]:
    """Of a stub: each function and method, by its qualified name."""
    tree = _in_full(ast.parse(path.read_text("utf-8")))
    found: dict[str, Signature | None] = {}
    for owner, node in _definitions(tree.body):
        name = f"{owner}.{node.name}" if owner else node.name
        marks = {ast.unparse(each).rpartition(".")[2] for each in node.decorator_list}
        # Of overloads one line cannot say enough: Sphinx shows those of the module, if it has any.
        is_overloaded = name in found or "overload" in marks
        found[name] = None if is_overloaded else _signature(node, bool(owner), marks)
    return found


def _definitions(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, Definition]]:
    for node in body:
        if isinstance(node, Definition):
            yield owner, node
        elif isinstance(node, ast.ClassDef):
            yield from _definitions(node.body, f"{owner}.{node.name}" if owner else node.name)


def _signature(node: Definition, is_method: bool, marks: set[str]) -> Signature:
    arguments = node.args
    if is_method and "staticmethod" not in marks:
        (arguments.posonlyargs or arguments.args).pop(0)
    returns = ast.unparse(node.returns) if node.returns else None
    return Signature(f"({ast.unparse(arguments)})", returns)


def _in_full(tree: ast.Module) -> ast.Module:
    """Imported names in full, so that they can be linked to; `~` has Sphinx show the last part."""
    full = {
        alias.asname or alias.name: f"~{node.module}.{alias.name}"
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and not node.level
        for alias in node.names
    }
    full |= {
        alias.asname: alias.name
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = full.get(node.id, node.id)
    return tree


def unwrapped(member: object) -> object:
    """The function below class methods and decorators."""
    function = getattr(member, "__func__", member)
    return inspect.unwrap(function) if callable(function) else function
