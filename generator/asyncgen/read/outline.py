"""A file to the facts of its classes, at a fraction of the cost: what functions do is left out."""

from __future__ import annotations

import ast
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
    """Takes everything but classes out of functions."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.empty(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        self.empty(node)
        return node

    def empty(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        classes = [
            self.visit(each)
            for statement in node.body
            for each in ast.walk(statement)
            if isinstance(each, ast.ClassDef)
        ]
        node.body = classes or [ast.Pass()]
