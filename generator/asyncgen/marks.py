"""The marks around what asyncgen writes into people's own files (`style = "inline"`).

What stands from a line `# asyncgen: begin` to the next `# asyncgen: end` is ours, with the blank
lines that set it apart; everything else is not.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

from asyncgen.problems import AsyncgenError, Location, Problem

BEGIN = "# asyncgen: begin"
END = "# asyncgen: end"

# Lines as Python counts them, each with its own newline.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def split_lines(text: str) -> list[str]:
    """The lines of a source file, newlines kept. `str.splitlines` knows more ends than Python."""
    return _LINE.findall(text)


def is_marked(data: bytes) -> bool:
    """Whether the content of a file may have something of ours in it."""
    return BEGIN.encode() in data


def blanked(text: str, display: str) -> str:
    """The text with nothing in the lines that are ours, so that all others keep their numbers.

    Raises AsyncgenError (AG308) for a mark without the other.
    """
    if BEGIN not in text:
        return text
    lines = split_lines(text)
    for number in owned(text, display):
        lines[number] = lines[number][len(lines[number].rstrip("\r\n")) :]
    return "".join(lines)


def without(text: str, display: str) -> str:
    """The text without what is ours. Raises AsyncgenError (AG308)."""
    gone = owned(text, display) if BEGIN in text else frozenset()
    return "".join(line for at, line in enumerate(split_lines(text)) if at not in gone)


def stripped(data: bytes, display: str) -> bytes:
    """The content of a file without what is ours. Raises AsyncgenError (AG308)."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return without(data.decode(encoding), display).encode(encoding)


def owned(text: str, display: str) -> frozenset[int]:
    """The numbers, from 0, of the lines that are ours. Raises AsyncgenError (AG308)."""
    lines = split_lines(text)
    found: set[int] = set()
    start: int | None = None
    for number, mark in _marks(text, lines):
        if (mark == BEGIN) is not (start is None):
            raise _unpaired(display, start if start is not None else number)
        if start is None:
            start = number
        else:
            found.update(range(start - _blanks(lines, start), number + 1))
            start = None
    if start is not None:
        raise _unpaired(display, start)
    return frozenset(found)


def _marks(text: str, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Each mark that has a line of its own, with its number; not what a string says."""
    comments = _comment_lines(text)
    for number, line in enumerate(lines):
        mark = line.strip()
        if mark in (BEGIN, END) and (comments is None or number in comments):
            yield number, mark


def _comment_lines(text: str) -> frozenset[int] | None:
    """The numbers of the lines with a comment; None where the text is no Python."""
    try:
        return frozenset(
            token.start[0] - 1
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        )
    except (tokenize.TokenError, SyntaxError):
        return None


def _blanks(lines: list[str], start: int) -> int:
    """How many blank lines before a mark are ours: one in a class, two at the outermost level."""
    most = 1 if lines[start][:1].isspace() else 2
    count = 0
    while count < min(most, start) and not lines[start - count - 1].strip():
        count += 1
    return count


def _unpaired(display: str, number: int) -> AsyncgenError:
    return AsyncgenError(
        Problem(
            "AG308",
            f"`{BEGIN}` and `{END}` stand around what asyncgen wrote; here is one alone",
            "put the other mark back, or remove this one with what it belongs to",
            Location(display, number + 1),
        )
    )
