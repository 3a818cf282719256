"""Statements of a module: one in the place of another, before it, with blank lines and comments."""

from __future__ import annotations

import libcst as cst


def replaced(tree: cst.Module, index: int, line: cst.BaseStatement) -> cst.Module:
    return tree.with_changes(body=[*tree.body[:index], line, *tree.body[index + 1 :]])


def inserted(tree: cst.Module, index: int, line: cst.BaseStatement) -> cst.Module:
    return tree.with_changes(body=[*tree.body[:index], line, *tree.body[index:]])


def leading_swapped(tree: cst.Module, index: int, heading: str = "") -> cst.Module:
    """The blank lines before the statement after this one now stand before this one, and with them
    the heading of the section; comments stay with what they belong to."""
    new, old = tree.body[index], tree.body[index + 1]
    lines = list(getattr(old, "leading_lines", ()))
    start = next((at for at, each in enumerate(lines) if each.comment), len(lines))
    if lines[start:] and is_heading(lines[start], heading):
        start += 1
    new = new.with_changes(leading_lines=lines[:start])
    comments = [cst.EmptyLine(indent=False), *lines[start:]] if lines[start:] else []
    old = old.with_changes(leading_lines=comments)
    return tree.with_changes(body=[*tree.body[:index], new, old, *tree.body[index + 2 :]])


def spaced(tree: cst.Module, index: int, least: int) -> cst.Module:
    """With so many blank lines, at least, before the statement of that number."""
    if index >= len(tree.body):
        return tree
    statement = tree.body[index]
    lines = list(getattr(statement, "leading_lines", ()))
    blank = next((at for at, each in enumerate(lines) if each.comment), len(lines))
    lines = [*[cst.EmptyLine(indent=False)] * (least - blank), *lines]
    return replaced(tree, index, statement.with_changes(leading_lines=lines))


def after_imports(tree: cst.Module, index: int) -> int:
    """The blank lines that isort puts between the imports and the statement of that number."""
    following = tree.body[index] if index < len(tree.body) else None
    return 2 if isinstance(following, cst.ClassDef | cst.FunctionDef) else 1


def is_heading(line: cst.EmptyLine, heading: str) -> bool:
    return line.comment is not None and line.comment.value == heading


def after_docstring(tree: cst.Module) -> int:
    return int(tree.get_docstring() is not None)
