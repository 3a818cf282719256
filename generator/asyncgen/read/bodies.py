"""Which bodies of functions may wait until somebody asks for them.

Parsing with LibCST is what reading takes most of its time for, and of most functions in a
dependency nobody asks what they do. CPython's own parser, which is many times as fast, says whether
the whole is Python and where the bodies are. They are taken out of what LibCST reads at once; what
it says of a function without its body is the same.
"""

from __future__ import annotations

import ast
import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

# What says more of a function or its module than what it does, where it is no word of a comment or
# a string. The rest of the body may wait.
_TELLING = (ast.ClassDef, ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom)
_WORDS = re.compile(r"\b(?:class|global|nonlocal|to_attr|yield)\b")
# Where a statement of the module may begin.
_STATEMENT = re.compile(r"(?!(?:elif|else|except|finally)\b)[A-Za-z_@]")
_METHOD = re.compile(r"([ \t]+)(?:@|(?:async[ \t]+)?def\b)")
LIMIT = 10_000  # lines that are parsed at once, if they can be
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")


@dataclass(frozen=True, slots=True)
class Body:
    """Statements of a function: their source, and how many lines of the file come before it."""

    text: str
    before: int


@dataclass(frozen=True, slots=True)
class Outlined:
    """A source without some bodies: its text, the number that each line has in the file, and the
    bodies by the lines of their functions."""

    text: str
    numbers: Sequence[int]
    bodies: Mapping[int, Body]


def outlined(text: str) -> Outlined | None:
    """The source without the bodies that may wait; None where Python cannot parse it, or none
    may."""
    if "def " not in text:
        return None
    physical = list(io.StringIO(text))
    bodies: dict[int, Body] = {}
    kept: list[str] = []
    numbers: list[int] = []
    last = 0  # the last line that was looked at
    try:
        ranges = list(_ranges(physical))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # LibCST and the words for what is wrong with it
    for header, found in ranges:
        start, end, indent = found
        body = "".join(physical[start - 1 : end])
        bodies[header] = Body(body if body.endswith("\n") else f"{body}\n", start - 1)
        kept += physical[last : start - 1]
        kept.append(f"{indent}...\n")
        numbers += range(last + 1, start + 1)
        last = end
    kept += physical[last:]
    numbers += range(last + 1, len(physical) + 1)
    return Outlined("".join(kept), numbers, bodies) if bodies else None


def _tells(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether the body has to be read with the rest."""
    return any(
        isinstance(each, _TELLING) or (isinstance(each, ast.keyword) and each.arg == "to_attr")
        for statement in function.body
        for each in ast.walk(statement)
    )


def _ranges(physical: Sequence[str]) -> Iterator[tuple[int, tuple[int, int, str]]]:
    """The line of each function whose body may wait, and what `_body` tells. Raises what `ast`
    raises.

    Python's tree takes hundreds of times the room of the text, so a long file is parsed in parts,
    if each by itself is Python: then so is the whole, and it means the same.
    """
    for parts in (list(_parts(physical)), [(0, physical)]):
        try:
            found = [
                (function.lineno + before, (start + before, end + before, indent))
                for before, lines in parts
                for function in _functions(_parsed("".join(lines)))
                for start, end, indent in _body(function, lines)
                if not (_WORDS.search("".join(lines[start - 1 : end])) and _tells(function))
            ]
        except SyntaxError:  # such as in the middle of a string
            if len(parts) == 1:
                raise
        else:
            yield from found
            return


def _parts(physical: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """The lines in parts, each with the number of those before it. What follows in a class that is
    cut between two of its methods is the block of an `if`."""
    begin = 0
    header: tuple[str, ...] = ()
    indent: str | None = None  # of the methods of the class, whose functions may have their own
    is_decorated = False
    for number, line in enumerate(physical):
        of_module, method = _STATEMENT.match(line), _METHOD.match(line)
        if of_module:
            indent = None
        elif method:
            indent = min(indent or method[1], method[1], key=len)
        if not of_module and (method is None or method[1] != indent):
            continue
        if number - begin >= LIMIT and not is_decorated:
            yield begin - len(header), (*header, *physical[begin:number])
            begin = number
            header = () if of_module else ("if 1:\n",)
        is_decorated = line.lstrip().startswith("@")
    yield begin - len(header), (*header, *physical[begin:])


def _parsed(text: str) -> Sequence[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text).body


def _functions(block: Sequence[ast.AST]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a module and its classes, in order, those in other functions aside."""
    for statement in block:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield statement
        elif not isinstance(statement, ast.expr):
            for name in _BLOCKS:
                yield from _functions(getattr(statement, name, ()))


def _body(
    function: ast.FunctionDef | ast.AsyncFunctionDef, physical: Sequence[str]
) -> Iterator[tuple[int, int, str]]:
    """The first and the last line of the body, its docstring aside, and its indentation; nothing
    where it has no lines of its own."""
    first, *rest = function.body
    says = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if says:
        if not rest:
            return
        first = rest[0]
    decorators = getattr(first, "decorator_list", [])
    start = min([first.lineno, *(each.lineno for each in decorators)])
    line = physical[start - 1]
    indent = line[: len(line) - len(line.lstrip())]
    column = first.col_offset
    if decorators:
        column = len(indent.encode())
    end = function.body[-1].end_lineno or start
    says_all = start == end and isinstance(first, ast.Pass | ast.Raise)
    if len(indent.encode()) != column or "\f" in indent or says_all:
        return
    # The comments above its first statement say nothing of the function.
    while start > function.lineno + 1 and physical[start - 2].lstrip().startswith("#"):
        start -= 1
    yield start, end, indent
