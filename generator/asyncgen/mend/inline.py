"""`style = "inline"`: twins in people's own classes, between marks; every other byte stays.

Lines are inserted into the text, so that nothing else can change; only the imports that the twins
need are added by LibCST, in the manner of those that are there.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from asyncgen.config import Config
from asyncgen.marks import BEGIN, END, blanked, owned, split_lines
from asyncgen.mend.apply import first_class
from asyncgen.mend.imported import Place
from asyncgen.mend.imports import Importer
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.read.files import source_bytes
from asyncgen.surface import ImportLine, Inline, Piece, Rendered

_INDENT = "    "  # what the pieces are indented by
_Def = ast.FunctionDef | ast.AsyncFunctionDef


def inlined(config: Config, surface: Inline, placement: str) -> Rendered:
    """The source with the twins of its classes and functions in it, and nothing else that an
    earlier run put there.

    Raises AsyncgenError: AG308 for marks that do not belong together, AG309 for a class whose body
    stands in the line of its `class`.
    """
    source = _Source.of(config, surface.path)
    text = source.with_pieces(_grouped(surface.pieces, source, placement))
    if surface.imports:
        place = Place.of(surface.module, Path(surface.path), config)
        text = _with_imports(
            text, Importer(place, config.line_length), surface.imports, path=surface.path
        )
    return source.rendered(text)


def _with_imports(text: str, importer: Importer, wanted: Sequence[ImportLine], path: str) -> str:
    """As `apply` adds them."""
    by_hand = "write the imports by hand: " + ", ".join(f"{e.module}.{e.name}" for e in wanted)
    try:
        tree = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise _cannot("LibCST cannot read it", by_hand, path) from error
    if tree.code != text:
        raise _cannot("LibCST would write it in another way", by_hand, path)
    return importer.added(tree, wanted, first_class(tree)).code


def _cannot(why: str, hint: str, path: str) -> AsyncgenError:
    message = f"cannot write the file: {why}"
    return AsyncgenError(
        Problem("AG404", message, f"{hint}; nothing was changed", Location(path, 1))
    )


# -- where ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spot:
    """After which line, counted from 1, something goes, and how it is indented there."""

    line: int
    indent: str


def _grouped(pieces: Iterable[Piece], source: _Source, placement: str) -> dict[_Spot, list[str]]:
    """The texts that stand in one place, between one pair of marks."""
    found: dict[_Spot, list[str]] = {}
    for piece in pieces:
        found.setdefault(source.spot(piece, placement), []).append(piece.text)
    return found


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of people's own: its text with its newlines, and its tree, to which what is ours is
    blank."""

    path: str
    encoding: str
    text: str
    lines: tuple[str, ...]
    tree: ast.Module

    @classmethod
    def of(cls, config: Config, path: str) -> _Source:
        data = source_bytes(config.root / path, path)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        return cls(path, encoding, text, tuple(split_lines(text)), ast.parse(blanked(text, path)))

    def rendered(self, text: str) -> Rendered:
        data = text.encode(self.encoding)
        return Rendered(self.path, data.decode("utf-8", errors="surrogateescape"), is_source=True)

    # -- what goes in ------------------------------------------------------------------------------

    def with_pieces(self, groups: dict[_Spot, list[str]]) -> str:
        """The text without what was ours, and with what is to be."""
        gone = owned(self.text, self.path)
        newline = "\r\n" if self.lines and self.lines[0].endswith("\r\n") else "\n"
        after: dict[int, list[str]] = {}
        for spot, texts in groups.items():
            after.setdefault(spot.line, []).extend(_block(texts, spot.indent))
        made: list[str] = []
        for number, line in enumerate(self.lines, start=1):
            made += [] if number - 1 in gone else [line]
            added = after.get(number, ())
            if added and not made[-1].endswith(("\n", "\r")):
                made[-1] += newline
            made += [each + newline for each in added]
        return "".join(made)

    # -- where it goes -----------------------------------------------------------------------------

    def spot(self, piece: Piece, placement: str) -> _Spot:
        """Below its sync callable, where that is asked for and it stands there itself; else at the
        end of its class or, of a function, of the file."""
        owner = self.class_at(piece.cls.location.line) if piece.cls else None
        body = owner.body if owner else self.tree.body
        if piece.below and (placement == "below" or piece.cls is None):
            name = piece.below.name
            known = [each for each in body if isinstance(each, _Def) and each.name == name]
            if known and self.is_alone(known[-1], body):
                return self.after(known[-1], body)
        if owner is None:
            return _Spot(self.last_line(), "")
        return self.end_of(owner)

    def class_at(self, line: int) -> ast.ClassDef:
        """The class whose statement, with its decorators, begins in a line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef) and _first_line(node) == line:
                return node
        raise _cannot("it has changed since it was read", "run asyncgen again", self.path)

    def is_alone(self, node: ast.stmt, body: Sequence[ast.stmt]) -> bool:
        """Whether no other statement stands in the lines of this one."""
        at = body.index(node)
        return at + 1 == len(body) or _first_line(body[at + 1]) > (node.end_lineno or 0)

    def after(self, node: _Def, body: Sequence[ast.stmt]) -> _Spot:
        """Behind a function, and what is set on it: `create.alters_data = True`."""
        last: ast.stmt = node
        for each in body[body.index(node) + 1 :]:
            if not _is_mark(each, node.name):
                break
            last = each
        return _Spot(self.with_comments(last, node.col_offset), self.indent(node))

    def end_of(self, owner: ast.ClassDef) -> _Spot:
        first = owner.body[0]
        header = self.line(_first_line(first))[: first.col_offset]
        if header.strip():
            raise AsyncgenError(
                Problem(
                    "AG309",
                    f"{owner.name} has its body in the line of its `class`: no twin fits in there",
                    "write the body on lines of its own",
                    Location(self.path, owner.lineno),
                )
            )
        return _Spot(self.with_comments(owner.body[-1], owner.col_offset), self.indent(first))

    def with_comments(self, node: ast.stmt, column: int) -> int:
        """The last line of what ends with the statement, whose first column is given: comments that
        are further in belong to it."""
        last = at = node.end_lineno or node.lineno
        while at < self.last_line():
            at += 1
            text = self.line(at)
            bare = text.strip()
            if bare and not bare.startswith("#"):
                break
            if bare in (BEGIN, END):
                break
            if bare and len(text) - len(text.lstrip()) > column:
                last = at
            elif bare:
                break
        return last

    def indent(self, node: ast.stmt) -> str:
        return self.line(_first_line(node))[: node.col_offset]

    def line(self, number: int) -> str:
        return self.lines[number - 1]

    def last_line(self) -> int:
        return len(self.lines)


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, _Def | ast.ClassDef) else []
    return min([node.lineno, *(each.lineno for each in decorators)])


def _is_mark(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=owner))]):
            return owner == name
    return False


# -- how it looks ---------------------------------------------------------------------------------


def _block(texts: Sequence[str], indent: str) -> Iterator[str]:
    """The lines between one pair of marks, and these; blank lines as formatters want them."""
    gap = [""] if indent else ["", ""]
    yield from (*gap, indent + BEGIN)
    for number, text in enumerate(texts):
        yield from gap if number else ()
        yield from _indented(text, indent)
    yield from (*gap, indent + END)


def _indented(text: str, indent: str) -> Iterator[str]:
    """The lines of a piece, as deep as its place, with the indentation that is usual there."""
    unit = "\t" if indent.startswith("\t") else _INDENT
    for line in text.rstrip("\n").split("\n"):
        depth = re.match(f"(?:{_INDENT})*", line)
        inner = unit * (depth.end() // len(_INDENT)) + line[depth.end() :] if depth else line
        yield indent + inner if line.strip() else ""
