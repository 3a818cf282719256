"""Text → LibCST's tree, or the coded problem that says why there is none."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TypeAlias

import libcst as cst

from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.read.pieces import eased

Statement: TypeAlias = cst.BaseStatement | cst.BaseSmallStatement


def parsed(text: str) -> Sequence[Statement]:
    try:
        return cst.parse_module(text).body
    except Exception:
        easier = eased(text)
        if easier == text:
            raise
        return cst.parse_module(easier).body


def problem(text: str, message: str, location: Location) -> AsyncgenError:
    """A syntax error, as CPython words and places it, which it does better, where it sees one too;
    where it sees none, it is not for the source to be corrected."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as better:
        line = (better.lineno if isinstance(better, SyntaxError) else None) or location.line
        said = better.msg if isinstance(better, SyntaxError) else str(better)
        return syntax_error(said, Location(location.path, line))
    except (RecursionError, MemoryError):
        pass
    return AsyncgenError(
        Problem(
            "AG304",
            f"LibCST, which reads the source, cannot read this: {message}",
            "nothing is wrong with the source: write it differently there, or leave the file out "
            "of `sources`; a newer libcst may read it",
            location,
        )
    )


def syntax_error(message: str, location: Location) -> AsyncgenError:
    return AsyncgenError(
        Problem("AG303", f"syntax error: {message}", "correct the source, then run again", location)
    )
