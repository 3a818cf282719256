"""What has to hold for a branch at the top of a module or class to run, in the words that type
checkers know: tests of `sys.version_info` and `sys.platform`
(https://typing.python.org/en/latest/spec/directives.html#version-and-platform-checking)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat

import libcst as cst

from asyncgen.read.canonical import canonical_text
from asyncgen.read.expressions import dotted

_KNOWN = ("version_info", "platform")
_OPPOSITES: Mapping[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.GreaterThanEqual: cst.LessThan,
    cst.LessThan: cst.GreaterThanEqual,
    cst.GreaterThan: cst.LessThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
}


def conditions(statement: cst.CSTNode) -> Iterator[str]:
    """The condition of each suite of a compound statement; empty where it cannot be said."""
    earlier: list[str] = []
    branch: cst.CSTNode | None = statement
    while isinstance(branch, cst.If):
        yield _all([*earlier, _text(branch.test)])
        earlier.append(_text(branch.test, opposite=True))
        branch = branch.orelse
    yield from repeat(_all(earlier))


def both_hold(outer: str | None, inner: str) -> str:
    """The condition of a branch inside of another."""
    return inner if outer is None else _all([outer, inner])


def _all(texts: Iterable[str]) -> str:
    parts = list(texts)
    return " and ".join(parts) if all(parts) else ""


def _text(test: cst.BaseExpression, *, opposite: bool = False) -> str:
    match test:
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget() as target]) if (
            dotted(left).rpartition(".")[2] in _KNOWN
        ):
            wanted = _OPPOSITES.get(type(target.operator))
            if wanted is None:
                return ""
            if opposite:
                target = target.with_changes(operator=wanted())
            return canonical_text(test.with_changes(comparisons=[target], lpar=(), rpar=()))
    return ""
