"""Which twins a file that is out of date gains, loses and has changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

SHOWN = 6  # names of one kind


def said(before: str, after: str) -> str:
    """In words: `adds Book.asave; changes atotal`. Empty where there is no difference in twins, or
    what is on disk is no Python any more."""
    old, new = _twins(before), _twins(after)
    if old is None or new is None:
        return ""
    groups = {
        "adds": [name for name in new if name not in old],
        "removes": [name for name in old if name not in new],
        "changes": [name for name in new if name in old and old[name] != new[name]],
    }
    return "; ".join(f"{verb} {_listed(names)}" for verb, names in groups.items() if names)


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _twins(text: str) -> dict[str, str] | None:
    """Each function of the module, by its name with its class: its code, without positions."""
    try:
        return dict(_functions(ast.parse(text), ""))
    except (SyntaxError, ValueError):
        return None


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, str]]:
    for each in ast.iter_child_nodes(node):
        match each:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield f"{prefix}{name}", ast.dump(each)
            case ast.ClassDef(name=name):
                yield from _functions(each, f"{name}.")
            case ast.If():
                yield from _functions(each, prefix)
