"""One body, statement by statement: the types of its names, and of what it returns.

The walk keeps a type for each local name and, beside it, what the evaluator knows, which is asked
what a name, a call or an attribute means where no type is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from asyncgen.analysis import Frame, is_context_function
from asyncgen.analysis.flow import Flow
from asyncgen.analysis.frame import Environment
from asyncgen.analysis.statements import RETURNED, Walk
from asyncgen.analysis.values import Bound
from asyncgen.facts import (
    Assign,
    Block,
    Case,
    Define,
    Evaluate,
    Expression,
    Handler,
    LocalImport,
    Loop,
    Return,
    Statement,
    With,
    walk,
)
from asyncgen.infer.builtin_types import LOOSE
from asyncgen.infer.expressions import Expressions, Names
from asyncgen.infer.known import ANY, NONE, SELF, Known, Types, builtin, given, iterator
from asyncgen.infer.lookups import Lookups
from asyncgen.source import Binding


@dataclass
class State:
    """What holds at one point: the types of names, and what the evaluator knows of them."""

    names: Names
    values: Environment


def result_of(lookups: Lookups, bound: Bound) -> Types | None:
    """What the body returns; None where a path is not understood."""
    environment = dict(lookups.evaluator.parameters(bound, {}))
    line = bound.function.location.line
    frame = Frame(bound.module, bound.function, bound.owner, bound.receiver, environment, line)
    names = dict(_parameters(lookups, bound))
    typed = TypedWalk(Expressions(lookups, bound, frame, names))
    exits = typed.block(bound.function.body, State(names, environment))
    if bound.function.is_generator:
        return _generator(bound, typed.expressions.yielded)
    returned = exits.returns.names[RETURNED] if exits.returns else frozenset()
    if returned is None or typed.is_unsure:
        return None
    return returned | (NONE if exits.end is not None else frozenset())


def _generator(bound: Bound, yielded: list[Types | None]) -> Types | None:
    """What a generator is: an iterator, or a context manager, of what it yields."""
    if not yielded or any(each is None for each in yielded):
        return None
    element = frozenset().union(*(each for each in yielded if each is not None))
    if element & ANY:
        return None
    if is_context_function(bound.function):
        return frozenset({Known("contextlib", "AbstractContextManager", (element,))})
    return iterator(element)


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


class TypedWalk(Flow[State]):
    """The walk through one function: types its names, beside the evaluator's own walk."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.lookups = expressions.lookups
        self.values = Walk(expressions.lookups.evaluator, expressions.frame)
        self.is_unsure = False

    def at(self, line: int) -> None:
        self.values.at(line)

    def unsure(self) -> None:
        self.is_unsure = True

    def copied(self, state: State) -> State:
        return State(dict(state.names), self.values.copied(state.values))

    def joined(self, states: list[State]) -> State:
        return State(
            joined(each.names for each in states),
            self.values.joined([each.values for each in states]),
        )

    def widened(self, before: State, after: State) -> State:
        names = {
            name: types if before.names.get(name, frozenset()) == types else None
            for name, types in after.names.items()
        }
        return State(names, self.values.widened(before.values, after.values))

    def within(self, state: State) -> Expressions:
        self.expressions.names = state.names
        self.values.within(state.values)
        return self.expressions

    def simple(self, statement: Statement, state: State) -> bool:
        own = self.within(state)
        match statement:
            case Assign():
                self.assign(statement, own)
            case Evaluate(value=value, is_test=is_test):
                own.typed(value)
                if is_test:
                    own.narrow(value, True)
            case Define(definition=definition):
                own.bind(definition.name, None)
            case LocalImport(imports=imports):
                for name, _ in imports:
                    own.names.pop(name, None)
        return self.values.simple(statement, state.values)

    def assign(self, statement: Assign, own: Expressions) -> None:
        types = own.typed(statement.value)
        if statement.annotation:
            resolver = self.lookups.evaluator.resolver
            module = own.bound.module
            declared = self.lookups.annotation(statement.annotation, module, resolver, {})
            types = declared or types
        for target in statement.targets:
            own.bind_target(target, _loose(types))

    def returned(self, statement: Return, state: State) -> None:
        types = self.within(state).typed(statement.value) if statement.value else NONE
        self.values.returned(statement, state.values)
        state.names[RETURNED] = types

    def tested(self, test: Expression, state: State) -> bool | None:
        self.within(state).typed(test)
        return self.values.tested(test, state.values)

    def narrowed(self, test: Expression, holds: bool, state: State) -> None:
        self.within(state).narrow(test, holds)
        self.values.narrowed(test, holds, state.values)

    def iterated(self, loop: Loop, state: State) -> None:
        assert loop.iterable is not None
        assert loop.target is not None
        own = self.within(state)
        own.bind_target(loop.target, own.elements(own.typed(loop.iterable)))
        self.values.iterated(loop, state.values)

    def entered(self, statement: With, state: State) -> bool | None:
        own = self.within(state)
        for expression, target in statement.items:
            types = own.typed(expression)
            if target:
                own.bind_target(target, given(types) if types else None)
        return self.values.entered(statement, state.values)

    def caught(self, handler: Handler, state: State) -> None:
        if handler.name:
            state.names[handler.name] = None
        self.values.caught(handler, state.values)

    def matched(self, subject: Expression, case: Case, state: State) -> None:
        for name in (*case.captures, *case.whole):
            state.names[name] = None
        self.values.matched(subject, case, state.values)


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
    all_names = list(all_names)
    result: Names = {}
    for names in all_names:
        for name, types in names.items():
            known = result.get(name, frozenset())
            result[name] = None if types is None or known is None else known | types
    # What was narrowed on one of the ways only is not narrow any more.
    paths = [path for path in result if "." in path and not all(path in e for e in all_names)]
    for path in paths:
        del result[path]
    return result


def returns_in(block: Block) -> Iterator[Expression | None]:
    """The values of the return statements of a block."""
    return (each.value for each in walk(block) if isinstance(each, Return))
