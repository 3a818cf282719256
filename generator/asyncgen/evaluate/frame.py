"""One call being evaluated: its names, what it returned so far, and the worst it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asyncgen.problems import Location
from asyncgen.source import Class, Evidence, Function, Module
from asyncgen.values import (
    CLEAN,
    Bound,
    ClassObject,
    Effect,
    Instance,
    Level,
    Type,
    Value,
    merged,
    union,
)

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
    returns: set[Type] = field(default_factory=set)
    stops: bool = False  # a StopIteration may leave
    guarded: int = 0  # how many enclosing try blocks catch StopIteration

    def note(self, level: Level, message: str) -> None:
        """Something evaluated here has an effect by itself."""
        if level > self.effect.level:
            self.effect = Effect(level, (self._here(message),))

    def include(self, effect: Effect, message: str) -> None:
        """Something called here has an effect."""
        if effect.level > self.effect.level:
            here = self._here(message)
            chain = [step for step in effect.evidence if step != here][:EVIDENCE_LIMIT]
            self.effect = Effect(effect.level, (here, *chain))

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
    if len(environments) == 1:
        return environments[0]
    names = {name for environment in environments for name in environment}
    return {
        name: merged(union(each[name] for each in environments if name in each)) for name in names
    }
