"""The bases of class statements: one comes first, others go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import libcst as cst
from libcst import matchers
from libcst.metadata import MetadataWrapper, PositionProvider

from asyncgen.read.canonical import canonical_text


@dataclass(frozen=True, slots=True)
class NewBases:
    """What a class is to inherit first, if anything, and what no more; as they are written."""

    first: str | None = None
    dropped: frozenset[str] = frozenset()


def with_bases(
    tree: cst.Module, wanted: Mapping[int, NewBases], width: int
) -> tuple[cst.Module, frozenset[int]]:
    """The module with other bases for the classes whose statement begins in the given lines, and
    those of the lines in which there is one."""
    wrapper = MetadataWrapper(tree)
    transformer = _Transformer(wanted, width, tree)
    return wrapper.visit(transformer), frozenset(transformer.done)


class _Transformer(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, wanted: Mapping[int, NewBases], width: int, tree: cst.Module) -> None:
        super().__init__()
        self.wanted = wanted
        self.width = width
        self.tree = tree
        self.done: set[int] = set()

    def leave_ClassDef(
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        first = original_node.decorators[0] if original_node.decorators else original_node
        position = self.get_metadata(PositionProvider, first).start
        wanted = self.wanted.get(position.line)
        if wanted is None:
            return updated_node
        self.done.add(position.line)
        column = self.get_metadata(PositionProvider, original_node).start.column
        return _Header(updated_node, self.tree, self.width, column).with_bases(wanted)


@dataclass(frozen=True, slots=True)
class _Header:
    """A class statement up to its colon."""

    node: cst.ClassDef
    tree: cst.Module
    width: int
    column: int

    def with_bases(self, wanted: NewBases) -> cst.ClassDef:
        node = self.node
        kept = [arg for arg in node.bases if canonical_text(arg.value) not in wanted.dropped]
        added = [cst.Arg(cst.parse_expression(wanted.first))] if wanted.first else []
        bases = [*added, *kept]
        arguments = [*bases, *node.keywords]
        if not arguments:
            return node.with_changes(
                bases=(), lpar=cst.MaybeSentinel.DEFAULT, rpar=cst.MaybeSentinel.DEFAULT
            )
        if self.is_commented(arguments):
            laid_out = self.inserted(arguments)
        elif self.has_trailing_comma():
            laid_out = self.one_a_line(arguments)
        else:
            laid_out = self.shortest(arguments)
        return laid_out.split(node, len(bases))

    def has_trailing_comma(self) -> bool:
        """Whether a comma after the last argument asks for one argument a line, in the
        formatters' way."""
        arguments = [*self.node.bases, *self.node.keywords]
        return bool(arguments) and isinstance(arguments[-1].comma, cst.Comma)

    def is_commented(self, arguments: Sequence[cst.Arg]) -> bool:
        places = [*arguments, self.node.lpar, self.node.rpar]
        return any(
            matchers.findall(each, matchers.Comment())
            for each in places
            if isinstance(each, cst.CSTNode)
        )

    # -- layouts -------------------------------------------------------------------------------

    def shortest(self, arguments: Sequence[cst.Arg]) -> _Arguments:
        """All in the line of the `class`, else all in the next, else one a line."""
        texts = [self.tree.code_for_node(_bare(each)) for each in arguments]
        joined = ", ".join(texts)
        before = self.tree.code_for_node(cst.Name(self.node.name.value))
        parameters = self.node.type_parameters
        before += self.tree.code_for_node(parameters) if parameters else ""
        comment = _trailing_comment(self.node)
        spaced = [
            *(_bare(each, cst.Comma(cst.SimpleWhitespace(""), _SPACE)) for each in arguments[:-1]),
            _bare(arguments[-1]),
        ]
        if self.column + len(f"class {before}({joined}):{comment}") <= self.width:
            return _Arguments(cst.LeftParen(), tuple(spaced), cst.RightParen())
        if self.column + len(f"    {joined}") <= self.width and "\n" not in joined:
            opening = cst.LeftParen(whitespace_after=self.line_break(inner=True))
            closing = cst.RightParen(whitespace_before=self.line_break(inner=False))
            return _Arguments(opening, tuple(spaced), closing)
        return self.one_a_line(arguments)

    def one_a_line(self, arguments: Sequence[cst.Arg]) -> _Arguments:
        inner, outer = self.line_break(inner=True), self.line_break(inner=False)
        between = cst.Comma(whitespace_after=inner)
        last = cst.Comma(whitespace_after=outer)
        made = [*(_bare(each, between) for each in arguments[:-1]), _bare(arguments[-1], last)]
        return _Arguments(cst.LeftParen(whitespace_after=inner), tuple(made), cst.RightParen())

    def inserted(self, arguments: Sequence[cst.Arg]) -> _Arguments:
        """As they stand, for there are comments: what is new gets a line of its own."""
        opening, closing = self.node.lpar, self.node.rpar
        assert isinstance(opening, cst.LeftParen), "what has a comment is in parentheses"
        assert isinstance(closing, cst.RightParen), "what has a comment is in parentheses"
        inner = cst.Comma(whitespace_after=self.line_break(inner=True))
        made = [
            each.with_changes(comma=inner)
            if isinstance(each.comma, cst.MaybeSentinel) and each is not arguments[-1]
            else each
            for each in arguments
        ]
        return _Arguments(opening, tuple(made), closing)

    def line_break(self, *, inner: bool) -> cst.ParenthesizedWhitespace:
        indent = self.tree.default_indent if inner else ""
        return cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))


_SPACE = cst.SimpleWhitespace(" ")


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What stands in the parentheses, and these."""

    opening: cst.LeftParen
    arguments: tuple[cst.Arg, ...]
    closing: cst.RightParen

    def split(self, node: cst.ClassDef, bases: int) -> cst.ClassDef:
        """The class with these, of which the first so many are bases."""
        return node.with_changes(
            lpar=self.opening,
            bases=self.arguments[:bases],
            keywords=self.arguments[bases:],
            rpar=self.closing,
        )


def _bare(argument: cst.Arg, comma: cst.Comma | None = None) -> cst.Arg:
    return argument.with_changes(
        comma=comma or cst.MaybeSentinel.DEFAULT, whitespace_after_arg=cst.SimpleWhitespace("")
    )


# Formatters let such a comment stand out.
_PRAGMAS = ("# noqa", "# type:", "# pyright:", "# pylint:", "# ty:")


def _trailing_comment(node: cst.ClassDef) -> str:
    body = node.body
    line = body.header if isinstance(body, cst.IndentedBlock) else None
    comment = line.comment.value if line and line.comment else ""
    return "" if not comment or comment.startswith(_PRAGMAS) else f"  {comment}"
