"""One call being evaluated: its names, what it returned so far, and the worst it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from asyncgen.analysis.growth import Growth
from asyncgen.analysis.values import (
    CLEAN,
    Bound,
    Cause,
    ClassObject,
    Effect,
    Instance,
    Level,
    Trait,
    Value,
    is_same,
    merged,
    union,
)
from asyncgen.facts import Expression
from asyncgen.problems import Location
from asyncgen.source import Class, Evidence, Function, Module

NARROWED = "~"  # before the path of an attribute that a test told something of

EVIDENCE_LIMIT = 4  # steps of a chain of calls that are worth telling

# Names to what they may hold; `self.x` is the name of an attribute that was assigned.
Environment = dict[str, Value]


@dataclass
class Frame:
    """One call being evaluated."""

    module: Module
    function: Function | None
    owner: Class | None
    receiver: Instance | ClassObject | None
    environment: Environment
    line: int = 0
    effect: Effect = CLEAN
    stops: bool = False  # a StopIteration may leave
    guarded: int = 0  # how many enclosing try blocks catch StopIteration
    is_running: bool = False
    walrus: set[str] = field(default_factory=set)  # names bound by `:=` so far
    is_typed: bool = False  # whether types are looked for
    yielded: list[Value] = field(default_factory=list)  # what a generator gives
    is_unsure: bool = False  # whether it is open how a block is left
    # Of one that is for what comparing or showing fields does: the classes that were asked, and by
    # which methods.
    compared: set[tuple[Class, str]] | None = None
    # What was evaluated already of a call that is being evaluated, and the second part of each
    # `and`, by the expression: nested expressions would take exponential time otherwise.
    held: dict[int, Value] = field(default_factory=dict)
    seconds: dict[int, Value] = field(default_factory=dict)
    growth: Growth = field(default_factory=Growth)  # what the containers made here hold

    def hold(self, expression: Expression, value: Value) -> Value:
        """Keep what is evaluated again before the call, of which it is a part, is."""
        self.held[id(expression)] = value
        return value

    def leave(self, outer: Environment) -> None:
        """Return to `outer` from an expression that may not be evaluated, or that has names of its
        own: what `:=` bound in it stays."""
        inner, self.environment = self.environment, outer
        for name in self.walrus:
            if not is_same(inner.get(name), outer.get(name)):
                parts = (each[name] for each in (inner, outer) if name in each)
                outer[name] = merged(union(parts))

    def note(self, level: Level, message: str, cause: Cause = Cause.QUERY) -> None:
        """Something evaluated here has an effect by itself."""
        if level > self.effect.level:
            self.effect = self.effect | Effect(level, (self._here(message),), cause)
        elif Level.CLEAN < level < Level.REACHES:
            self.wait(message)

    def wait(self, message: str) -> None:
        """Something evaluated here may wait for something else than a database."""
        if not self.effect.waits:
            self.effect = replace(self.effect, besides=(self._here(message),))

    def mark(self, trait: Trait) -> None:
        """What is evaluated here has a trait. An exception is shown that was raised before."""
        if trait not in self.effect.traits:
            self.effect = self.effect | Effect(traits=frozenset({trait}))
        if trait is Trait.SHOWS_HANDLED and Trait.RAISES_TEXTS in self.effect.traits:
            self.note(Level.DOUBT, "shows an exception of what may query when it is shown")

    def include(self, effect: Effect, message: str) -> None:
        """Something called here has an effect."""
        for trait in effect.traits:
            self.mark(trait)
        if effect.level > self.effect.level or (effect.waits and not self.effect.waits):
            chain = self._chain(effect.evidence, message)
            besides = self._chain(effect.waits, message) if effect.waits else ()
            self.effect = self.effect | Effect(effect.level, chain, effect.cause, besides)

    def _chain(self, evidence: tuple[Evidence, ...], message: str) -> tuple[Evidence, ...]:
        here = self._here(message)
        return (here, *[step for step in evidence if step != here][:EVIDENCE_LIMIT])

    def _here(self, message: str) -> Evidence:
        return Evidence(message, Location(self.module.path, self.line))

    @property
    def bound(self) -> Bound | None:
        """The function that is running."""
        if self.function is None:
            return None
        return Bound(self.function, self.module, self.owner, self.receiver)


def joined(environments: Sequence[Environment]) -> Environment:
    """Every name with all that it may hold."""
    first, *others = environments
    if not others:
        return first
    result = dict(first)
    for other in others:
        for name, value in other.items():
            known = result.setdefault(name, value)
            if known is not value and not is_same(known, value):
                result[name] = merged(union((known, value)))
    # What was narrowed on one of the ways only is not narrow any more.
    for path in [each for each in result if each.startswith(NARROWED)]:
        if not all(path in each for each in environments):
            del result[path]
    return result
