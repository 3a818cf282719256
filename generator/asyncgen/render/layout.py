"""Python source laid out as ruff and black lay it out, so that they change nothing.

Only what asyncgen writes is covered: a `def` line, a call, an import, an assignment. The rules
are black's: one line if it fits; else the content of the last bracket (of a `def`, the first) on
a line of its own; else one element a line with a trailing comma, each laid out by the same rules.
https://black.readthedocs.io/en/stable/the_black_code_style/current_style.html
"""

from __future__ import annotations

from collections.abc import Iterator

INDENT = "    "
_OPEN = {"(": ")", "[": "]", "{": "}"}


def lay_out(line: str, depth: int, width: int, *, is_definition: bool = False) -> list[str]:
    """`line`, without its indentation, as lines indented by `depth` levels."""
    indent = INDENT * depth
    if len(indent) + len(line) <= width:
        return [indent + line]
    split = _first_bracket(line) if is_definition else _last_bracket(line)
    if split is None:
        return [indent + line]
    head, body, tail = split
    inner = INDENT * (depth + 1)
    if is_definition and head.endswith("(") and "," not in body:
        body += ","  # black and ruff close a lone parameter so
    parts = list(_elements(body))
    if len(inner) + len(body) <= width and not (len(parts) > 1 and _is_display(head)):
        return [indent + head, inner + body, indent + tail]
    lines = [indent + head]
    comma = "," if _takes_comma(parts, head) else ""
    for number, part in enumerate(parts):
        end = "," if number < len(parts) - 1 else comma
        lines += lay_out(part + end, depth + 1, width)
    return [*lines, indent + tail]


def _is_display(head: str) -> bool:
    """Whether the bracket that `head` ends with is a list, tuple, set or dict: these go one element
    a line as soon as they do not fit on one; calls, parameters and subscripts do not."""
    before = head[:-1].rstrip(" ")
    return not (before.endswith((")", "]", "_")) or before[-1:].isalnum())


def _takes_comma(parts: list[str], head: str) -> bool:
    """Whether a trailing comma may follow: not after a single subscript, a comprehension or a
    string."""
    return head.endswith(("(", "{")) or len(parts) > 1 or "," in head


def _brackets(line: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of the outermost brackets of a line, strings left out."""
    stack: list[int] = []
    quote = ""
    position = 0
    while position < len(line):
        character = line[position]
        if quote:
            if character == "\\":
                position += 1
            elif line.startswith(quote, position):
                position += len(quote) - 1
                quote = ""
        elif character in "\"'":
            quote = character * 3 if line.startswith(character * 3, position) else character
            position += len(quote) - 1
        elif character in _OPEN:
            stack.append(position)
        elif character in _OPEN.values() and stack:
            start = stack.pop()
            if not stack:
                yield start, position
        position += 1


def _first_bracket(line: str) -> tuple[str, str, str] | None:
    for start, end in _brackets(line):
        if end > start + 1:
            return line[: start + 1], line[start + 1 : end], line[end:]
    return None


def _last_bracket(line: str) -> tuple[str, str, str] | None:
    """The last bracket that has content."""
    found = None
    for start, end in _brackets(line):
        if end > start + 1:
            found = line[: start + 1], line[start + 1 : end], line[end:]
    return found


def _elements(body: str) -> Iterator[str]:
    """The parts of a bracket's content at its outermost commas."""
    inside = list(_brackets(body))
    start = 0
    quote = ""
    for position, character in enumerate(body):
        if quote:
            quote = "" if character == quote and body[position - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character == "," and not any(left < position < right for left, right in inside):
            yield body[start:position].strip()
            start = position + 1
    last = body[start:].strip()
    if last:
        yield last
