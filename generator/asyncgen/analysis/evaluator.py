"""Functions to outcomes: what calling them returns, and may do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import or_

from asyncgen import guesses
from asyncgen.analysis.annotations import is_protocol, self_type
from asyncgen.analysis.called import is_context_function, matched
from asyncgen.analysis.core import ANY_NAME, is_abstract, is_empty
from asyncgen.analysis.decorating import Decorating
from asyncgen.analysis.frame import Environment, Frame
from asyncgen.analysis.growth import ROUNDS, Growth
from asyncgen.analysis.types import ANY, SELF, Known, Types, all_of, iterator
from asyncgen.analysis.types import NONE as NONE_TYPE
from asyncgen.analysis.types import builtin as typed
from asyncgen.analysis.values import (
    CLEAN,
    NOTHING,
    Argument,
    Arguments,
    Bound,
    Builtin,
    Effect,
    Given,
    Key,
    Level,
    Outcome,
    Value,
    builtin,
    proved,
    shut,
    types_of,
    unknown,
)
from asyncgen.facts import Block
from asyncgen.fixpoint import Fixpoint, Trace
from asyncgen.source import Binding, Class, Evidence, Function, Parameter

_APPLIED_LIMIT = 2  # how deep in each other functions are run for the types that they are passed
VARIANTS_LIMIT = 12  # for how many different arguments a function is evaluated apart


def _same(one: Outcome, other: Outcome) -> bool:
    """Whether nothing changed but perhaps the wording of the evidence."""
    return _counts(one) == _counts(other)


def _counts(outcome: Outcome) -> tuple[object, ...]:
    effect = outcome.effect
    does = effect.level, bool(effect.waits), effect.traits
    return outcome.returns, does, outcome.stops, outcome.types


def _alike(one: Outcome, other: Outcome) -> bool:
    """Whether nothing at all changed."""
    return one is other or (
        one == other
        and one.effect.besides == other.effect.besides
        and types_of(one.returns) == types_of(other.returns)
        and types_of(one.inferred) == types_of(other.inferred)
    )


def _fixpoint() -> Fixpoint[Key, Outcome]:
    """The limits are far from real code. What is cut short by one is asked again from nearer, so a
    limit that real code meets takes more time than it saves: in weblate 5 calls nest 400 deep, and
    one question evaluates 1,700 bodies."""
    return Fixpoint(
        nothing=Outcome(NOTHING, CLEAN, types=frozenset()),
        same=_same,
        alike=_alike,
        unsettled=lambda outcome: replace(outcome, types=None),
        rounds=6,
        depth_limit=1000,
        effort_limit=40_000,
    )


@dataclass
class Evaluator(Decorating):
    """Evaluates functions and expressions in the classes and modules that `resolver` finds."""

    outcomes: Fixpoint[Key, Outcome] = field(default_factory=_fixpoint)
    bounds: dict[Key, Bound] = field(default_factory=dict)  # what each of them is of
    _applying: set[Function] = field(default_factory=set)
    # What `applied_to` gave, by all that it depends on: for as long as no outcome becomes another.
    _results: dict[object, Types | None] = field(default_factory=dict)
    _results_at: int = 0
    _variants: dict[Key, set[Given]] = field(default_factory=dict)

    def outcome(self, bound: Bound, given: Given = ()) -> Outcome:
        if bound.function in self._given_back:
            raw = self._given_back[bound.function]
            return Outcome(raw.returns, CLEAN, types=raw.types)
        key = self.key(bound, given)
        if key not in self.outcomes and self.outcomes.is_settled((*key[:-1], True)):
            key = (*key[:-1], True)  # what is known with types is known without
        if key in self.outcomes:
            return self.outcomes[key]
        if is_abstract(bound.function):
            reason = f"{bound.function.name}, which only subclasses give a body"
            return Outcome(
                self.annotated(bound) or unknown(reason),
                Effect(Level.DOUBT, (Evidence(f"calls {reason}"),)),
                types=self.lookups.declared(bound) if self._is_typing else None,
            )
        if self.outcomes.goes_too_far():
            reason = "calls that nest too deeply to follow"
            return Outcome(unknown(reason), Effect(Level.DOUBT, (Evidence(reason),)))
        self.bounds[key] = bound
        return self.outcomes.ask(key, lambda: self.question(key, bound))

    def question(self, key: Key, bound: Bound) -> Outcome:
        _, _, given, around, is_typing = key
        before = self._is_typing, self._applying
        self._is_typing, self._applying = is_typing, set()
        try:
            return self.evaluated(bound, given, dict(around))
        finally:
            self._is_typing, self._applying = before

    def traced(self, read: Callable[[], Value]) -> tuple[Value, Trace[Key]]:
        return self.outcomes.traced(read)

    def rests_on(self, trace: Trace[Key]) -> None:
        self.outcomes.trace.add(trace)

    def body_of(self, function: Function) -> Block:
        self.outcomes.trace.read[function] = None
        return function.body_read

    def rests_on_more(self) -> None:
        self.outcomes.trace.is_apart = False

    def does_more(self) -> None:
        self.outcomes.does_more()

    def moves(self) -> None:
        self.outcomes.moves += 1

    def kept_now(self, key: tuple[Class, str]) -> Value:
        return self.outcomes.used(key, lambda: self._kept_of(*key))

    def _kept_of(self, cls: Class, name: str) -> Value:
        value = self._kept.get((cls, name), NOTHING)
        anywhere = self._kept.get((cls, ANY_NAME))
        return value | anywhere if anywhere else value

    def grew(self, key: tuple[Class, str]) -> None:
        self.outcomes.grew(key)

    def key(self, bound: Bound, given: Given) -> Key:
        """What an outcome depends on; without the arguments when too many differ, apart from names
        of attributes, which are written in the source: of these there are few."""
        around = frozenset(self.closure(bound.function).items())
        key = (bound.function, bound.receiver, given, around, self._is_typing)
        if not given or key in self.outcomes:
            return key
        names = tuple(each for each in given if _names_attribute(each[1]))
        apart = (bound.function, bound.receiver, names, around, self._is_typing)
        if given == names:
            return apart
        variants = self._variants.setdefault(apart, set())
        if given not in variants:
            if len(variants) >= VARIANTS_LIMIT:
                self.rests_on_more()
                return apart
            variants.add(given)
        return key

    def evaluated(self, bound: Bound, given: Given, environment: Environment) -> Outcome:
        """One evaluation of the body; `environment` has what it sees of enclosing functions."""
        function = bound.function
        environment.update(self.parameters(bound, dict(given)))
        self.outcomes.trace.read[function] = None
        frame, returns = self.run_body(bound, environment)
        types = self.types_returned(bound, returns, frame)
        effect = frame.effect
        if function.is_generator:
            returns, effect = builtin("generator", self.given_by_steps(frame), frame.effect), CLEAN
        stops = frame.stops and not function.is_generator
        if function.decorators:
            raw = None if frame.is_unsure or function.is_generator else types_of(returns)
            whole = Outcome(returns, effect, stops, types=raw)
            returns, effect, made = self.decorated(bound, whole)
            types = made if types is None and not bound.function.called.returns else types
        annotated = self.annotated(bound)
        if (annotated and function.is_generator) or _is_iterator(returns):
            annotated = _with_effect(annotated, returns)
        return Outcome(annotated or returns, effect, stops, returns, types)

    def given_by_steps(self, frame: Frame) -> Value:
        """What the steps of a generator give, for who asks."""
        return NOTHING

    def run_body(self, bound: Bound, environment: Environment) -> tuple[Frame, Value]:
        """Run the body; again, where what it read from a container was not all that it puts in."""
        function, growth = bound.function, Growth()
        line = function.location.line
        for number in range(ROUNDS + 1):
            frame = Frame(
                bound.module, function, bound.owner, bound.receiver, dict(environment), line
            )
            frame.is_typed, frame.growth = self.wants_types(bound), growth
            if bound.receiver is None and function in self._applying:
                definer = self._definers.get(function)
                frame.owner, frame.receiver = (
                    (definer.owner, definer.receiver) if definer else (None, None)
                )
            returns = NOTHING if _is_stub(function) else self.run(function.body_read, frame)
            if not growth.again():
                break
            if number == ROUNDS - 1:
                growth.give_up()
        frame.yielded = [_finished(each, growth) for each in frame.yielded]
        return frame, _finished(returns, growth)

    def wants_types(self, bound: Bound) -> bool:
        """Whether types are looked for in the body: where somebody asks for them."""
        module = bound.module.name
        is_read = not module.startswith("django.") or self.relations.is_source(module)
        return self._is_typing and is_read

    # -- types -------------------------------------------------------------------------------------

    def types_returned(self, bound: Bound, returns: Value, frame: Frame) -> Types | None:
        """What the function is declared to return; else what its body does, where all of it is
        understood."""
        if not self._is_typing:
            return None
        declared = self.lookups.declared(bound)
        if declared is None and self.does_nothing(bound):
            return NONE_TYPE
        if declared is not None or not self.is_typed_by_body(bound):
            return declared
        if bound.function.is_generator:
            return _generator(bound.function, frame.yielded)
        return None if frame.is_unsure else types_of(returns)

    def does_nothing(self, bound: Bound) -> bool:
        """Whether the method has an empty body, and no class of the sources gives it another."""
        function, owner = bound.function, bound.owner
        if not function.look(is_empty) or function.is_type_only or function.is_async:
            return False
        if owner is None or function.signature.returns:
            return False
        if not all(each.hands_on for each in function.decorations):
            return False
        if is_protocol(owner):
            return False
        return not self.relations.overriding(owner, function.name)

    def is_typed_by_body(self, bound: Bound) -> bool:
        """Whether what a call returns is what the body returns."""
        function = bound.function
        if function.is_async or function.look(is_empty):
            return False
        if self.is_enclosed(function):
            self.does_more()
            if function not in self._applied:
                return False
        return all(each.hands_on for each in function.decorations)

    def returned(self, bound: Bound, given: Given = ()) -> Types | None:
        types = self.outcome_of(bound, given, is_typing=True).types
        if types:
            return types
        before, self._is_typing = self._is_typing, True
        try:
            # Until it is settled, nothing at all is what the first round begins with.
            return None if self.outcomes.is_settled(self.key(bound, given)) else types
        finally:
            self._is_typing = before

    def outcome_of(self, bound: Bound, given: Given, is_typing: bool) -> Outcome:
        """The outcome, with types or without."""
        before, self._is_typing = self._is_typing, is_typing
        try:
            return self.outcome(bound, given)
        finally:
            self._is_typing = before

    def applied_to(self, bound: Bound, arguments: Arguments) -> Types | None:
        """Run the body with parameters of the types that are passed; nothing is kept of what it
        does."""
        function = bound.function
        given = dict(matched(bound, arguments)) if arguments.is_complete else {}
        is_plain = not (function.is_async or function.is_generator or function.decorators)
        is_deep = function in self._applying or len(self._applying) >= _APPLIED_LIMIT
        if is_deep or not is_plain or not arguments.is_complete or is_abstract(function):
            return None
        if not self.wants_types(bound) or function.signature.returns:
            return None
        environment = self.closure(function)
        environment.update(self.parameters(bound, {}))
        for parameter in function.signature.parameters:
            if parameter.annotation is None and parameter.name in given:
                environment[parameter.name] = shut(given[parameter.name])
        definer = self._definers.get(function)
        seen_from = (definer.owner, definer.receiver) if definer else None
        names = frozenset((name, each, types_of(each)) for name, each in environment.items())
        key = (bound, seen_from, frozenset(self._applying), names)
        now = self.outcomes.moves
        if self._results_at != now:
            self._results.clear()
            self._results_at = now
        if key not in self._results:
            if self.outcomes.goes_too_far():
                return None
            result = self._result(bound, environment)
            if self.outcomes.moves != now:
                return result
            self._results[key] = result
        return self._results[key]

    def _result(self, bound: Bound, environment: Environment) -> Types | None:
        """What the body returns; nothing is kept of what it does."""
        self.outcomes.trace.read[bound.function] = None
        self.outcomes.takes_more()
        self._applying.add(bound.function)
        try:
            frame, returns = self.run_body(bound, environment)
        finally:
            self._applying.discard(bound.function)
        return None if frame.is_unsure else types_of(returns)

    def parameters(self, bound: Bound, given: dict[str, Value]) -> Iterator[tuple[str, Value]]:
        """What each parameter may hold: the receiver, what is given, its annotation's class, or
        anything."""
        parameters = iter(bound.function.signature.parameters)
        if bound.receiver and bound.function.binding in _WITH_RECEIVER:
            first = next(parameters, None)
            if first:
                is_class = bound.function.binding is Binding.CLASSMETHOD
                own = typed("type", SELF) if is_class else SELF
                yield first.name, proved(frozenset({self_type(bound)}), own)
        for parameter in parameters:
            if parameter.kind.name.startswith("VAR_"):
                positional = parameter.kind.name == "VAR_POSITIONAL"
                anything = builtin("tuple" if positional else "dict")
                yield parameter.name, given.get(parameter.name, anything)
                continue
            value = given.get(parameter.name)
            wanted = parameter.annotation if self._is_typing else None
            types = self.declared_types(wanted, bound.module)
            if value is None and parameter.annotation:
                value = self.annotation(parameter.annotation, bound)
            value = value or self.passed_unknown(parameter)
            if parameter.default_names and parameter.name not in given:
                value |= self.held_by_default(parameter, bound)
            yield parameter.name, proved(value, types)

    def passed_unknown(self, parameter: Parameter) -> Value:
        """What a parameter holds of which nothing is said: anything, or what its name makes us
        guess."""
        if parameter.name in guesses.QUERYSET_PARAMETERS:
            return self.queryset()
        return frozenset({Argument(parameter.name)}) | _stand_in(parameter)


def _stand_in(parameter: Parameter) -> Value:
    """What a default says of an argument that nothing else is known of: a text, or a mapping."""
    match (parameter.default or "")[:1]:
        case "'" | '"':
            return builtin("str")
        case "{":
            return builtin("dict")
    return NOTHING


def _finished(value: Value, growth: Growth) -> Value:
    """The value, when all is put into the containers that a body makes."""
    types = types_of(value)
    return value if types is None else proved(value, growth.whole(types))


def _generator(function: Function, yielded: list[Value]) -> Types | None:
    """What a generator is: an iterator, or a context manager, of what it yields."""
    element = all_of(map(types_of, yielded))
    if not element or element & ANY:
        return None
    if is_context_function(function):
        return frozenset({Known("contextlib", "AbstractContextManager", (element,))})
    return iterator(element)


_WITH_RECEIVER = (Binding.METHOD, Binding.CLASSMETHOD, Binding.PROPERTY)


def _is_iterator(value: Value) -> bool:
    names = ("generator", "iterator")
    return bool(value) and all(isinstance(e, Builtin) and e.name in names for e in value)


def _with_effect(annotated: Value | None, inferred: Value) -> Value | None:
    """What the annotation says that an iterator gives, with what the body does at each step."""
    effects = [each.effect for each in inferred if isinstance(each, Builtin)]
    effect = reduce(or_, effects, CLEAN)
    return annotated and frozenset(
        replace(each, effect=effect) if isinstance(each, Builtin) else each for each in annotated
    )


def _names_attribute(value: Value) -> bool:
    """Whether it is a name that `__getattr__` may be asked for."""
    return any(isinstance(each, Builtin) and each.text for each in value)


def _is_stub(function: Function) -> bool:
    """A body of `...`, `pass` or a docstring, in a declaration for type checkers."""
    return function.is_type_only or function.look(is_empty)
