"""Python source laid out as ruff and black lay it out, so that they change nothing.

Templates write one statement a line; a line that is too long is broken here. Only what they write
is covered: a `def` or `class` line, an import, an `if` with several tests, a call, an assignment, a
comprehension, the docstring of a twin. Any other line stays as it is. The rules are black's: one
line if it fits; else the content of the last bracket (of a `def`, the first) on a line of its own;
else one element a line with a trailing comma, each laid out by the same rules.
https://black.readthedocs.io/en/stable/the_black_code_style/current_style.html
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator

INDENT = "    "
_OPEN = {"(": ")", "[": "]", "{": "}"}


_DEFINITION = re.compile(r"(async )?def |class ")
_CLAUSE = re.compile(r" (?=async for |(?<!async )for |if )")
_STRING = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")


def formatted(text: str, width: int) -> str:
    """Rendered text, in lines of at most `width` characters where that can be."""
    lines = text.splitlines()
    if any(len(line) > width for line in lines):
        for number, is_docstring in reversed(list(_statements(text))):
            if len(lines[number]) > width:
                break_ = _divided_docstring if is_docstring else broken
                lines[number : number + 1] = break_(lines[number], width)
    return "\n".join(lines) + "\n"


def _statements(text: str) -> Iterator[tuple[int, bool]]:
    """The lines that are a whole statement, or with which a docstring begins: the number of each,
    and whether it is a docstring."""
    first: tokenize.TokenInfo | None = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            if first and first.type == tokenize.STRING:
                yield first.start[0] - 1, True
            elif first and first.start[0] == token.start[0]:
                yield first.start[0] - 1, False
            first = None
        elif first is None and token.type not in _LAYOUT:
            first = token


_LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)


def _divided_docstring(line: str, width: int) -> list[str]:
    """A summary that is too long, divided at its colon or comma."""
    indent = line[: len(line) - len(line.lstrip())]
    is_whole = line.endswith('"""') and line.strip() != '"""'
    summary = line.strip().removeprefix('"""')
    first, *rest = re.split(
        "[:,] ", summary.removesuffix('"""') if is_whole else summary, maxsplit=1
    )
    if not rest:
        return [line]
    second = indent + rest[0][:1].upper() + rest[0][1:]
    return [f'{indent}"""{first}.', "", second, *([f'{indent}"""'] if is_whole else [])]


def broken(line: str, width: int) -> list[str]:
    """A line of code that is too long, as several."""
    depth = (len(line) - len(line.lstrip())) // len(INDENT)
    code, comment = _without_comment(line.strip())
    if comment:
        first, *rest = broken(INDENT * depth + code, width)
        return [first + comment, *rest]
    is_definition = bool(_DEFINITION.match(code))
    if code.startswith("from "):
        return _import(code, depth, width)
    if code.startswith(("if ", "elif ")):
        return _condition(code, depth, width)
    if " for " in _STRING.sub("", code) and not is_definition:
        return _comprehension(code, depth, width)
    if _is_assignment(code):
        return _assignment(code, depth, width)
    return lay_out(code, depth, width, is_definition=is_definition)


def _without_comment(code: str) -> tuple[str, str]:
    head, mark, comment = code.rpartition("  # ")
    return (head, mark + comment) if mark else (code, "")


def _import(code: str, depth: int, width: int) -> list[str]:
    if len(INDENT * depth + code) <= width:
        return [INDENT * depth + code]
    head, _, names = code.partition(" import ")
    outer, inner = INDENT * depth, INDENT * (depth + 1)
    each = [f"{inner}{name}," for name in names.split(", ")]
    return [f"{outer}{head} import (", *each, f"{outer})"]


def _condition(code: str, depth: int, width: int) -> list[str]:
    """The test in parentheses: on a line of its own, else one operand a line."""
    keyword, _, test = code.removesuffix(":").partition(" ")
    outer, inner = INDENT * depth, INDENT * (depth + 1)
    lines = [inner + test]
    for operator in ("and", "is"):
        first, *rest = _divided(test, f" {operator} ")
        if len(lines[0]) > width and rest:
            lines = [inner + first, *(f"{inner}{operator} {operand}" for operand in rest)]
    return [f"{outer}{keyword} (", *lines, f"{outer}):"]


_ASSIGNMENT = re.compile(r"[\w.]+ = [\w.]+")


def _is_assignment(code: str) -> bool:
    """Whether a name gets what another name stands for: there is no bracket to break it at."""
    return _ASSIGNMENT.fullmatch(code) is not None


def _assignment(code: str, depth: int, width: int) -> list[str]:
    name, _, value = code.partition(" = ")
    outer, inner = INDENT * depth, INDENT * (depth + 1) + value
    # black would break at a constant, ruff would not.
    if len(inner) > width or value in ("True", "False", "None"):
        return [outer + code]
    return [f"{outer}{name} = (", inner, f"{outer})"]


def _comprehension(code: str, depth: int, width: int) -> list[str]:
    """Its content on a line of its own; else element, `for` and `if` each on one."""
    split = _last_bracket(code)
    if split is None:
        return [INDENT * depth + code]
    head, body, tail = split
    outer, inner = INDENT * depth, INDENT * (depth + 1)
    parts = [body] if len(inner + body) <= width else _CLAUSE.split(body)
    return [outer + head, *(inner + part for part in parts), outer + tail]


def lay_out(line: str, depth: int, width: int, *, is_definition: bool = False) -> list[str]:
    """`line`, without its indentation, as lines indented by `depth` levels."""
    indent = INDENT * depth
    if len(indent) + len(line) <= width:
        return [indent + line]
    if not is_definition and (computed := _COMPUTED.fullmatch(line)):
        return [indent + part for part in _by_operator(*computed.groups())]
    annotated = _annotated(line)
    if annotated:
        return _in_parentheses(annotated, depth, width)
    if not is_definition and len(list(_divided(line, " | "))) > 1:
        return _operands(line, depth, width)
    room = width - len(indent)
    split = _definition_bracket(line, room) if is_definition else _bracket_that_fits(line, room)
    if split is None:
        return [indent + line]
    head, body, tail = split
    parts = list(_divided(body, ","))
    inner = INDENT * (depth + 1)
    if head.startswith(("def ", "async def ")) and head.endswith("(") and len(parts) == 1:
        body += ","  # black and ruff close a lone parameter so
    # Where what a function returns is divided, black and ruff agree on nothing but elements that
    # stand on lines of their own.
    is_agreed = len(indent) + len(tail) <= width and not (is_definition and head.endswith("["))
    is_exploded = len(parts) > 1 and _is_display(head)
    if is_agreed and not is_exploded and len(inner) + len(body) <= width:
        return [indent + head, inner + body, indent + tail]
    lines = [indent + head]
    comma = "," if _takes_comma(parts, head) or body.endswith(",") else ""
    for number, part in enumerate(parts):
        end = "," if number < len(parts) - 1 else comma
        lines += lay_out(part + end, depth + 1, width)
    return [*lines, *lay_out(tail, depth, width)]


_ANNOTATED = re.compile(r"[\w ]*(\(\)|\)) -> |\*{0,2}\w+: ")


def _annotated(line: str) -> tuple[str, str, str] | None:
    """A parameter, or the end of a `def` (all of one without parameters), whose annotation goes
    into parentheses when it is too long, for it has operands or is a name: what is before it, it,
    and what is after it."""
    match = _ANNOTATED.match(line)
    if not match:
        return None
    before, rest = match.group(), line[match.end() :]
    returns = before.endswith("-> ")
    if returns:
        annotation = rest.removesuffix(" ...").removesuffix(":")
    else:
        annotation = next(_divided(rest, " = ")).removesuffix(",")
    has_operands = len(list(_divided(annotation, " | "))) > 1
    is_name = returns and _last_bracket(annotation) is None
    return (before, annotation, rest[len(annotation) :]) if has_operands or is_name else None


def _in_parentheses(annotated: tuple[str, str, str], depth: int, width: int) -> list[str]:
    before, annotation, after = annotated
    inner = lay_out(annotation, depth + 1, width)
    return [f"{INDENT * depth}{before}(", *inner, f"{INDENT * depth}){after}"]


def _operands(line: str, depth: int, width: int) -> list[str]:
    """The operands of `|`, one a line."""
    first, *rest = _divided(line, " | ")
    lines = [first, *(f"| {operand}" for operand in rest)]
    return [each for operand in lines for each in lay_out(operand, depth, width)]


# A parameter whose default is made of numbers, such as `60 * 60` or `2**20`.
_COMPUTED = re.compile(r"(\w+: .+ = )([\d.]\w*(?:(?: [-+*/%]{1,2} |\*\*)[\d.]\w*)+)(,?)")
_PRIORITIES = (r" (?=[-+] )", r" (?=[*/%]{1,2} )", r"(?=\*\*)")  # what black breaks at first


def _by_operator(head: str, default: str, comma: str) -> list[str]:
    """The operands of a default, one a line, each with the operator before it."""
    operands = next(parts for each in _PRIORITIES if len(parts := re.split(each, default)) > 1)
    first, *rest = (re.sub(r"^\*\*(?! )", "** ", operand) for operand in operands)
    lines = [head + first, *rest]
    return [*lines[:-1], lines[-1] + comma]


def _is_display(head: str) -> bool:
    """Whether the bracket that `head` ends with is a list, tuple, set or dict: these go one element
    a line as soon as they do not fit on one; calls, parameters and subscripts do not."""
    before = head[:-1].rstrip(" ")
    return not (before.endswith((")", "]", "_")) or before[-1:].isalnum())


def _takes_comma(parts: list[str], head: str) -> bool:
    """Whether a trailing comma may follow: not after a single subscript, a comprehension or a
    string, nor what stands in parentheses."""
    closes_call = head.endswith("(") and not _is_display(head)
    return closes_call or head.endswith("{") or len(parts) > 1 or "," in head


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


def _definition_bracket(line: str, room: int) -> tuple[str, str, str] | None:
    """That of the parameters or bases, where the type parameters before it have room; else the
    first bracket that has content."""
    found = [(start, end) for start, end in _brackets(line) if end > start + 1]
    values = [(start, end) for start, end in found if line[start] == "(" and start < room]
    for start, end in (*values, *found):
        return line[: start + 1], line[start + 1 : end], line[end:]
    return None


def _bracket_that_fits(line: str, room: int) -> tuple[str, str, str] | None:
    """The last bracket with content that begins within the width; else the last."""
    found = list(_splits(line))
    fitting = (each for each in reversed(found) if len(each[0]) <= room)
    return next(fitting, found[-1] if found else None)


def _last_bracket(line: str) -> tuple[str, str, str] | None:
    """The last bracket that has content."""
    return next(reversed(list(_splits(line))), None)


def _splits(line: str) -> Iterator[tuple[str, str, str]]:
    """What is before, in and after each of the outermost brackets that have content."""
    for start, end in _brackets(line):
        if end > start + 1:
            yield line[: start + 1], line[start + 1 : end], line[end:]


def _divided(body: str, separator: str) -> Iterator[str]:
    """The parts of `body` between separators outside of brackets and strings."""
    inside = list(_brackets(body))
    start = 0
    quote = ""
    for position, character in enumerate(body):
        if quote:
            quote = "" if character == quote and body[position - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif body.startswith(separator, position) and not any(
            left < position < right for left, right in inside
        ):
            yield body[start:position].strip()
            start = position + len(separator)
    last = body[start:].strip()
    if last:
        yield last
