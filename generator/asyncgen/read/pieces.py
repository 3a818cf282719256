"""A source cut into pieces for the parser, and where each of its logical lines starts.

LibCST's tree of a file takes a thousand times the room of its text, so a long file is parsed piece
by piece: some statements of the module, or of the body of a class that is long itself. What a
comment says belongs to the statement that follows it.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from keyword import iskeyword

LIMIT = 1000  # lines that a piece may have, unless one statement has more
_CONTINUED = frozenset({"elif", "else", "except", "finally"})
_LAYOUT = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)
_STARTS = _LAYOUT | {tokenize.NEWLINE}  # what comes before a statement


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line (Python's lexical analysis, section 2.1.1): the lines that it starts and ends
    on, how many blocks it is in, and its first word."""

    first: int
    last: int
    depth: int
    word: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Statements, below a few lines that make them a module that can be parsed: `before` is the
    number of the source's lines before the text's first. The class that a piece ends with goes on
    in its `rest`."""

    text: str
    before: int
    rest: tuple[Piece, ...] = ()


def logical_lines(text: str) -> list[Line]:
    """All of them, in order. Raises what `tokenize` raises."""
    found: list[Line] = []
    depth = 0
    begun: tuple[int, str] | None = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            if begun:
                found.append(Line(begun[0], token.start[0], depth, begun[1]))
            begun = None
        elif token.type == tokenize.INDENT:
            depth += 1
        elif token.type == tokenize.DEDENT:
            depth -= 1
        elif token.type not in _LAYOUT and not begun:
            begun = token.start[0], token.string
    return found


def pieces(text: str, lines: Sequence[Line]) -> Iterator[Piece]:
    """The source in pieces."""
    physical = list(io.StringIO(text))
    last = 0
    for group in _groups(lines, 0):
        yield from _cut(physical, group, last)
        last = group[-1].last


def _cut(physical: Sequence[str], group: Sequence[Line], last: int) -> Iterator[Piece]:
    """The piece of some statements, which follow line `last`."""
    header = next((n for n, line in enumerate(group) if line.word != "@"), 0)
    body = group[header + 1 :]
    is_long_class = group[header].word == "class" and group[-1].last - group[0].first > LIMIT
    parts = list(_groups(body, 1)) if is_long_class else []
    end = parts[0][-1].last if parts else group[-1].last
    yield Piece(
        "".join(("pass\n", *physical[last:end])), last - 1, tuple(_rest(physical, parts, end))
    )


def _rest(physical: Sequence[str], parts: Sequence[Sequence[Line]], last: int) -> Iterator[Piece]:
    for part in parts[1:]:
        start = physical[part[0].first - 1].lstrip("\f")
        indent = start[: len(start) - len(start.lstrip())]
        text = "".join(("if 1:\n", indent, "pass\n", *physical[last : part[-1].last]))
        yield Piece(text, last - 2)
        last = part[-1].last


def _groups(lines: Sequence[Line], depth: int) -> Iterator[Sequence[Line]]:
    """The statements in a block, as many together as fit; a long one alone."""
    starts = [
        number
        for number, line in enumerate(lines)
        if line.depth == depth
        and line.word not in _CONTINUED
        and not (number and lines[number - 1].word == "@")
    ]
    begin = 0
    for start, end in pairwise([*starts, len(lines)]):
        is_long = lines[end - 1].last - lines[start].first > LIMIT
        if start > begin and (is_long or lines[end - 1].last - lines[begin].first > LIMIT):
            yield lines[begin:start]
            begin = start
        if is_long:
            yield lines[begin:end]
            begin = end
    if begin < len(lines):
        yield lines[begin:]


def eased(text: str) -> str:
    """The same for Python, with as many lines, where LibCST 1.8 stumbles: at `else(` and its like,
    and at an annotated name in parentheses."""
    physical = list(io.StringIO(text))
    previous: tokenize.TokenInfo | None = None
    edits: list[tuple[tuple[int, int], int, str]] = []  # place, length, text
    opened: list[tuple[int, int]] = []  # parentheses
    outer: tuple[int, int] | None = None  # the one that a statement starts with
    closed: tuple[tuple[int, int], tuple[int, int]] | None = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.string == "(" and token.type == tokenize.OP:
            if previous is None or previous.type in _STARTS or previous.string == ";":
                outer = token.start
            elif iskeyword(previous.string) and previous.end == token.start:
                edits.append((token.start, 0, " "))
            opened.append(token.start)
        elif token.string == ")" and opened and opened.pop() == outer and outer:
            closed = outer, token.start
        elif token.string == ":" and closed and previous and previous.start == closed[1]:
            edits += [(place, 1, "") for place in closed]
        previous = token
    for (line, column), length, new in sorted(edits, reverse=True):
        before = physical[line - 1]
        physical[line - 1] = before[:column] + new + before[column + length :]
    return "".join(physical)
