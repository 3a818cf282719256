"""Functions to outcomes: what calling them returns, and may do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from asyncgen import knowledge
from asyncgen.evaluate.annotations import self_type
from asyncgen.evaluate.core import is_abstract
from asyncgen.evaluate.frame import Frame
from asyncgen.evaluate.statements import Statements
from asyncgen.facts import Call
from asyncgen.fixpoint import Fixpoint
from asyncgen.source import Binding, Evidence, Function
from asyncgen.values import (
    CLEAN,
    NOTHING,
    Argument,
    Bound,
    Builtin,
    Effect,
    Foreign,
    Given,
    Level,
    Outcome,
    Value,
    builtin,
    unknown,
)

VARIANTS_LIMIT = 12  # for how many different arguments a function is evaluated apart

_Key = tuple[Function, object, Given, frozenset[tuple[str, Value]]]


def _same(one: Outcome, other: Outcome) -> bool:
    """Whether nothing changed but perhaps the wording of the evidence."""
    return (one.returns, one.effect.level, one.stops) == (
        other.returns,
        other.effect.level,
        other.stops,
    )


def _fixpoint() -> Fixpoint[_Key, Outcome]:
    """The limits are far from real code: there, one question evaluates 200 bodies at most."""
    return Fixpoint(
        nothing=Outcome(NOTHING, CLEAN),
        same=_same,
        unsettled=lambda outcome: outcome,
        rounds=6,
        depth_limit=24,
        effort_limit=4000,
    )


@dataclass
class Evaluator(Statements):
    """Evaluates functions and expressions in the classes and modules that `resolver` finds."""

    _outcomes: Fixpoint[_Key, Outcome] = field(default_factory=_fixpoint)
    _variants: dict[tuple[Function, object], int] = field(default_factory=dict)

    def outcome(self, bound: Bound, given: Given = ()) -> Outcome:
        key = self.key(bound, given)
        if key in self._outcomes:
            return self._outcomes[key]
        if is_abstract(bound.function):
            reason = f"{bound.function.name}, which only subclasses give a body"
            return Outcome(
                self.annotated(bound) or unknown(reason),
                Effect(Level.DOUBT, (Evidence(f"calls {reason}"),)),
            )
        if self._outcomes.goes_too_far():
            reason = "calls that nest too deeply to follow"
            return Outcome(unknown(reason), Effect(Level.DOUBT, (Evidence(reason),)))
        return self._outcomes.ask(key, lambda: self.evaluated(bound, key[2]))

    def key(self, bound: Bound, given: Given) -> _Key:
        """What an outcome depends on; without the arguments when too many differ."""
        around = frozenset(self.closure(bound.function).items())
        key = (bound.function, bound.receiver, given, around)
        if not given or _names_attribute(given) or key in self._outcomes:
            return key
        variants = self._variants.get(key[:2], 0)
        if variants >= VARIANTS_LIMIT:
            return (bound.function, bound.receiver, (), around)
        self._variants[key[:2]] = variants + 1
        return key

    def evaluated(self, bound: Bound, given: Given) -> Outcome:
        """One evaluation of the body."""
        function = bound.function
        environment = self.closure(function)
        environment.update(self.parameters(bound, dict(given)))
        line = function.location.line
        frame = Frame(bound.module, function, bound.owner, bound.receiver, environment, line)
        returns = NOTHING if _is_stub(function) else self.run(function.body, frame)
        outer = Frame(bound.module, None, None, None, {}, line, effect=frame.effect)
        if function.is_generator:
            returns, outer.effect = builtin("generator", effect=frame.effect), CLEAN
        returns = self.decorated(function, returns, outer)
        annotated = self.annotated(bound)
        stops = frame.stops and not function.is_generator
        return Outcome(annotated or returns, outer.effect, stops, returns)

    def decorated(self, function: Function, returns: Value, frame: Frame) -> Value:
        """What is returned through the function's decorators, which may have effects themselves."""
        decorators = zip(function.decorators, function.decorations, strict=False)
        for expression, each in reversed(list(decorators)):
            said = f"is decorated with {each.dotted}"
            if not each.is_known:
                frame.note(Level.DOUBT, f"{said}, which may do anything")
                returns |= unknown(f"what {each.dotted} makes of it")
            elif each.is_context:
                value = self.value(expression, frame)
                if not isinstance(expression, Call):
                    value = self.value(Call(expression), frame)
                self.enter(value, frame)
            elif each.wrapper and (module := self.resolver.readable(each.module)):
                # Its own effect: what it wraps is a function that has none.
                wrapped = frozenset({Foreign(f"builtins.function.{function.name}")})
                self._closures.setdefault(each.wrapper, {each.parameter: wrapped})
                outcome = self.outcome(Bound(each.wrapper, module))
                frame.include(outcome.effect, said)
                if not each.hands_on:
                    if self.holds_queryset(returns):
                        frame.note(Level.DOUBT, f"{said}, which takes what it returns")
                    returns = outcome.inferred
        return returns

    def parameters(self, bound: Bound, given: dict[str, Value]) -> Iterator[tuple[str, Value]]:
        """What each parameter may hold: the receiver, what is given, its annotation's class, or
        anything."""
        parameters = iter(bound.function.signature.parameters)
        if bound.receiver and bound.function.binding in _WITH_RECEIVER:
            first = next(parameters, None)
            if first:
                yield first.name, frozenset({self_type(bound)})
        for parameter in parameters:
            if parameter.kind.name.startswith("VAR_"):
                positional = parameter.kind.name == "VAR_POSITIONAL"
                yield parameter.name, builtin("tuple" if positional else "dict")
                continue
            value = given.get(parameter.name)
            if value is None and parameter.annotation:
                value = self.annotation(parameter.annotation, bound)
            if value is None and parameter.name in knowledge.QUERYSET_PARAMETERS:
                value = self.queryset()
            yield parameter.name, value or frozenset({Argument(parameter.name)})


_WITH_RECEIVER = (Binding.METHOD, Binding.CLASSMETHOD, Binding.PROPERTY)


def _names_attribute(given: Given) -> bool:
    """Whether it is the name that `__getattr__` is asked for: of these there are few."""
    return any(isinstance(each, Builtin) and each.text for _, value in given for each in value)


def _is_stub(function: Function) -> bool:
    """A body of `...`, `pass` or a docstring, in a declaration for type checkers."""
    return function.is_type_only or not function.body
