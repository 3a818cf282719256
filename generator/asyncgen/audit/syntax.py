"""Where in a file an expression of the facts stands: its statement, and its lines and columns."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from asyncgen import facts
from asyncgen.contents import Contents
from asyncgen.facts import Expression


@dataclass(frozen=True, slots=True)
class Place:
    """The node for an expression, and the text of the statement that it stands in."""

    node: ast.expr | ast.stmt
    statement: str
    text: str  # the node's own


@dataclass
class File:
    """The syntax tree of a file, by the lines that statements begin at."""

    path: Path
    contents: Contents = field(default_factory=Contents)
    source: str = field(init=False)
    lines: list[str] = field(init=False)
    statements: dict[int, list[ast.stmt]] = field(init=False)
    parents: dict[ast.AST, ast.AST] = field(init=False)

    def __post_init__(self) -> None:
        text = self.contents.of(self.path).decode("utf-8", errors="replace")
        self.source = text.replace("\r\n", "\n").replace("\r", "\n")
        self.lines = self.source.split("\n")
        self.statements, self.parents = {}, {}
        pending: list[ast.AST] = []
        with suppress(SyntaxError):  # of a newer Python than this, which LibCST reads
            pending.append(ast.parse(self.source))
        while pending:
            node = pending.pop(0)
            inner = list(_blocks(node))
            self.parents.update(dict.fromkeys(inner, node))
            for each in inner:
                if isinstance(each, ast.stmt):
                    self.statements.setdefault(each.lineno, []).append(each)
            pending += inner

    def place(self, line: int, expression: Expression | None) -> Place | None:
        """The first node on the statement at the line that has the form of the expression; else
        the statement."""
        if not self.statements:
            return self.line(line)
        found: ast.stmt | None = None
        for statement in self.statements.get(line, ()):
            found = found or statement
            self.note_parents(statement)
            for node in _of_statement(statement):
                if expression is not None and matches(expression, node):
                    return Place(node, self.head(statement), self.text(node))
        # `case` and `except` are no statements, but read something themselves.
        return Place(found, self.head(found), self.head(found)) if found else self.line(line)

    def line(self, number: int) -> Place | None:
        """The whole line, where there is no syntax tree: nothing in it can be mended."""
        if number > len(self.lines):
            return None
        text = self.lines[number - 1]
        start, end = len(text) - len(text.lstrip()), len(text.encode())
        node = ast.Pass(lineno=number, col_offset=start, end_lineno=number, end_col_offset=end)
        return Place(node, text.strip(), text.strip())

    def note_parents(self, statement: ast.stmt) -> None:
        """Those of the expressions of a statement: of most statements nobody asks."""
        pending: list[ast.AST] = [statement]
        while pending:
            node = pending.pop()
            inner = [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]
            self.parents.update(dict.fromkeys(inner, node))
            pending += inner

    def is_async(self, node: ast.AST) -> bool:
        """Whether `await` may stand in the place of the node."""
        child, parent = node, self.parents.get(node)
        while parent is not None:
            match parent:
                case ast.AsyncFunctionDef():
                    return True
                case ast.FunctionDef() | ast.Lambda() | ast.ClassDef():
                    return False
                case ast.GeneratorExp(generators=[first, *_]) if child is not first:
                    return False
            child, parent = parent, self.parents.get(parent)
        return False

    def text(self, node: ast.AST) -> str:
        """The source of a node; columns count bytes of UTF-8."""
        located = ast.expr | ast.stmt | ast.keyword
        if not isinstance(node, located) or node.end_lineno is None:
            return ""
        lines = [each.encode() for each in self.lines[node.lineno - 1 : node.end_lineno]]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"\n".join(lines).decode()

    def receiver(self, node: ast.AST) -> str:
        """The source of a node, as it may stand before a dot."""
        text = self.text(node)
        binds = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
        return text if binds else f"({text})"

    def head(self, statement: ast.stmt) -> str:
        """The text of a statement; of one that has blocks, up to the first."""
        body = getattr(statement, "body", None)
        if isinstance(body, list) and body:
            last = max(statement.lineno, body[0].lineno - 1)
            return "\n".join(self.lines[statement.lineno - 1 : last]).strip()
        return self.text(statement)


def _blocks(node: ast.AST) -> Iterator[ast.AST]:
    """The statements in the blocks of a node, and the handlers and cases that have blocks."""
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield from block


def _of_statement(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions of a statement itself, outermost first, those of its blocks aside."""
    pending: list[ast.AST] = [
        each for each in ast.iter_child_nodes(statement) if not isinstance(each, ast.stmt)
    ]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.expr):
            yield node
        pending += [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]


def matches(expression: Expression, node: ast.AST) -> bool:
    """Whether a node of the syntax tree has the form of the expression, as far as that matters."""
    match expression, node:
        case facts.Name(id=name), ast.Name(id=other):
            return name == other
        case facts.Get(value=value, name=name), ast.Attribute(value=inner, attr=attr):
            return name == attr and matches(value, inner)
        case facts.Call(arguments=(shown,)), ast.JoinedStr(values=parts):
            return any(
                isinstance(each, ast.FormattedValue)
                and each.conversion > 0
                and matches(shown, each.value)
                for each in parts
            )
        case facts.Call(function=function, arguments=arguments), ast.Call(func=func, args=args):
            return (
                len(arguments) == len(args)
                and matches(function, func)
                and all(map(matches, arguments, args))
            )
        case facts.Item(value=value), ast.Subscript(value=inner):
            return matches(value, inner)
        case facts.Star(value=value), ast.Starred(value=inner):
            return matches(value, inner)
        case facts.Await(value=value), ast.Await(value=inner):
            return matches(value, inner)
        case facts.Bind(name=name, value=value), _ if facts.is_shared(name):
            return matches(value, node)
        case facts.Bind(name=name), ast.NamedExpr(target=ast.Name(id=other)):
            return name == other
        case facts.Literal(), ast.Constant():
            return True
        case facts.Display(type="dict"), _:
            return isinstance(node, ast.Dict)
        case facts.Display(elements=elements), ast.List() | ast.Tuple() | ast.Set():
            return len(elements) == len(node.elts) and all(map(matches, elements, node.elts))
        case facts.Comprehension(type=type_, elements=elements), _:
            match type_, node:
                case ("list", ast.ListComp(elt=elt)) | ("set", ast.SetComp(elt=elt)):
                    return matches(elements[0], elt)
                case "generator", ast.GeneratorExp(elt=elt):
                    return matches(elements[0], elt)
                case "dict", ast.DictComp(key=key):
                    return matches(elements[0], key)
            return False
        case facts.Choice(), ast.BoolOp() | ast.IfExp() | ast.Compare():
            return True
        case facts.Operation(operator="f-string"), ast.JoinedStr() | ast.BinOp():
            return True
        case facts.Operation(), ast.BinOp() | ast.UnaryOp() | ast.Compare():
            return True
        case facts.Lambda(), ast.Lambda():
            return True
        case facts.Yield(), ast.Yield() | ast.YieldFrom():
            return True
    return False
