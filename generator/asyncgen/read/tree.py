"""Source text to module facts.

One walk over the tree, in source order and without LibCST's metadata (which costs more than the
parse): line numbers come from the tokenizer, which knows where each logical line starts, and the
walk takes the next one at every statement, header and decorator.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import libcst as cst

from asyncgen import facts
from asyncgen.facts import (
    Assign,
    Block,
    Call,
    Display,
    Expression,
    Get,
    Import,
    Literal,
    Name,
    Return,
)
from asyncgen.problems import Location
from asyncgen.read.bodies import outlined
from asyncgen.read.bound import Scope
from asyncgen.read.canonical import annotation_text, canonical_text
from asyncgen.read.conditions import both_hold, conditions
from asyncgen.read.expressions import strings
from asyncgen.read.headers import comments, pragma, suites, type_made, type_parameters
from asyncgen.read.parsing import Statement, parsed, problem
from asyncgen.read.pieces import Piece, logical_lines, pieces
from asyncgen.read.statements import StatementReader
from asyncgen.source import (
    Attribute,
    Binding,
    Class,
    Function,
    Later,
    Module,
    Signature,
    Snippet,
)

MakeLater: TypeAlias = Callable[[Snippet], Later]

_ASIDE = re.compile(r"\s*(#|$)")  # lines with no statement
_LONG = re.compile(r"\"{3}|'{3}|\\\n")  # where a string may go on in the next line
_TYPE_CHECKING = "TYPE_CHECKING"
_TYPINGS = (("typing", None), ("typing_extensions", None))
_INCOMPATIBLE = re.compile(r"#\s*type:\s*ignore\[[^]]*\boverride\b")


def read_source(
    text: str,
    module: str,
    display: str,
    *,
    is_package: bool = False,
    make_later: MakeLater | None = None,
) -> Module:
    """Read source `text` as the module named `module`. With `make_later` the bodies that may wait
    are left for later: it makes what reads a snippet.

    Raises AsyncgenError: AG303 for a syntax error, AG304 where Python reads what LibCST cannot.
    """
    found = outlined(text) if make_later else None
    if found and make_later:
        with suppress(Exception):  # whatever is wrong with it: it is read as a whole, and said
            lines = logical_lines(found.text)
            starts = iter([found.numbers[line.first - 1] for line in lines])
            later = {
                line: make_later(Snippet(body.text, body.before, display, module, is_package))
                for line, body in found.bodies.items()
            }
            cut = tuple(pieces(found.text, lines))
            return _Reader(module, is_package, starts, display, found.text, cut, later).module()
    try:
        lines = logical_lines(text)
    except (tokenize.TokenError, SyntaxError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else error.args[1][0]
        raise problem(text, str(error.args[0]), Location(display, line or 1)) from error
    starts = iter([line.first for line in lines])
    return _Reader(module, is_package, starts, display, text, tuple(pieces(text, lines))).module()


def read_snippet(snippet: Snippet) -> Block:
    """The facts of statements that were left for later. What LibCST cannot read does anything."""
    text, added = _as_module(snippet.text)
    try:
        lines = logical_lines(text)[added:]
        starts = iter([line.first + snippet.before - added for line in lines])
        reader = _Reader(snippet.module, snippet.is_package, starts, snippet.path, text, ())
        statements = parsed(text)
        if added:
            statements = statements[0].body.body[1:]  # type: ignore[union-attr]  # it is `if 1:`
        return reader.block(statements)
    except Exception:
        return (Return(snippet.before + 1, Call(Name("what LibCST cannot read"))),)


def _as_module(block: str) -> tuple[str, int]:
    """The lines of a block as those of a module, and how many come before them: none, unless one
    of them may begin inside of a string, where its indentation says something."""
    first = next(line for line in io.StringIO(block) if not _ASIDE.match(line))
    indent = first[: len(first) - len(first.lstrip())]
    if _LONG.search(block):
        return f"if 1:\n{indent}pass\n{block}", 2
    return re.sub(rf"^{indent}", "", block, flags=re.MULTILINE), 0


@dataclass
class _Reader(StatementReader):
    """Walks one module: what its body and those of its classes declare."""

    path: str
    text: str
    pieces: tuple[Piece, ...]
    later: Mapping[int, Later] = field(default_factory=dict)  # bodies, by the lines of functions
    # The class that the piece being read ends with, and how it goes on.
    cut: tuple[cst.CSTNode | None, tuple[Piece, ...]] = (None, ())
    imported: dict[str, Import] = field(init=False, default_factory=dict)  # by the module, so far
    connections: list[Call] = field(init=False, default_factory=list)
    patches: list[Assign] = field(init=False, default_factory=list)
    # What the body of the class that is read evaluates, one statement after the other.
    run: list[facts.Statement] = field(init=False, default_factory=list)

    def module(self) -> Module:
        scope = Scope.empty(Binding.FUNCTION)
        self.imported = scope.imports
        for piece in self.pieces:
            statements = self.parsed(piece)[1:]
            self.cut = (statements[-1] if piece.rest else None, piece.rest)
            self.declare(statements, scope, ())
        exports = scope.attributes.get("__all__")
        return Module(
            name=self.name,
            path=self.path,
            imports=scope.imports,
            star_imports=tuple(scope.stars),
            classes=scope.classes,
            functions=scope.functions,
            attributes=scope.attributes,
            exports=strings(exports.value) if exports else None,
            has_future_annotations="annotations" in scope.imports
            and scope.imports["annotations"].module == "__future__",
            rebound=frozenset(self.rebound),
            prefetched=frozenset(self.prefetched),
            connections=tuple(self.connections),
            patches=tuple(self.patches),
        )

    def parsed(self, piece: Piece) -> Sequence[Statement]:
        """The statements of a piece, below what makes it a module."""
        try:
            return parsed(piece.text)
        except Exception as error:  # LibCST raises more than it says
            if isinstance(error, cst.ParserSyntaxError):
                line, message = error.raw_line, error.message
            else:
                line, message = 2, f"{type(error).__name__}: {error}"
            place = Location(self.path, max(line + piece.before, 1))
            raise problem(self.text, message, place) from error

    def going_on(self, node: cst.ClassDef) -> Iterator[Sequence[Statement]]:
        """What follows in the body of a class that was cut."""
        cut, rest = self.cut
        if node is cut:
            for piece in rest:
                (block,) = self.parsed(piece)
                yield block.body.body[1:]  # type: ignore[union-attr]  # it is `if 1:`

    # -- declarations: the bodies of modules and classes ---------------------------------------

    def declare(
        self,
        statements: Sequence[Statement],
        scope: Scope,
        outer: tuple[str, ...],
        is_type_only: bool = False,
        condition: str | None = None,
    ) -> None:
        """Record what `statements` bind in `scope`; all branches count, in source order."""
        for statement in statements:
            match statement:
                case cst.SimpleStatementLine():
                    line = next(self.lines)
                    for small in statement.body:
                        self.bind(small, line, scope, is_type_only)
                        self.runs(outer, small, line)
                case cst.FunctionDef():
                    function = self.function(statement, scope.binding, is_type_only)
                    if condition is not None:
                        function = replace(function, condition=condition)
                    scope.define(function)
                case cst.ClassDef():
                    scope.add_class(self.klass(statement, outer, is_type_only))
                case _:
                    self.declare_compound(statement, scope, outer, is_type_only, condition)

    def declare_compound(
        self,
        statement: Statement,
        scope: Scope,
        outer: tuple[str, ...],
        is_type_only: bool,
        condition: str | None,
    ) -> None:
        self.runs(outer, statement, next(self.lines))
        asked = statement.test if isinstance(statement, cst.If) else None
        is_negated = isinstance(asked, cst.UnaryOperation) and isinstance(asked.operator, cst.Not)
        if isinstance(asked, cst.UnaryOperation) and is_negated:
            asked = asked.expression
        says_types = asked is not None and self.is_type_checking(asked)
        line = 0
        imported = set(scope.imports)
        for (header, body), test in zip(suites(statement), conditions(statement), strict=False):
            if header:
                line = next(self.lines)
            guarded = is_type_only or (says_types and header is is_negated)
            if isinstance(body, cst.SimpleStatementSuite):
                for small in body.body:
                    self.bind(small, line, scope, guarded)
                    self.runs(outer, small, line)
            else:
                inner = both_hold(condition, test)
                self.declare(body.body, scope, outer, guarded, inner)
        for name in scope.imports.keys() - imported:
            scope.imports[name] = replace(scope.imports[name], is_conditional=True)
        if is_type_only or says_types:
            # What is imported for types means more than what else stands for it.
            for name in (scope.imports.keys() - imported) & scope.attributes.keys():
                del scope.attributes[name]

    def at(self, line: int) -> Location:
        return Location(self.path, line)

    def runs(self, outer: tuple[str, ...], node: Statement, line: int) -> None:
        """Note what a class inside of a function evaluates with this statement, the blocks of a
        compound one aside."""
        if outer[:1] == ("<locals>",):
            self.run += self.header(node, line)

    def is_type_checking(self, test: cst.BaseExpression) -> bool:
        """Whether an expression is typing's TYPE_CHECKING, by any name; or one of that name of the
        module's own, which type checkers take for it too."""
        match test:
            case cst.Name(value=name):
                import_ = self.imported.get(name)
                return (import_.name if import_ else name) == _TYPE_CHECKING
            case cst.Attribute(value=cst.Name(value=owner), attr=cst.Name(value=name)):
                import_ = self.imported.get(owner)
                is_typing = import_ is not None and (import_.module, import_.name) in _TYPINGS
                return is_typing and name == _TYPE_CHECKING
        return False

    def bind(
        self, statement: cst.BaseSmallStatement, line: int, scope: Scope, is_type_only: bool
    ) -> None:
        match statement:
            case cst.Import() | cst.ImportFrom():
                for local, import_ in self.imports(statement, is_type_only):
                    if local == "*":
                        scope.stars.append(import_.module)
                    else:
                        scope.imports.setdefault(local, import_)
            case cst.Assign(value=value) if made := type_made(statement):
                self.add_type(made, value, line, scope)
            case cst.Assign(
                targets=[cst.AssignTarget(target=cst.Name(value=name))], value=cst.Lambda() as value
            ) if scope.binding is Binding.METHOD:
                scope.attributes.pop(name, None)
                scope.functions[name] = self.method_of(name, value, line)
            case cst.Assign(value=value):
                expression = self.expression(value)
                targets = tuple(self.expression(each.target) for each in statement.targets)
                for target in targets:
                    scope.assign(target, expression, self.at(line))
                if scope.binding is Binding.FUNCTION and any(map(_is_patched, targets)):
                    self.patches.append(Assign(line, targets, expression))
            case cst.AnnAssign(target=cst.Name(value=name)):
                annotation = annotation_text(statement.annotation)
                if statement.value and annotation.rpartition(".")[2] == "TypeAlias":
                    self.add_type(name, statement.value, line, scope, "TypeAlias")
                    return
                value_ = self.expression(statement.value) if statement.value else None
                scope.add_attribute(name, value_, self.at(line), annotation)
            case cst.TypeAlias(name=cst.Name(value=name)):
                is_generic = statement.type_parameters is not None
                kind = "type" if is_generic else "TypeAlias"
                self.add_type(name, statement.value, line, scope, kind)
            case cst.Expr(
                value=cst.Call(func=cst.Attribute(attr=cst.Name(value="connect"))) as call
            ) if scope.binding is Binding.FUNCTION:
                self.connections.append(self.call(call))
            case cst.Expr(value=cst.Call(func=cst.Name(value="setattr")) as call) if (
                scope.binding is Binding.FUNCTION
            ):
                self.patches += _by_setattr(self.call(call), line)
            case cst.AugAssign(target=cst.Name(value="__all__")):
                known = scope.attributes.get("__all__")
                more = strings(self.expression(statement.value))
                if known and known.value and more:
                    both = (*(strings(known.value) or ()), *more)
                    listed = Display("list", tuple(Literal("str", text) for text in both))
                    scope.add_attribute("__all__", listed, self.at(line))

    def method_of(self, name: str, node: cst.Lambda, line: int) -> Function:
        """`name = lambda self: …` in a class, which is `def name(self): return …`."""
        return Function(
            name,
            Signature(tuple(self.parameters(node.params))),
            self.at(line),
            binding=Binding.METHOD,
            block=(Return(line, self.expression(node.body)),),
        )

    def add_type(
        self,
        name: str,
        value: cst.BaseExpression,
        line: int,
        scope: Scope,
        annotation: str | None = None,
    ) -> None:
        """Add what makes a type, with its text: all that a stub can say of it is there."""
        text = canonical_text(value)
        made = Attribute(name, self.expression(value), annotation, self.at(line), text)
        scope.functions.pop(name, None)
        scope.attributes[name] = made

    def klass(
        self, node: cst.ClassDef, outer: tuple[str, ...], is_type_only: bool = False
    ) -> Class:
        decorators = tuple(next(self.lines) for _ in node.decorators)
        line = next(self.lines)
        scope = Scope.empty(Binding.METHOD)
        inner = (*outer, node.name.value)
        body = node.body
        around, self.run = self.run, []
        if isinstance(body, cst.SimpleStatementSuite):
            for small in body.body:
                self.bind(small, line, scope, False)
                self.runs(inner, small, line)
        else:
            self.declare(body.body, scope, inner)
        for statements in self.going_on(node):
            self.declare(statements, scope, inner)
        run, self.run = self.run, around
        return Class(
            name=node.name.value,
            qualname=".".join(inner),
            module=self.name,
            bases=tuple(self.expression(base.value) for base in node.bases if not base.star),
            base_texts=tuple(canonical_text(base.value) for base in node.bases if not base.star),
            keywords=tuple(
                (keyword.keyword.value, self.expression(keyword.value))
                for keyword in node.keywords
                if keyword.keyword
            ),
            functions=scope.functions,
            attributes=scope.attributes,
            classes=scope.classes,
            location=Location(self.path, decorators[0] if decorators else line),
            docstring=node.get_docstring(clean=True),
            decorators=tuple(self.expression(each.decorator) for each in node.decorators),
            body=tuple(run) if inner[0] == "<locals>" else (),
            type_parameters=tuple(type_parameters(node.type_parameters)),
            is_type_only=is_type_only,
            pragma=pragma(node),
        )

    def nested_function(self, node: cst.FunctionDef) -> Function:
        return self.function(node, Binding.FUNCTION)

    def function(
        self, node: cst.FunctionDef, binding: Binding, is_type_only: bool = False
    ) -> Function:
        decorators = tuple(self.expression(decorator.decorator) for decorator in node.decorators)
        texts = tuple(canonical_text(decorator.decorator) for decorator in node.decorators)
        for _ in node.decorators:
            next(self.lines)
        line = next(self.lines)
        had_yield, self.has_yield = self.has_yield, False
        rebound, self.rebound = self.rebound, set()
        body = self.suite(node.body, line)
        is_generator, self.has_yield = self.has_yield, had_yield
        rebinds, self.rebound = frozenset(self.rebound), rebound | self.rebound
        return Function(
            name=node.name.value,
            signature=Signature(
                tuple(self.parameters(node.params)),
                annotation_text(node.returns) if node.returns else None,
            ),
            location=self.at(line),
            binding=binding,
            docstring=node.get_docstring(clean=True),
            decorators=decorators,
            decorator_texts=texts,
            defaults=tuple(self.defaults(node.params)),
            type_parameters=tuple(type_parameters(node.type_parameters)),
            is_async=node.asynchronous is not None,
            is_generator=is_generator,
            is_type_only=is_type_only,
            pragma=pragma(node),
            is_incompatible=any(map(_INCOMPATIBLE.search, comments(node))),
            block=self.later.get(line, body),
            rebinds=rebinds,
        )


def _is_patched(target: Expression) -> bool:
    return isinstance(target, Get)


def _by_setattr(call: Call, line: int) -> Iterator[Assign]:
    """`setattr(Class, "name", value)` as the assignment that it is."""
    match call:
        case Call(arguments=(owner, Literal(type="str", text=name), value)):
            yield Assign(line, (Get(owner, name),), value)
