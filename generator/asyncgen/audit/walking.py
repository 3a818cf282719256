"""Statements as the event loop runs them: each effect with the expression that it comes from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import asyncgen.audit.known as known
import asyncgen.audit.state as states
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.flow import Exits
from asyncgen.analysis.frame import Environment, Frame
from asyncgen.analysis.statements import RETURNED, Walk
from asyncgen.analysis.values import CLEAN, NONE, NOTHING, Value
from asyncgen.audit.certain import less_sure
from asyncgen.audit.recording import LoopFrame, named
from asyncgen.audit.remembering import Remembering
from asyncgen.facts import (
    Assign,
    Block,
    Branch,
    Call,
    Choice,
    Evaluate,
    Expression,
    Handler,
    Item,
    Loop,
    Name,
    Operation,
    Return,
    Statement,
    Try,
    With,
)

_SYNC_ONLY = "SynchronousOnlyOperation"


class LoopWalk(Walk):
    """Runs the statements of one body, with what is asynchronous in them."""

    evaluator: Running

    def simple(self, statement: Statement, state: Environment) -> bool:
        frame = self.within(state)
        targets = statement.targets if isinstance(statement, Assign) else ()
        with binding(frame, targets):
            return self.evaluator.simple(statement, frame)

    def returned(self, statement: Return, state: Environment) -> None:
        super().returned(statement, state)
        frame = self.within(state)
        if isinstance(frame, LoopFrame) and statement.value is not None:
            with frame.at(statement.value):
                self.evaluator.handed_over(state[RETURNED], frame)

    def tested(self, test: Expression, state: Environment) -> bool | None:
        frame = self.within(state)
        self.evaluator.tested(test, frame)
        return self.evaluator.truth(test, frame)

    def iterated(self, loop: Loop, state: Environment) -> None:
        frame = self.within(state)
        assert loop.iterable is not None
        assert loop.target is not None
        self.evaluator.take(loop.target, loop.iterable, loop.is_async, frame)
        self.evaluator.remark(loop.iterable, states.FILLED, frame)

    def entered(self, statement: With, state: Environment) -> bool | None:
        frame = self.within(state)
        answers: set[bool | None] = set()
        for expression, target in statement.items:
            with binding(frame, (target,) if target else ()):
                value = self.evaluator.value(expression, frame)
                with at(frame, expression):
                    if statement.is_async:
                        entered = self.evaluator.enter_async(value, frame)
                        answers.add(None)
                    else:
                        entered = self.evaluator.enter(value, frame)
                        answers.add(self.evaluator.swallows(value))
                if target:
                    self.evaluator.bind(target, entered, frame)
        return True if True in answers else None if None in answers else False

    def tried(self, statement: Try, state: Environment) -> Exits[Environment]:
        """What is expected to raise SynchronousOnlyOperation is no finding."""
        frame = self.frame
        if not any(map(_takes_sync_only, statement.handlers)):
            return super().tried(statement, state)
        before, is_loop = frame.effect, isinstance(frame, LoopFrame)
        if isinstance(frame, LoopFrame):
            frame.is_deaf += 1
        exits = super().tried(statement, state)
        if isinstance(frame, LoopFrame):
            frame.is_deaf -= is_loop
        frame.effect = before
        return exits

    def statement(self, statement: Statement, state: Environment) -> Exits[Environment]:
        if isinstance(statement, Try) and _is_probe(statement):
            # There is a running loop, so that nothing is raised.
            block: Block = (*statement.body, *statement.otherwise, *statement.final)
            return self.block(block, state)
        if isinstance(statement, Branch) and _fills_in(statement):
            return self.filled_in(statement, state)
        exits = super().statement(statement, state)
        if isinstance(statement, Loop) and statement.iterable and exits.end is not None:
            self.evaluator.remark(statement.iterable, states.FILLED, self.within(exits.end))
        return exits

    def filled_in(self, branch: Branch, state: Environment) -> Exits[Environment]:
        """What is done where a dict has no such key: whether it has one, who knows."""
        frame = self.frame
        if self.evaluator.truth(branch.test, self.within(state)) is not None:
            return super().statement(branch, state)
        before, frame.effect = frame.effect, CLEAN
        seen = len(frame.seen) if isinstance(frame, LoopFrame) else 0
        exits = super().statement(branch, state)
        frame.effect = before | less_sure(frame.effect)
        if isinstance(frame, LoopFrame):
            frame.seen[seen:] = [
                replace(each, effect=less_sure(each.effect)) for each in frame.seen[seen:]
            ]
        return exits


def _fills_in(branch: Branch) -> bool:
    """Whether it is `if "key" not in found: found["key"] = …`, or with more that is to hold."""
    filled = {
        target
        for each in branch.blocks[0]
        if isinstance(each, Assign)
        for target in each.targets
        if isinstance(target, Item)
    }
    tests = [branch.test]
    while tests:
        match tests.pop():
            case Choice(options=options, operator="and"):
                tests += options
            case Operation(
                operator="not",
                operands=(Operation(operator="in", operands=(key, Name() as owner)),),
            ) if Item(owner, key) in filled:
                return True
    return False


def _takes_sync_only(handler: Handler) -> bool:
    return handler.exception is not None and base_word(handler.exception) == _SYNC_ONLY


def _is_probe(statement: Try) -> bool:
    """Whether all that it may catch is that no loop is running."""
    match statement.body:
        case (
            Evaluate(value=Call(function=function)) | Assign(value=Call(function=function)),
            *others,
        ):
            is_harmless = all(isinstance(each, Return) for each in others)
            return is_harmless and base_word(function) in known.LOOP_PROBES
    return False


@contextmanager
def at(frame: Frame, expression: Expression) -> Iterator[None]:
    """What happens meanwhile comes from the expression, where somebody keeps that."""
    if isinstance(frame, LoopFrame):
        with frame.at(expression):
            yield
    else:
        yield


@contextmanager
def binding(frame: Frame, targets: tuple[Expression, ...]) -> Iterator[None]:
    """What happens meanwhile decides what the targets hold."""
    before = len(frame.seen) if isinstance(frame, LoopFrame) else 0
    yield
    if isinstance(frame, LoopFrame) and targets:
        frame.binds(named(targets), before)


class Running(Remembering):
    """Runs bodies, and tells what tests and loops do where the loop is."""

    # -- what layers above give ------------------------------------------------------------------

    @abstractmethod
    def tested(self, test: Expression, frame: Frame) -> Value:
        """Evaluate a test."""

    @abstractmethod
    def take(self, target: Expression, iterable: Expression, is_async: bool, frame: Frame) -> None:
        """Bind the target of a loop to what is run through."""

    def run(self, block: Block, frame: Frame) -> Value:
        frame.is_running = True
        exits = LoopWalk(self, frame).block(block, frame.environment)
        frame.is_running = False
        returned = exits.returns.get(RETURNED, NOTHING) if exits.returns is not None else NOTHING
        return returned | (NONE if exits.end is not None else NOTHING)
