"""Only what is certain: nothing is guessed, and what is done once or rarely is only possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import asyncgen.audit.state as states
from asyncgen import declared, guesses, knowledge
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import (
    NOTHING,
    Argument,
    Bound,
    Builtin,
    Effect,
    Given,
    Instance,
    Level,
    Outcome,
    Type,
    Unknown,
    Value,
    union,
    unknown,
)
from asyncgen.audit.holding import Holding
from asyncgen.facts import Block, Branch, Call, Choice, Expression, Get, Name, nodes
from asyncgen.source import Class, Function, Look, Parameter

_CACHING = ("functools.cache", "functools.lru_cache")


@Look
def asks_itself(block: Block) -> bool:
    """Whether a method does what it does only where `hasattr(self, …)` says that it did not."""
    return any(
        isinstance(each, Branch)
        and any(
            isinstance(node, Call)
            and node.function == Name("hasattr")
            and node.arguments[:1] == (Name("self"),)
            for node in nodes(each.test)
        )
        for each in block
    )


@dataclass
class Certain(Holding):
    """Does not guess."""

    # What the defaults of functions inside of functions hold, as they were made last.
    defaults_held: dict[Function, dict[str, Value]] = field(default_factory=dict)

    def wants_types(self, bound: Bound) -> bool:
        return False  # an audit asks what happens

    def given_by_steps(self, frame: Frame) -> Value:
        return union(frame.yielded)

    # -- no guesses --------------------------------------------------------------------------------

    def unknown_attribute(self, owner: Argument | Unknown, name: str, frame: Frame) -> Value:
        if isinstance(owner, Argument) and owner.name in guesses.REQUEST_PARAMETERS:
            return self.request_attribute(name, frame)
        return unknown(f"{name} of something unknown")

    def guessed_relation(self, owner: Argument, name: str, frame: Frame) -> Value | None:
        return None

    def passed_unknown(self, parameter: Parameter) -> Value:
        return frozenset({Argument(parameter.name)})

    def held_by_default(self, parameter: Parameter, bound: Bound) -> Value:
        """What a function is called without, it need not be called without."""
        return NOTHING

    def tells(self, default: Type) -> bool:
        """Also a manager or a queryset: who calls it without another queries that one."""
        return super().tells(default) or self.is_lazy(default)

    def defaults(self, function: Function, frame: Frame) -> None:
        held = {name: self.value(default, frame) for name, default in function.defaults}
        self.defaults_held[function] = held

    def default(self, parameter: Parameter, bound: Bound) -> Value | None:
        """Also one that is computed, such as a queryset, where the function is made."""
        known = super().default(parameter, bound)
        function = bound.function
        if known is not None or parameter.name not in dict(function.defaults):
            return known
        held = self.defaults_held.get(function, {})
        if not self.is_enclosed(function):
            made = Frame(bound.module, None, None, None, {}, function.location.line)
            held = {parameter.name: self.value(dict(function.defaults)[parameter.name], made)}
        value = held.get(parameter.name)
        return value if value and all(map(self.tells, value)) else None

    def namesakes(self, name: str, row: Class | None, frame: Frame) -> Value:
        return NOTHING

    def overridden(self, owner: Type, name: str, frame: Frame) -> None:
        """What only a subclass does is no proof."""

    def method_of_unknown(self, function: Get, owner: Value, callee: Value, frame: Frame) -> None:
        """What is called like a method that queries need not be one."""

    def of_subclasses(self, owner: Instance, name: str, frame: Frame) -> Value:
        return NOTHING

    def is_database_call(self, bound: Bound, outcome: Outcome) -> bool:
        name = bound.function.name
        queries = name in declared.queryset_results() or name in knowledge.QUERYING_OF_MODELS
        return queries and super().is_database_call(bound, outcome)

    def evaluated(self, bound: Bound, given: Given, environment: dict[str, Value]) -> Outcome:
        """What the body returns tells more of its state than what the annotation says."""
        outcome = super().evaluated(bound, given, environment)
        if outcome.inferred and not any(
            isinstance(each, Unknown | Argument) for each in outcome.inferred
        ):
            return replace(outcome, returns=outcome.inferred)
        return outcome

    def annotation(self, text: str, bound: Bound) -> Value | None:
        """Of a queryset that only an annotation names it cannot be told what its rows have."""
        value = super().annotation(text, bound)
        return None if value is None else states.marked(value, states.ANYTHING, self.is_rows)

    def choice(self, expression: Choice, frame: Frame) -> Value:
        """`kept.get(key) or self.site`: what a dict of the module does not have may be rare."""
        if expression.operator != "or" or not self.is_kept(expression.options[0], frame):
            return super().choice(expression, frame)
        scratch = Frame(
            frame.module, None, frame.owner, frame.receiver, dict(frame.environment), frame.line
        )
        value = super().choice(expression, scratch)
        frame.include(less_sure(scratch.effect), "does it for what is not kept")
        return value

    def is_kept(self, expression: Expression, frame: Frame) -> bool:
        """Whether something is looked up in a dict that a module keeps."""
        match expression:
            case Call(function=Get(value=Name(id=name) as owner, name="get")):
                if name not in frame.environment:
                    kept = self.value(owner, Frame(frame.module, None, None, None, {}))
                    return any(isinstance(each, Builtin) and each.name == "dict" for each in kept)
        return False

    def outcome(self, bound: Bound, given: Given = ()) -> Outcome:
        """What a function does that keeps what it finds, it does once and perhaps never again."""
        outcome = super().outcome(bound, given)
        function = bound.function
        keeps = function.rebinds or function.is_decorated(*_CACHING) or function.look(asks_itself)
        return replace(outcome, effect=less_sure(outcome.effect)) if keeps else outcome

    def parameters(self, bound: Bound, given: dict[str, Value]) -> Iterator[tuple[str, Value]]:
        """A queryset that somebody else made may have been evaluated by them."""
        for name, value in super().parameters(bound, given):
            is_given = name in given or (bound.receiver and bound.receiver in value)
            yield (
                name,
                value if is_given else states.marked(value, states.MAYBE_FILLED, self.is_rows),
            )

    def is_row(self, instance: Instance) -> bool:
        return self.role(instance.cls) == "model"

    def is_rows(self, instance: Instance) -> bool:
        return self.role(instance.cls) == "queryset"


def less_sure(effect: Effect) -> Effect:
    """The effect, as one that is only possible."""
    return replace(effect, level=min(effect.level, Level.LIKELY))
