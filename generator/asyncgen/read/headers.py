"""What a statement says besides its body: type parameters, pragmas, suites, the name of a type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import libcst as cst

from asyncgen.read.canonical import canonical_text
from asyncgen.source import TypeParameter

# `# asyncgen: ignore[AG703]` is of the audit, which reads it by itself.
_PRAGMA = re.compile(r"#\s*asyncgen:\s*(?!ignore\b)(?P<words>[\w-]+)")


def type_parameters(node: cst.TypeParameters | None) -> Iterator[TypeParameter]:
    for each in node.params if node else ():
        bound = each.param.bound if isinstance(each.param, cst.TypeVar) else None
        constraints = bound.elements if isinstance(bound, cst.Tuple) else ()
        yield TypeParameter(
            each.param.name.value,
            _STARS[type(each.param)],
            canonical_text(bound) if bound and not constraints else None,
            tuple(canonical_text(element.value) for element in constraints),
            f"{each.star}{canonical_text(each.default)}" if each.default else None,
        )


_STARS: Mapping[type[cst.CSTNode], str] = {
    cst.TypeVar: "",
    cst.TypeVarTuple: "*",
    cst.ParamSpec: "**",
}


def type_made(statement: cst.Assign) -> str | None:
    """`X` of `X = TypeVar("X", …)` and whatever else makes a type of that name."""
    match statement:
        case cst.Assign(
            targets=[cst.AssignTarget(target=cst.Name(value=name))],
            value=cst.Call(args=[cst.Arg(value=cst.SimpleString() as first), *_]),
        ) if first.evaluated_value == name:
            return name
    return None


def suites(node: cst.CSTNode) -> Iterator[tuple[bool, cst.BaseSuite]]:
    """The suites of a compound statement in order; True for those with a header line of their own
    after the first (else, elif, except, finally, case)."""
    if isinstance(node, cst.Match):
        for case in node.cases:
            yield True, case.body
        return
    yield False, node.body  # type: ignore[attr-defined]  # every other compound statement has one
    for handler in getattr(node, "handlers", ()):
        yield True, handler.body
    orelse = getattr(node, "orelse", None)
    if isinstance(orelse, cst.If):
        (_, body), *others = suites(orelse)
        yield True, body
        yield from others
    elif orelse:
        yield True, orelse.body
    if getattr(node, "finalbody", None):
        yield True, node.finalbody.body  # type: ignore[attr-defined]  # tested in the line above


def pragma(node: cst.FunctionDef | cst.ClassDef) -> str | None:
    """The word of an `# asyncgen: …` comment above the statement or at the end of its header."""
    for comment in reversed(list(comments(node))):
        if match := _PRAGMA.search(comment):
            return match["words"]
    return None


def comments(node: cst.FunctionDef | cst.ClassDef) -> Iterator[str]:
    """The comments above a statement, and those at the ends of its header's first and last line."""
    for line in (*node.leading_lines, *node.lines_after_decorators):
        if line.comment:
            yield line.comment.value
    if isinstance(node, cst.FunctionDef):
        opening = node.whitespace_before_params
        if isinstance(opening, cst.ParenthesizedWhitespace) and opening.first_line.comment:
            yield opening.first_line.comment.value
    if isinstance(node.body, cst.IndentedBlock) and node.body.header.comment:
        yield node.body.header.comment.value
    elif isinstance(node.body, cst.SimpleStatementSuite):
        trailing = node.body.trailing_whitespace.comment
        if trailing:
            yield trailing.value
