"""What functions do as decorated: a call runs what the decorators made of them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field

from asyncgen import knowledge
from asyncgen.analysis.annotations import base_word
from asyncgen.analysis.frame import Environment, Frame
from asyncgen.analysis.statements import Statements
from asyncgen.analysis.types import NONE as NONE_TYPE
from asyncgen.analysis.types import Types, all_of
from asyncgen.analysis.values import (
    NONE,
    NOTHING,
    Argument,
    Arguments,
    Bound,
    Effect,
    Foreign,
    Given,
    Level,
    Outcome,
    Type,
    Unknown,
    Value,
    in_order,
    union,
)
from asyncgen.facts import Call, Expression, Get
from asyncgen.source import Function, Signature


@dataclass
class Decorating(Statements):
    """Evaluates what decorators make of functions."""

    # What decorators are handed in place of functions, and what calling it gives.
    _stand_ins: dict[tuple[Function, Value, Types | None], Function] = field(default_factory=dict)
    _given_back: dict[Function, Outcome] = field(default_factory=dict)
    _is_typing: bool = False  # whether somebody asks for types; kinds alone cost less

    @abstractmethod
    def evaluated(self, bound: Bound, given: Given, environment: Environment) -> Outcome:
        """One evaluation of the body; `environment` has what it sees of enclosing functions."""

    def decorated(self, bound: Bound, raw: Outcome) -> tuple[Value, Effect, Types | None]:
        """What a call gives and does after all that the function is decorated with, and its types
        where what runs instead of it tells them."""
        line = bound.function.location.line
        frame = Frame(bound.module, None, None, None, {}, line, raw.effect)
        value = self.run_in_place(bound, raw, frame)
        if value is None:
            return raw.returns, frame.effect, None
        receiver = frozenset({bound.receiver}) if bound.receiver else NOTHING
        given = Arguments((receiver,) if receiver else (), (), is_complete=False)
        made = {each.function for each in value if isinstance(each, Bound)} - self._applied
        self._applied |= made
        returns = union(self.call_type(each, given, frame) for each in in_order(value))
        types = None
        if self._is_typing and len(made) == len(value):
            types = all_of(self.returned(each) for each in value if isinstance(each, Bound))
            if types and types >= NONE_TYPE and not raw.returns >= NONE:
                types = None  # a loop of attempts that ends without one, which it never does
        self._applied -= made
        if raw.returns <= returns:  # handed on; what else it gives counts where it is told
            told = {each for each in returns if not isinstance(each, Unknown | Argument)}
            returns = raw.returns | told
        return returns, frame.effect, types

    def run_in_place(self, bound: Bound, raw: Outcome, frame: Frame) -> Value | None:
        """What runs when the function is called, where a decorator puts something in its place."""
        function = bound.function
        value: Value | None = None
        decorations = zip(function.decorators, function.decorations, strict=False)
        for written, each in reversed(list(decorations)):
            decorator = _without_method_decorator(written)
            if each.dotted in knowledge.DISPATCHERS:
                frame.note(Level.DOUBT, "chooses among functions that are registered elsewhere")
            if each.is_context:
                self.enter_decorator(decorator, frame)
            elif each.wrapper or not each.is_plain or decorator is not written:
                opaque = self.opaque(decorator, frame)
                if opaque:
                    value = value or frozenset({self.stand_in(bound, raw)})
                    value = union(self.applied(one, value, frame) for one in opaque)
        return value

    def enter_decorator(self, decorator: Expression, frame: Frame) -> None:
        """Run what is decorated in a `with`."""
        value = self.value(decorator, frame)
        if not isinstance(decorator, Call):
            value = self.value(Call(decorator), frame)
        self.enter(value, frame)

    def applied(self, decorator: Type, value: Value, frame: Frame) -> Value:
        """What a decorator makes of a function. Evaluated for itself: what it returns sees the
        function that is passed."""
        arguments = Arguments((value,))
        if not isinstance(decorator, Bound) or decorator.receiver:
            return self.call_type(decorator, arguments, frame)
        given = self.given(decorator, arguments)
        outcome = self.evaluated(decorator, given, self.closure(decorator.function))
        frame.include(outcome.effect, f"is decorated with {decorator.function.name}")
        return outcome.returns

    def opaque(self, decorator: Expression, frame: Frame) -> Value:
        """The decorator, as far as it may do something when the function is called."""
        if isinstance(decorator, Get) and decorator.name in ("setter", "getter", "deleter"):
            return NOTHING
        value = self.value(decorator.function if isinstance(decorator, Call) else decorator, frame)
        if all(isinstance(each, Foreign) and _is_transparent(each.dotted) for each in value):
            return NOTHING
        if any(isinstance(each, Foreign) for each in value):
            for each in value:
                if isinstance(each, Foreign):
                    is_found = not each.dotted.startswith("builtins.")
                    level = self.level(each.dotted) if is_found else Level.DOUBT
                    frame.note(level, f"is decorated with {each.dotted}")
                    if self.may_wait(each.dotted):
                        frame.wait(f"is decorated with {each.dotted}")
            return NOTHING
        return self.value(decorator, frame)

    def stand_in(self, bound: Bound, raw: Outcome) -> Bound:
        """What a decorator is handed: a function that gives what the undecorated one does; its
        effect is counted already."""
        key = (bound.function, raw.returns, raw.types)
        if key not in self._stand_ins:
            function = bound.function
            made = Function(function.name, Signature(()), function.location)
            self._stand_ins[key] = made
            self._given_back[made] = raw
        return Bound(self._stand_ins[key], bound.module)


def _without_method_decorator(decorator: Expression) -> Expression:
    """What `method_decorator(decorator)` makes a decorator of methods of."""
    if isinstance(decorator, Call) and base_word(decorator) == "method_decorator":
        return next(iter(decorator.arguments), decorator)
    return decorator


def _is_transparent(dotted: str) -> bool:
    return any(
        dotted == known or dotted.startswith((f"{known}.", f"{known}("))
        for known in knowledge.TRANSPARENT_DECORATORS
    )
