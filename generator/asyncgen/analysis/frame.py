"""One call being evaluated: its names, what it returned so far, and the worst it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncgen.analysis.values import (
    CLEAN,
    NOTHING,
    Bound,
    Cause,
    ClassObject,
    Effect,
    Instance,
    Level,
    Value,
    merged,
)
from asyncgen.problems import Location
from asyncgen.source import Class, Evidence, Function, Module

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

    def leave(self, outer: Environment) -> None:
        """Return to `outer` from an expression that may not be evaluated, or that has names of its
        own: what `:=` bound in it stays."""
        inner, self.environment = self.environment, outer
        for name in self.walrus:
            if inner.get(name) != outer.get(name):
                outer[name] = merged(inner.get(name, NOTHING) | outer.get(name, NOTHING))

    def note(self, level: Level, message: str, cause: Cause = Cause.QUERY) -> None:
        """Something evaluated here has an effect by itself."""
        if level > self.effect.level:
            self.effect = Effect(level, (self._here(message),), cause)

    def include(self, effect: Effect, message: str) -> None:
        """Something called here has an effect."""
        if effect.level > self.effect.level:
            here = self._here(message)
            chain = [step for step in effect.evidence if step != here][:EVIDENCE_LIMIT]
            self.effect = Effect(effect.level, (here, *chain), effect.cause)

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
            if known is not value and known != value:
                result[name] = merged(known | value)
    return result
