"""Lines of source for a page: coloured, with the one that is meant marked, and whose they are."""

from __future__ import annotations

import ast
import io
import keyword
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markupsafe import Markup, escape

_CLASSES = {"COMMENT": "c", "NUMBER": "n"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line, as HTML."""

    number: int
    html: Markup
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """The innermost function around a line: its name in its class, and whether it is async."""

    name: str
    is_async: bool
    line: int
    class_name: str = ""
    siblings: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Source:
    """A file; one that cannot be read has no lines."""

    path: Path

    @cached_property
    def text(self) -> str:
        try:
            with tokenize.open(self.path) as file:
                return file.read()
        except (OSError, SyntaxError, UnicodeDecodeError):
            return ""

    def around(self, first: int, last: int, margin: int) -> list[Row]:
        """Some lines, marked, with as many before and after as the margin says, but no blank ones
        at the ends; without the indentation that all of them have."""
        last = min(last, len(self.plain))
        if first > last:
            return []
        start, end = max(first - margin, 1), min(last + margin, len(self.plain))
        while start < first and not self.plain[start - 1].strip():
            start += 1
        while end > last and not self.plain[end - 1].strip():
            end -= 1
        chosen = [self.plain[number - 1] for number in range(start, end + 1)]
        indents = [len(each) - len(each.lstrip()) for each in chosen if each.strip()]
        cut = min(indents, default=0)
        return [
            Row(number, _cut(self.lines[number - 1], cut), first <= number <= last)
            for number in range(start, end + 1)
        ]

    @cached_property
    def plain(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def lines(self) -> list[Markup]:
        """The lines as HTML, with a class around each comment, string, number and keyword."""
        rows: list[list[Markup]] = [[] for _ in self.plain]
        line, column = 1, 0
        for kind, start, end in self.pieces():
            _put(rows, self.plain, (line, column), start, "")
            _put(rows, self.plain, start, end, kind)
            line, column = end
        _put(rows, self.plain, (line, column), (len(rows) + 1, 0), "")
        return [Markup("").join(row) for row in rows]

    def pieces(self) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
        """What has a colour, in order: its class, where it begins and ends."""
        after = ""
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                name = tokenize.tok_name[token.type]
                kind = "s" if "STRING" in name else _CLASSES.get(name, "")
                if name == "NAME":
                    kind = "f" if after in ("def", "class") else ""
                    kind = "k" if keyword.iskeyword(token.string) else kind
                after = token.string
                if kind:
                    yield kind, token.start, token.end
        except (tokenize.TokenError, SyntaxError):
            return

    @cached_property
    def owners(self) -> list[tuple[int, int, Owner]]:
        """The functions, each with its first and last line; inner ones come later."""
        try:
            return list(_functions(ast.parse(self.text), "", None))
        except (SyntaxError, ValueError):
            return []

    def owner(self, line: int) -> Owner | None:
        """The innermost function around a line."""
        around = [owner for first, last, owner in self.owners if first <= line <= last]
        return around[-1] if around else None


def _cut(line: Markup, columns: int) -> Markup:
    """Indentation stands before any tag, so it is cut as text."""
    return Markup(str(line)[columns:]) if str(line)[:columns].isspace() else line


def _put(
    rows: list[list[Markup]],
    plain: list[str],
    start: tuple[int, int],
    end: tuple[int, int],
    kind: str,
) -> None:
    """Append what stands between two places to its rows."""
    for number in range(start[0], min(end[0], len(rows)) + 1):
        first = start[1] if number == start[0] else 0
        last = end[1] if number == end[0] else len(plain[number - 1])
        text = escape(plain[number - 1][first:last])
        if text:
            whole = Markup('<span class="{}">{}</span>').format(kind, text) if kind else text
            rows[number - 1].append(whole)


def _functions(
    node: ast.AST, prefix: str, inside: ast.ClassDef | None
) -> Iterator[tuple[int, int, Owner]]:
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names = inside.body if inside else getattr(node, "body", [])
                siblings = frozenset(
                    each.name
                    for each in names
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                )
                is_async = isinstance(child, ast.AsyncFunctionDef)
                in_class = prefix.rstrip(".") if inside else ""
                owner = Owner(f"{prefix}{name}", is_async, child.lineno, in_class, siblings)
                yield child.lineno, child.end_lineno or child.lineno, owner
                yield from _functions(child, f"{prefix}{name}.", None)
            case ast.ClassDef(name=name):
                yield from _functions(child, f"{prefix}{name}.", child)
            case _:
                yield from _functions(child, prefix, inside)
