"""The statements of function bodies as facts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from asyncgen.facts import (
    Assign,
    Bind,
    Block,
    Branch,
    Call,
    Case,
    Define,
    Evaluate,
    Expression,
    Get,
    Handler,
    Import,
    Item,
    Leave,
    Literal,
    LocalImport,
    Loop,
    Match,
    Name,
    Operation,
    Raise,
    Return,
    Statement,
    Try,
    With,
    shared_name,
)
from asyncgen.read.canonical import annotation_text
from asyncgen.read.expressions import ExpressionReader, dotted, is_plain, operator
from asyncgen.source import Class, Function


@dataclass
class StatementReader(ExpressionReader, ABC):
    """Converts blocks; `lines` yields the first line of each logical line in turn."""

    name: str  # of the module
    is_package: bool
    lines: Iterator[int]
    # What `nonlocal` and `global` named so far, in the function that is read.
    rebound: set[str] = field(init=False, default_factory=set)

    @abstractmethod
    def nested_function(self, node: cst.FunctionDef) -> Function:
        """A function that is defined inside a function."""

    @abstractmethod
    def klass(self, node: cst.ClassDef, outer: tuple[str, ...]) -> Class:
        """A class that is defined inside a function."""

    def suite(self, body: cst.BaseSuite, line: int) -> Block:
        """The facts of an indented block, or of a suite on the header's own line."""
        if isinstance(body, cst.SimpleStatementSuite):
            return tuple(fact for small in body.body for fact in self.small(small, line))
        return self.block(body.body)

    def block(self, statements: Iterable[cst.CSTNode]) -> Block:
        facts: list[Statement] = []
        for statement in statements:
            if isinstance(statement, cst.SimpleStatementLine):
                line = next(self.lines)
                facts += [fact for small in statement.body for fact in self.small(small, line)]
            elif isinstance(statement, cst.BaseCompoundStatement):
                facts.append(self.compound(statement))
        return tuple(facts)

    def small(self, node: cst.BaseSmallStatement, line: int) -> Iterator[Statement]:
        match node:
            case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString() | cst.Ellipsis()):
                return  # a docstring or a placeholder evaluates nothing
            case cst.Expr():
                yield Evaluate(line, self.expression(node.value))
            case cst.Assign():
                targets = tuple(self.expression(target.target) for target in node.targets)
                yield Assign(line, targets, self.expression(node.value))
            case cst.AnnAssign(value=value) if value is not None:
                annotation = annotation_text(node.annotation)
                target = (self.expression(node.target),)
                yield Assign(line, target, self.expression(value), annotation)
            case cst.AugAssign():
                target = (self.expression(node.target),)
                both = (*target, self.expression(node.value))
                yield Assign(line, target, Operation(operator(node.operator), both))
            case cst.Return():
                yield Return(line, self.expression(node.value) if node.value else None)
            case cst.Raise():
                yield Raise(line, self.expression(node.exc) if node.exc else None)
            case cst.Assert():
                test = self.expression(node.test)
                if node.msg is not None and not isinstance(node.msg, cst.SimpleString):
                    made = Call(Name("AssertionError"), (self.expression(node.msg),))
                    failed: Block = (Raise(line, made),)
                    yield Branch(line, Operation("not", (test,)), (failed, ()))
                yield Evaluate(line, test, is_test=True)
            case cst.Del():
                yield from (Evaluate(line, part) for part in _deleted(self, node.target))
            case cst.Break() | cst.Continue():
                yield Leave(line, isinstance(node, cst.Continue))
            case cst.Import() | cst.ImportFrom():
                yield LocalImport(line, tuple(self.imports(node)))
            case cst.Global() | cst.Nonlocal():
                self.rebound.update(item.name.value for item in node.names)

    def compound(self, node: cst.BaseCompoundStatement) -> Statement:
        match node:
            case cst.FunctionDef():
                function = self.nested_function(node)
                return Define(function.location.line, function)
            case cst.ClassDef():
                cls = self.klass(node, ("<locals>",))
                return Define(cls.location.line, cls)
            case cst.If():
                return self.branch(node)
            case cst.For():
                line = next(self.lines)
                target, iterable = self.expression(node.target), self.expression(node.iter)
                body = self.suite(node.body, line)
                otherwise = self.otherwise(node.orelse)
                is_async = node.asynchronous is not None
                return Loop(line, target, iterable, None, body, otherwise, is_async)
            case cst.While():
                line = next(self.lines)
                test = self.expression(node.test)
                body = self.suite(node.body, line)
                return Loop(line, None, None, test, body, self.otherwise(node.orelse))
            case cst.With():
                line = next(self.lines)
                is_async = node.asynchronous is not None
                return With(line, self.entered(node), self.suite(node.body, line), is_async)
            case cst.Try() | cst.TryStar():
                return self.attempt(node)
            case cst.Match():
                line = next(self.lines)
                subject = again = self.expression(node.subject)
                if not is_plain(subject):  # it is evaluated once, whatever the cases ask of it
                    name = shared_name(0)
                    subject, again = Bind(name, subject), Name(name)
                return Match(line, subject, tuple(self.case(each, again) for each in node.cases))
            case _:  # no other compound statement exists in Python's grammar
                raise AssertionError(type(node).__name__)

    def header(self, node: cst.CSTNode, line: int) -> Iterator[Statement]:
        """A simple statement; of a compound one what its head evaluates."""
        match node:
            case cst.If(test=test) | cst.While(test=test):
                yield Evaluate(line, Operation("not", (self.expression(test),)))
                if isinstance(node.orelse, cst.If):
                    yield from self.header(node.orelse, line)
            case cst.For():
                target, iterable = self.expression(node.target), self.expression(node.iter)
                yield Loop(line, target, iterable, None, ())
            case cst.With():
                yield With(line, self.entered(node), ())
            case cst.Match():
                yield Evaluate(line, self.expression(node.subject))
            case cst.BaseSmallStatement():
                yield from self.small(node, line)

    def entered(self, node: cst.With) -> tuple[tuple[Expression, Expression | None], ...]:
        return tuple(
            (
                self.expression(item.item),
                self.expression(item.asname.name) if item.asname else None,
            )
            for item in node.items
        )

    def branch(self, node: cst.If) -> Branch:
        line = next(self.lines)
        test = self.expression(node.test)
        body = self.suite(node.body, line)
        otherwise: Block = ()
        if isinstance(node.orelse, cst.If):
            otherwise = (self.branch(node.orelse),)
        elif node.orelse:
            otherwise = self.otherwise(node.orelse)
        return Branch(line, test, (body, otherwise))

    def otherwise(self, node: cst.Else | cst.Finally | None) -> Block:
        return self.suite(node.body, next(self.lines)) if node else ()

    def attempt(self, node: cst.Try | cst.TryStar) -> Try:
        line = next(self.lines)
        body = self.suite(node.body, line)
        handlers = tuple(map(self.handler, node.handlers))
        otherwise = self.otherwise(node.orelse)
        return Try(line, body, handlers, otherwise, self.otherwise(node.finalbody))

    def handler(self, node: cst.ExceptHandler | cst.ExceptStarHandler) -> Handler:
        line = next(self.lines)
        exception = self.expression(node.type) if node.type else None
        name = dotted(node.name.name) if node.name else None
        return Handler(line, exception, name, self.suite(node.body, line))

    def case(self, node: cst.MatchCase, subject: Expression) -> Case:
        line = next(self.lines)
        guard = self.expression(node.guard) if node.guard else None
        whole, pattern = _whole(node.pattern)
        classes = _classes(pattern)
        return Case(
            line,
            self.suite(node.body, line),
            guard,
            tuple(self.parts(pattern, subject)) if pattern else (),
            whole,
            tuple(map(self.expression, classes)),
            pattern is None,
        )

    def parts(
        self, pattern: cst.MatchPattern, subject: Expression | None
    ) -> Iterator[tuple[str, Expression | None]]:
        """What a pattern reads of the subject, or compares with it, and the names that it binds."""
        match pattern:
            case cst.MatchAs(name=name, pattern=inner):
                if name:
                    yield name.value, subject
                if inner:
                    yield from self.parts(inner, subject)
            case cst.MatchValue(value=value) if subject:
                yield "", Operation("==", (subject, self.expression(value)))
            case cst.MatchOr(patterns=options):
                for option in options:
                    yield from self.parts(option.pattern, subject)
            case cst.MatchClass(cls=found, patterns=positional, kwds=keywords):
                for number, each in enumerate(positional):
                    yield from self.part(each.value, self.argument(found, number, subject))
                for keyword in keywords:
                    part = Get(subject, keyword.key.value) if subject else None
                    yield from self.part(keyword.pattern, part)
            case cst.MatchMapping(elements=items, rest=rest):
                for item in items:
                    key = self.expression(item.key)
                    yield from self.part(item.pattern, Item(subject, key) if subject else None)
                if rest:
                    yield rest.value, None
            case cst.MatchList(patterns=many) | cst.MatchTuple(patterns=many):
                yield "", Operation("match []", (subject,)) if subject else None
                for one in many:
                    if isinstance(one, cst.MatchSequenceElement):
                        yield from self.parts(one.value, None)
                    elif one.name:
                        yield one.name.value, None

    def part(
        self, pattern: cst.MatchPattern, part: Expression | None
    ) -> Iterator[tuple[str, Expression | None]]:
        yield "", part
        yield from self.parts(pattern, part)

    def argument(
        self, found: cst.BaseExpression, number: int, subject: Expression | None
    ) -> Expression | None:
        """What a pattern by position stands for: an attribute that the class names."""
        if subject is None or (isinstance(found, cst.Name) and found.value in _MATCH_THEMSELVES):
            return subject
        names = Get(self.expression(found), "__match_args__")
        name = Item(names, Literal("int", str(number)))
        return Call(Name("getattr"), (subject, name))

    # -- imports ---------------------------------------------------------------------------------

    def imports(
        self, statement: cst.Import | cst.ImportFrom, is_type_only: bool = False
    ) -> Iterator[tuple[str, Import]]:
        """(local name, import) pairs; the local name is "*" for a star import."""
        if isinstance(statement, cst.Import):
            for alias in statement.names:
                module = dotted(alias.name)
                if alias.asname:
                    yield dotted(alias.asname.name), Import(module, None, is_type_only)
                else:
                    first = module.partition(".")[0]
                    yield first, Import(first, None, is_type_only)
            return
        module = self.absolute(statement)
        if isinstance(statement.names, cst.ImportStar):
            yield "*", Import(module, None, is_type_only)
            return
        for alias in statement.names:
            name = dotted(alias.name)
            local = dotted(alias.asname.name) if alias.asname else name
            yield local, Import(module, name, is_type_only)

    def absolute(self, statement: cst.ImportFrom) -> str:
        """The absolute name of the module that `from … import` names."""
        named = dotted(statement.module) if statement.module else ""
        level = len(statement.relative)
        if not level:
            return named
        package = self.name.split(".")
        package = package[: len(package) - level + (1 if self.is_package else 0)]
        return ".".join([*package, *([named] if named else [])])


# Builtin types whose one pattern by position is for the whole subject.
# https://docs.python.org/3/reference/compound_stmts.html#class-patterns
_MATCH_THEMSELVES = frozenset(
    {"bool", "bytearray", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str"}
    | {"tuple"}
)


def _deleted(reader: StatementReader, target: cst.CSTNode) -> Iterator[Expression]:
    """What `del target` does: the target itself is not read, as `del self.cached` shows."""
    match target:
        case cst.Attribute(value=value, attr=name):
            yield Operation("del .", (reader.expression(value), Literal("str", name.value)))
        case cst.Subscript():
            yield Operation("del []", (reader.expression(target.value),))
        case cst.Tuple(elements=elements):
            for element in elements:
                yield from _deleted(reader, element.value)


def _whole(pattern: cst.MatchPattern) -> tuple[tuple[str, ...], cst.MatchPattern | None]:
    """The names that stand for the whole subject, and the pattern it must have; None: any."""
    if not isinstance(pattern, cst.MatchAs):
        return (), pattern
    names = (pattern.name.value,) if pattern.name else ()
    if pattern.pattern is None:
        return names, None
    inner, rest = _whole(pattern.pattern)
    return (*inner, *names), rest


def _classes(pattern: cst.MatchPattern | None) -> list[cst.BaseExpression]:
    """The classes of which a pattern wants an instance; none where it takes anything else too."""
    match pattern:
        case cst.MatchClass(cls=found):
            return [found]
        case cst.MatchOr(patterns=elements):
            parts = [_classes(each.pattern) for each in elements]
            return [one for many in parts for one in many] if all(parts) else []
    return []
