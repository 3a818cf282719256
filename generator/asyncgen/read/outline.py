"""A file to the facts of its classes, at a fraction of the cost: what functions do is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from asyncgen.read.files import decode, read_file, source_bytes
from asyncgen.source import Module

PRAGMA = "# asyncgen:"  # a comment, which an outline does not keep


def read_outline(path: Path, module: str, display: str) -> Module:
    """Like `read_file`, with functions that do nothing but define the classes inside them.

    Raises what `read_file` raises.
    """
    from asyncgen.read.tree import read_source

    try:
        text = decode(source_bytes(path, display), display)
        tree = _Outline().visit(ast.parse(text))
        outline = ast.unparse(tree)
    except Exception:  # whatever is wrong with the file: the other reader says it in full
        return read_file(path, module, display)
    if PRAGMA in text:
        return read_file(path, module, display)
    return read_source(outline, module, display, is_package=path.stem == "__init__")


class _Outline(ast.NodeTransformer):
    """Takes out what no class is made of: what functions take and do, what attributes are, and
    what is evaluated for nothing."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.empty(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        self.empty(node)
        return node

    def empty(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        classes = [self.visit(each) for each in _classes(node)]
        node.args = _NO_ARGUMENTS
        node.decorator_list = []
        node.returns = None
        node.body = classes or [ast.Pass()]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value:
                statement.value = _NOTHING
        self.generic_visit(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Pass:
        return ast.Pass()

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        if isinstance(node.value, _PLAIN) and not _is_exports(node):
            node.value = _NOTHING
        return node


_NOTHING = ast.Constant(None)
_NO_ARGUMENTS = ast.arguments([], [], None, [], [], None, [])
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_PLAIN = (ast.Constant, ast.Dict, ast.List, ast.Set, ast.JoinedStr)  # no class is in it


def _classes(node: ast.AST) -> Iterator[ast.ClassDef]:
    """The classes in the blocks of a statement, without a look at its expressions."""
    for block in _BLOCKS:
        for each in getattr(node, block, ()):
            if isinstance(each, ast.ClassDef):
                yield each
            else:
                yield from _classes(each)


def _is_exports(node: ast.Assign) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets)
