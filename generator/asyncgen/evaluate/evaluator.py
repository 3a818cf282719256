"""Functions to outcomes: a least fixpoint over calls that lead back to themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from asyncgen import knowledge
from asyncgen.evaluate.annotations import self_type
from asyncgen.evaluate.core import is_abstract
from asyncgen.evaluate.frame import Frame
from asyncgen.evaluate.statements import Statements
from asyncgen.model import Binding, Evidence, Function
from asyncgen.values import (
    CLEAN,
    NONE,
    NOTHING,
    Argument,
    Bound,
    Builtin,
    Effect,
    Given,
    Level,
    Outcome,
    Value,
    builtin,
    unknown,
)

DEPTH_LIMIT = 24  # calls within calls; beyond that nothing is proved
EFFORT_LIMIT = 4000  # bodies evaluated to answer one question; of real code, 200 are the most seen
ROUNDS_LIMIT = 6
VARIANTS_LIMIT = 12  # for how many different arguments a function is evaluated apart
_NEVER = 1 << 30

_Key = tuple[Function, object, Given]


@dataclass
class Evaluator(Statements):
    """Evaluates functions and expressions in the classes and modules that `resolver` finds.

    A function that is met again while it is being evaluated answers with what is known so far,
    until nothing changes any more.
    """

    _outcomes: dict[_Key, Outcome] = field(default_factory=dict)
    _running: dict[_Key, Outcome] = field(default_factory=dict)
    # What depends on a call that is still running, with the depth of the outermost such call.
    _provisional: dict[_Key, tuple[Outcome, int]] = field(default_factory=dict)
    _stack: list[_Key] = field(default_factory=list)
    _refined: dict[_Key, Outcome] = field(default_factory=dict)  # by the last evaluation
    _changed: bool = False  # whether some evaluation told more than the one before
    _lowest: int = _NEVER  # the outermost running call that an answer so far depends on
    _variants: dict[tuple[Function, object], int] = field(default_factory=dict)
    _effort: int = 0  # bodies evaluated since the question was asked

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
        if key in self._running:
            self._lowest = min(self._lowest, self._stack.index(key))
            return self._running[key]
        if key in self._provisional:
            result, lowest = self._provisional[key]
            self._lowest = min(self._lowest, lowest)
            return result
        if not self._stack:
            self._effort = 0
        if len(self._stack) > DEPTH_LIMIT or self._effort > EFFORT_LIMIT:
            reason = "calls that nest too deeply to follow"
            return Outcome(unknown(reason), Effect(Level.DOUBT, (Evidence(reason),)))
        return self.settled(key, bound)

    def key(self, bound: Bound, given: Given) -> _Key:
        """What an outcome depends on; without the arguments when too many differ."""
        key = (bound.function, bound.receiver, given)
        if not given or _names_attribute(given) or key in self._outcomes or key in self._running:
            return key
        variants = self._variants.get(key[:2], 0)
        if variants >= VARIANTS_LIMIT:
            return (bound.function, bound.receiver, ())
        self._variants[key[:2]] = variants + 1
        return key

    def settled(self, key: _Key, bound: Bound) -> Outcome:
        """Evaluate until nothing changes; what calls that lead back further settles with them."""
        outer, self._lowest = self._lowest, _NEVER
        depth = len(self._stack)
        known = len(self._provisional)
        self._stack.append(key)
        for _ in range(ROUNDS_LIMIT):
            self.forget(known)
            before, self._changed = self._changed, False
            result = self.refined(key, bound)
            changed, self._changed = self._changed, before or self._changed
            if self._lowest != depth or not changed:
                break
        self._stack.pop()
        if self._lowest >= depth:  # depends on nothing that is still being evaluated
            self._outcomes[key] = result
            self._outcomes.update((each, made) for each, (made, _) in self.forget(known))
            self._lowest = _NEVER
        else:
            for each, (made, lowest) in self.forget(known):
                self._provisional[each] = made, min(lowest, self._lowest)
            self._provisional[key] = result, self._lowest
        self._lowest = min(outer, self._lowest)
        return result

    def refined(self, key: _Key, bound: Bound) -> Outcome:
        """One more evaluation, from what the last one told."""
        before = self._refined.get(key, Outcome(NOTHING, CLEAN))
        self._running[key] = before
        result = self.evaluated(bound, key[2])
        del self._running[key]
        if not _same(before, result):
            self._refined[key] = result
            self._changed = True
        return result

    def forget(self, known: int) -> list[tuple[_Key, tuple[Outcome, int]]]:
        """Take out what was added to the provisional outcomes after the first `known`."""
        added = list(islice(self._provisional.items(), known, None))
        for key, _ in added:
            del self._provisional[key]
        return added

    def evaluated(self, bound: Bound, given: Given) -> Outcome:
        """One evaluation of the body."""
        self._effort += 1
        function = bound.function
        environment = dict(self._closures.get(function, {}))
        environment.update(self.parameters(bound, dict(given)))
        line = function.location.line
        frame = Frame(bound.module, function, bound.owner, bound.receiver, environment, line)
        completes = self.block(function.body, frame)
        returns = frozenset(frame.returns)
        if completes and not function.is_generator and not _is_stub(function):
            returns |= NONE
        effect = frame.effect
        if function.is_generator:
            returns, effect = builtin("generator", effect=frame.effect), CLEAN
        annotated = self.annotated(bound)
        stops = frame.stops and not function.is_generator
        return Outcome(annotated or returns, effect, stops, returns)

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


def _same(one: Outcome, other: Outcome) -> bool:
    """Whether nothing changed but perhaps the wording of the evidence."""
    return (one.returns, one.effect.level, one.stops) == (
        other.returns,
        other.effect.level,
        other.stops,
    )


def _is_stub(function: Function) -> bool:
    """A body of `...`, `pass` or a docstring, in a declaration for type checkers."""
    return function.is_type_only or not function.body
