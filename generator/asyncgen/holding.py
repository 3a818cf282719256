"""What goes on while a context manager is open, or between two rows of a generator.

The twin of what holds a transaction needs a thread and a connection to itself. Rows of a generator
that queries for each come one by one: what its consumer saves meanwhile may change the next. What
is found is sure. A transaction that is not found, such as that of a context manager which a class
defines, the runtime notices when it begins.
"""

from __future__ import annotations

from collections.abc import Iterator

from asyncgen.analysis import Evaluator
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import CLEAN, Bound, Foreign, Instance, Level
from asyncgen.facts import (
    Assign,
    Call,
    Evaluate,
    Expression,
    LocalImport,
    Loop,
    Name,
    Return,
    Statement,
    With,
    Yield,
    nodes,
    walk,
)
from asyncgen.problems import Location
from asyncgen.source import Evidence, Function

_ATOMIC = "django.db.transaction.atomic"


def holds_transaction(
    evaluator: Evaluator, bound: Bound, seen: frozenset[Function] = frozenset()
) -> Evidence | None:
    """Where a context function, a generator, or a function that returns one begins a transaction
    that outlives the step, if it does."""
    function = bound.function
    if function in seen:
        return None
    seen |= {function}
    frame = _frame(evaluator, bound)
    assigned: dict[str, Expression] = {}
    for statement in walk(function.body):
        if isinstance(statement, Assign | LocalImport):
            evaluator.simple(statement, frame)
        if isinstance(statement, Assign):
            assigned |= {
                name.id: statement.value for name in statement.targets if isinstance(name, Name)
            }
        for held in _held(statement, function):
            expression = assigned.get(held.id, held) if isinstance(held, Name) else held
            if _opens(evaluator, expression, frame, seen):
                return _evidence("holds a transaction while it is open", function, statement)
    return None


def queries_for_each(evaluator: Evaluator, bound: Bound) -> Evidence | None:
    """Where a generator queries between two rows, but for taking them from what it loops over."""
    if not bound.function.is_generator:
        return None
    frame = _frame(evaluator, bound)
    for statement in walk(bound.function.body):
        if isinstance(statement, Assign | LocalImport):
            evaluator.simple(statement, frame)
        if not isinstance(statement, Loop) or not _yields(statement.body):
            continue
        if statement.target is not None and statement.iterable is not None:
            items = evaluator.iterate(evaluator.value(statement.iterable, frame), frame)
            evaluator.bind(statement.target, items, frame)
        frame.effect = CLEAN
        evaluator.run(statement.body, frame)
        if frame.effect.level is Level.REACHES:
            return _evidence("queries between two rows", bound.function, statement)
    return None


def _frame(evaluator: Evaluator, bound: Bound) -> Frame:
    receiver = bound.receiver if isinstance(bound.receiver, Instance) else None
    environment = dict(evaluator.parameters(bound, {}))
    line = bound.function.location.line
    return Frame(bound.module, bound.function, bound.owner, receiver, environment, line)


def _evidence(message: str, function: Function, statement: Statement) -> Evidence:
    return Evidence(message, Location(function.location.path, statement.line))


def _held(statement: Statement, function: Function) -> Iterator[Expression]:
    """What a statement enters and keeps open until after a yield, or hands on."""
    match statement:
        case With(items=items, body=body) if _yields(body):
            yield from (expression for expression, _ in items)
        case Loop(iterable=iterable, body=body) if iterable is not None and _yields(body):
            yield iterable
        case Return(value=value) if value is not None and not function.is_generator:
            yield value
        case Assign(value=value) | Evaluate(value=value) if function.is_generator:
            for each in nodes(value):
                match each:
                    case Yield(value=delegate, delegates=True) if delegate is not None:
                        yield delegate
                    case Call(function=called, arguments=(entered, *_)) if (
                        getattr(called, "name", "") == "enter_context"
                    ):
                        yield entered


def _yields(body: object) -> bool:
    return any(isinstance(each, Yield) for each in nodes(body))


def _opens(
    evaluator: Evaluator, expression: Expression, frame: Frame, seen: frozenset[Function]
) -> bool:
    """Whether what an expression gives begins a transaction when it is entered, or iterated."""
    if not isinstance(expression, Call):
        return False
    for called in evaluator.value(expression.function, frame):
        match called:
            case Foreign(dotted=dotted) if dotted == _ATOMIC:
                return True
            case Bound(function=function, module=module):
                is_atomic = f"{module.name}.{function.name}" == _ATOMIC
                if is_atomic or holds_transaction(evaluator, called, seen):
                    return True
    return False
