"""What the event loop runs, evaluated statement by statement: each effect with its expression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

import asyncgen.audit.known as known
import asyncgen.audit.state as states
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.frame import Environment, Frame
from asyncgen.analysis.values import (
    NOTHING,
    Arguments,
    Bound,
    Builtin,
    Given,
    Level,
    Type,
    Value,
    builtin,
    union,
    unknown,
)
from asyncgen.audit.certain import less_sure
from asyncgen.audit.recording import LoopFrame
from asyncgen.audit.threads import GENERATOR, THREADED
from asyncgen.audit.walking import Running, at, binding
from asyncgen.facts import (
    Assign,
    Await,
    Block,
    Branch,
    Call,
    Choice,
    Comprehension,
    Define,
    Evaluate,
    Expression,
    Get,
    Name,
    Statement,
    is_shared,
    nodes,
    walk,
)
from asyncgen.source import Class, Function, Later, Look


@dataclass
class OnLoop(Running):
    """Evaluates what the event loop runs."""

    # Functions inside of functions that are asynchronous, with the frames that define them.
    nested: dict[Function, Frame] = field(default_factory=dict)
    decided: dict[Function, frozenset[Call]] = field(default_factory=dict)  # see `is_decided`

    def observed(
        self,
        bound: Bound,
        given: Given = (),
        around: Environment | None = None,
        why: str = "",
        is_thorough: bool = False,
    ) -> LoopFrame:
        """The frame of a function that was evaluated, with what it does."""
        environment = dict(around or {})
        environment.update(self.parameters(bound, dict(given)))
        frame = LoopFrame(
            bound.module,
            bound.function,
            bound.owner,
            bound.receiver,
            environment,
            bound.function.location.line,
            is_typed=False,
            why=why,
            is_thorough=is_thorough,
        )
        self.run(self.body_of(bound.function), frame)
        return frame

    def may_query(self, bound: Bound, around: frozenset[Function] = frozenset()) -> bool:
        """Whether a function does anything but wait, as far as its body and those that it calls
        tell: what nobody can tell may query."""
        if bound.function in around:
            return False
        frame = self.observed(bound, is_thorough=True)
        return bool(frame.doubts) or any(
            each.effect.cause not in known.PATIENT
            or (each.callee is not None and self.may_query(each.callee, around | {bound.function}))
            for each in frame.seen
        )

    def simple(self, statement: Statement, frame: Frame) -> bool:
        match statement:
            case Evaluate(value=value, is_test=False):
                result = self.value(value, frame)
                with at(frame, value):
                    self.unawaited(result, "throws away", frame)
                return not (isinstance(value, Call) and self.never_returns(value, frame))
        return super().simple(statement, frame)

    def never_returns(self, call: Call, frame: Frame) -> bool:
        """Only what is called by a name is: to evaluate anything else again would cost too much."""
        return isinstance(call.function, Name | Get) and super().never_returns(call, frame)

    def assign(self, statement: Assign, frame: Frame) -> None:
        with at(frame, statement.value):
            super().assign(statement, frame)

    def inner(self, definition: Function | Class, frame: Frame) -> Type:
        if isinstance(definition, Function):
            if definition.is_async or has_async(definition):
                self.nested[definition] = frame
            if definition.is_async:
                pass
            elif any(self.hands_to_thread(each, frame) for each in definition.decorators):
                self.handed.add(definition)
        return super().inner(definition, frame)

    def hands_to_thread(self, decorator: Expression, frame: Frame) -> bool:
        """Whether a decorator is a bridge to threads, by what its name holds in the function."""
        scratch = Frame(frame.module, None, None, None, dict(frame.environment), is_typed=False)
        target = decorator.function if isinstance(decorator, Call) else decorator
        return any(map(self.is_bridge_itself, self.value(target, scratch)))

    # -- expressions -------------------------------------------------------------------------------

    def value(self, expression: Expression, frame: Frame) -> Value:
        if not isinstance(frame, LoopFrame):
            return self.evaluate(expression, frame)
        frame.within.append(expression)
        try:
            return self.evaluate(expression, frame)
        finally:
            frame.within.pop()

    def evaluate(self, expression: Expression, frame: Frame) -> Value:
        match expression:
            case Await(value=inner):
                before = len(frame.seen) if isinstance(frame, LoopFrame) else 0
                value = self.value(inner, frame)
                if isinstance(frame, LoopFrame) and len(frame.seen) > before:
                    value = frozenset(each for each in value if not self.is_sync(each))
                return self.awaited(value, frame)
            case Get(value=Name() as owner, name=name):
                value = super().value(expression, frame)
                self.remark(owner, name, frame)
                return value
        return super().value(expression, frame)

    def take(self, target: Expression, iterable: Expression, is_async: bool, frame: Frame) -> None:
        """Bind the target of a loop to what is run through."""
        with binding(frame, (target,)):
            value = self.value(iterable, frame)
            with at(frame, iterable):
                run = self.run_through if is_async else self.iterate
                items = run(value, frame)
            self.bind(target, items, frame)

    def comprehension(self, expression: Comprehension, frame: Frame) -> Value:
        outer = frame.environment
        frame.environment = dict(outer)
        for position, (target, iterable) in enumerate(expression.sources):
            self.take(target, iterable, position in expression.asynchronous, frame)
        for condition in expression.conditions:
            self.tested(condition, frame)
            self.narrow(condition, True, frame)
        elements = union(self.value(each, frame) for each in expression.elements)
        frame.leave(outer)
        for _, iterable in expression.sources[:1]:
            self.remark(iterable, states.FILLED, frame)
        is_async = expression.type == "generator" and expression.asynchronous
        return builtin(GENERATOR if is_async else expression.type, elements)

    def tested(self, test: Expression, frame: Frame) -> Value:
        value = self.value(test, frame)
        with at(frame, test):
            self.test(value, frame)
        held = value
        while isinstance(test, Choice) and test.operator != "if" and not self.is_coroutine(held):
            last = test.options[1]  # the first one was tested to choose
            held = frame.seconds.get(id(test), NOTHING)
            with at(frame, last):
                self.unawaited(held, "tests", frame)
            test = last
        return value

    def operation(self, operator: str, operands: tuple[Expression, ...], frame: Frame) -> Value:
        if operator not in _COMPARING:
            return super().operation(operator, operands, frame)
        values = [self.value(each, frame) for each in operands]
        for each, value in zip(operands, values, strict=True):
            if isinstance(each, Name) and is_shared(each.id):
                continue  # it was told where it stands
            with at(frame, each):
                self.unawaited(value, "compares", frame)
                self.uses_user(value, frame)
        return self.operated(operator, values, frame)

    def truth(self, test: Expression, frame: Frame) -> bool | None:
        """Also of a call that says whether a loop is running."""
        match test:
            case Call(function=Name(), arguments=(), keywords=()):
                scratch = Frame(
                    frame.module, None, None, None, dict(frame.environment), is_typed=False
                )
                value = self.value(test, scratch)
                texts = {each.text if isinstance(each, Builtin) else "" for each in value}
                return {"True": True, "False": False}.get(texts.pop()) if len(texts) == 1 else None
        return super().truth(test, frame)

    # -- calls -------------------------------------------------------------------------------------

    def call(self, call: Call, frame: Frame) -> Value:
        special = self.special_call(call, frame)
        if special is None:
            special = self.sent(call, frame)
        if special is not None:
            return special
        callee = self.value(call.function, frame)
        arguments = self.arguments_of(call, frame)
        self.rendered(call, callee, frame)
        if isinstance(frame, LoopFrame) and self.is_decided(call, frame):
            scratch = Frame(frame.module, None, None, None, dict(frame.environment), frame.line)
            value = self.called(callee, arguments, scratch)
            frame.include(less_sure(scratch.effect), "calls what another branch does in a thread")
        else:
            value = self.called(callee, arguments, frame)
        match call:
            case Call(function=Get(value=owner, name="refresh_from_db" | "arefresh_from_db")):
                if not arguments.values:
                    self.forget(owner, states.reloaded, frame)
        for each in callee:
            if isinstance(each, Builtin) and each.name == THREADED:
                self.loaded_in_thread(each, call, frame)
        return value if callee else unknown("what calling something unknown gives")

    def is_decided(self, call: Call, frame: Frame) -> bool:
        """Whether another branch has a thread run the same."""
        if frame.function is None:
            return False
        block = self.body_of(frame.function)
        if frame.function not in self.decided:
            self.decided[frame.function] = frozenset(_decided(block))
        return call in self.decided[frame.function]

    def called(self, callee: Value, arguments: Arguments, frame: Frame) -> Value:
        """Of several functions of which some do nothing, which one it is only the run can tell."""
        if len(callee) < 2:
            return union(self.call_type(each, arguments, frame) for each in callee)
        values, effects = [], []
        for each in callee:
            scratch = Frame(
                frame.module, None, None, None, dict(frame.environment), frame.line, is_typed=False
            )
            values.append(self.call_type(each, arguments, scratch))
            effects.append(scratch.effect)
        is_sure = all(each.level is Level.REACHES for each in effects)
        worst = max(effects, key=lambda each: each.level)
        frame.include(worst if is_sure else less_sure(worst), "calls one of several")
        return union(values)

    def call_bound(self, bound: Bound, arguments: Arguments, frame: Frame) -> Value:
        if not isinstance(frame, LoopFrame):
            return super().call_bound(bound, arguments, frame)
        frame.callees.append(bound)
        try:
            return super().call_bound(bound, arguments, frame)
        finally:
            frame.callees.pop()

    def loaded_in_thread(self, threaded: Builtin, call: Call, frame: Frame) -> None:
        """What a call of `sync_to_async(…)` has loaded of its arguments, and of the object whose
        method it is."""
        for each in threaded.elements:
            self.loaded_through(each, call, frame)
            match call.function:
                case Call(arguments=(Get(value=Name() as owner), *_)) if isinstance(each, Bound):
                    first = next(iter(each.function.signature.parameters), None)
                    for node in nodes(self.body_of(each.function)):
                        match node:
                            case Get(value=Name(id=inner), name=name):
                                if first and inner == first.name:
                                    self.remark(owner, name, frame)


def _decided(block: Block) -> Iterator[Call]:
    """The calls of which the other branch of an `if` has a thread run the same: then the test says
    when it is not needed."""
    for branch in walk(block):
        if isinstance(branch, Branch):
            one, other = ([*filter(_is_call, nodes(side))] for side in branch.blocks)
            for here, there in ((one, other), (other, one)):
                handed = {each.arguments[0] for each in there if _hands_on(each)}
                yield from (each for each in here if each.function in handed)


def _is_call(node: object) -> TypeGuard[Call]:
    return isinstance(node, Call)


def _hands_on(call: Call) -> bool:
    """Whether it is `sync_to_async(function)`."""
    return bool(call.arguments) and base_word(call.function) in _BRIDGES


def has_async(function: Function) -> bool:
    """Whether an asynchronous function is defined somewhere inside of it. Where its text does not
    say so, nobody has to read what it does."""
    block = function.block
    if isinstance(block, Later) and block.snippet and "async" not in block.snippet.text:
        return False
    return function.look(defines_async)


@Look
def defines_async(block: Block) -> bool:
    """Whether an asynchronous function is defined in a block, or in one that is."""
    inner = (each.definition for each in walk(block) if isinstance(each, Define))
    return any(isinstance(each, Function) and (each.is_async or has_async(each)) for each in inner)


_BRIDGES = frozenset(each.rpartition(".")[2] for each in known.WRAPPERS | known.RUNNERS.keys())
_COMPARING = frozenset({"==", "!=", "<"})
