"""One body, statement by statement: the types of its names, and of what it returns.

`Flow` keeps a type for each local name and, beside it, the evaluator's frame, which is asked what
a name, a call or an attribute means where no type is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from asyncgen.annotation import last_word
from asyncgen.evaluate import Frame
from asyncgen.facts import (
    Assign,
    Block,
    Branch,
    Call,
    Define,
    Evaluate,
    Expression,
    Leave,
    Literal,
    LocalImport,
    Loop,
    Raise,
    Return,
    Statement,
    With,
)
from asyncgen.infer.builtin_types import LOOSE, TRANSPARENT
from asyncgen.infer.expressions import Expressions, Names
from asyncgen.infer.known import NONE, SELF, Known, Types, builtin
from asyncgen.infer.lookups import Lookups
from asyncgen.source import Binding
from asyncgen.values import Bound, Builtin, Value

ROUNDS = 4
Environment = dict[str, Value]


def result_of(lookups: Lookups, bound: Bound) -> Types | None:
    """What the body returns; None where a path is not understood."""
    environment = dict(lookups.evaluator.parameters(bound, {}))
    line = bound.function.location.line
    frame = Frame(bound.module, bound.function, bound.owner, bound.receiver, environment, line)
    flow = Flow(lookups, bound, frame, dict(_parameters(lookups, bound)))
    completes = flow.block(bound.function.body)
    if flow.is_unknown:
        return None
    return frozenset(flow.returned) | (NONE if completes else frozenset())


def _parameters(lookups: Lookups, bound: Bound) -> Iterator[tuple[str, Types | None]]:
    function = bound.function
    bindings = (Binding.METHOD, Binding.CLASSMETHOD, Binding.PROPERTY)
    has_receiver = bound.receiver is not None and function.binding in bindings
    for number, each in enumerate(function.signature.parameters):
        if number == 0 and has_receiver:
            is_class = function.binding is Binding.CLASSMETHOD
            yield each.name, builtin("type", SELF) if is_class else SELF
        elif each.kind.name.startswith("VAR_") or not each.annotation:
            yield each.name, None
        else:
            resolver = lookups.evaluator.resolver
            yield each.name, lookups.annotation(each.annotation, bound.module, resolver, {})


@dataclass
class Flow(Expressions):
    """The walk through one function."""

    returned: set[Known] = field(default_factory=set)
    is_unknown: bool = False
    left: list[list[Names]] = field(default_factory=list)  # by loop: the names at break, continue

    def block(self, block: Block) -> bool:
        """Walk the statements; whether the end can be reached."""
        return all(self.statement(each) for each in block)

    def statement(self, statement: Statement) -> bool:
        match statement:
            case Return(value=value):
                types = self.typed(value) if value else NONE
                self.is_unknown |= types is None
                self.returned |= types or frozenset()
                return False
            case Raise():
                return False
            case Leave():
                if self.left:
                    self.left[-1].append(dict(self.names))
                return False
            case Branch():
                return self.branch(statement)
            case Loop():
                return self.loop(statement)
            case With():
                return self.enter(statement)
            case Assign():
                self.assign(statement)
            case Evaluate(value=value):
                self.typed(value)
                self.lookups.evaluator.statement(statement, self.frame)
            case Define(definition=definition):
                self.lookups.evaluator.statement(statement, self.frame)
                self.bind(definition.name, None)
            case LocalImport(imports=imports):
                self.lookups.evaluator.statement(statement, self.frame)
                for name, _ in imports:
                    self.names.pop(name, None)
        return True

    def assign(self, statement: Assign) -> None:
        types = self.typed(statement.value)
        if statement.annotation:
            resolver = self.lookups.evaluator.resolver
            module = self.bound.module
            declared = self.lookups.annotation(statement.annotation, module, resolver, {})
            types = declared or types
        self.lookups.evaluator.statement(statement, self.frame)
        for target in statement.targets:
            self.bind_target(target, _loose(types))

    # -- compound statements -----------------------------------------------------------------------

    def branch(self, statement: Branch) -> bool:
        """if, match and try: each block from the same start, joined at their ends."""
        if statement.test is not None:
            self.typed(statement.test)
        names, environment = self.names, self.frame.environment
        ends: list[tuple[Names, Environment]] = []
        tried: list[tuple[str, Types | None]] = []
        for number, block in enumerate(statement.blocks):
            self.names, self.frame.environment = dict(names), dict(environment)
            if number and statement.catches:
                block = self.handler(block, statement.blocks[0], tried)
            elif statement.test is not None and len(statement.blocks) == 2:
                self.narrow(statement.test, number == 0)
            start = len(self.bindings)
            if self.block(block):
                ends.append((self.names, self.frame.environment))
            if not number:
                tried = self.bindings[start:]
        self.names = joined(each for each, _ in ends) if ends else names
        self.frame.environment = _values(each for _, each in ends) if ends else environment
        return bool(ends)

    def handler(
        self, block: Block, body: Block, tried: Iterable[tuple[str, Types | None]]
    ) -> Block:
        """What a handler runs itself. It starts anywhere in the body: a name may hold whatever it
        held before, or was given on the way."""
        for name, types in tried:
            before = self.names.get(name, frozenset())
            unknown = types is None or before is None
            self.names[name] = None if unknown else (types or frozenset()) | (before or frozenset())
        begun = {id(each) for each in body}
        own = list(block)
        while own and isinstance(own[0], Assign) and id(own[0]) in begun:
            self.lookups.evaluator.statement(own.pop(0), self.frame)
        return tuple(own)

    def loop(self, statement: Loop) -> bool:
        evaluator = self.lookups.evaluator
        for _ in range(ROUNDS):
            start = dict(self.names)
            self.left.append([])
            if statement.iterable is not None and statement.target is not None:
                elements = self.elements(self.typed(statement.iterable))
                values = evaluator.value(statement.iterable, self.frame)
                evaluator.bind(statement.target, evaluator.iterate(values, self.frame), self.frame)
                self.bind_target(statement.target, elements)
            if statement.test is not None:
                self.typed(statement.test)
                self.narrow(statement.test, True)
            completes = self.block(statement.body)
            ends = self.left.pop()
            self.names = joined([start, *ends, *([self.names] if completes else [])])
            if self.names == start:
                break
        else:
            unsettled = {name for name in self.names if self.names[name] != start.get(name)}
            self.names |= dict.fromkeys(unsettled, None)
        if isinstance(statement.test, Literal) and not ends:
            return False  # while True, without a way out
        return self.block(statement.otherwise) or bool(ends)

    def enter(self, statement: With) -> bool:
        evaluator = self.lookups.evaluator
        values: list[tuple[Expression, Value]] = []
        for expression, target in statement.items:
            value = evaluator.value(expression, self.frame)
            values.append((expression, value))
            if target:
                evaluator.bind(target, evaluator.enter(value, self.frame), self.frame)
                self.bind_target(target, None)
        if self.block(statement.body):
            return True
        words = {_word(expression) for expression, _ in values}
        if "suppress" in words:
            return True
        self.is_unknown |= not all(_is_transparent(each, value) for each, value in values)
        return False


def _word(expression: Expression) -> str:
    return last_word(expression.function if isinstance(expression, Call) else expression)


def _is_transparent(expression: Expression, value: Value) -> bool:
    """Whether a context manager is known to let exceptions through."""
    if _word(expression) in TRANSPARENT:
        return True
    return bool(value) and all(isinstance(e, Builtin) and e.name == "context" for e in value)


def _loose(types: Types | None) -> Types | None:
    """The types of a container with a name: it may be changed, so its items may be anything."""
    if types is None:
        return None
    return frozenset(
        Known(each.module, each.name, LOOSE[each.name])
        if each.module == "builtins" and each.name in LOOSE
        else each
        for each in types
    )


def joined(all_names: Iterable[Names]) -> Names:
    """Every name with all that it may hold."""
    result: Names = {}
    for names in all_names:
        for name, types in names.items():
            known = result.get(name, frozenset())
            result[name] = None if types is None or known is None else known | types
    return result


def _values(environments: Iterable[Environment]) -> Environment:
    result: Environment = {}
    for environment in environments:
        for name, value in environment.items():
            result[name] = result.get(name, frozenset()) | value
    return result


def returns_in(block: Block) -> Iterator[Expression | None]:
    """The values of the return statements of a block."""
    for statement in block:
        match statement:
            case Return(value=value):
                yield value
            case Branch(blocks=blocks):
                for each in blocks:
                    yield from returns_in(each)
            case Loop(body=body, otherwise=otherwise):
                yield from returns_in((*body, *otherwise))
            case With(body=body):
                yield from returns_in(body)
