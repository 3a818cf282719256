"""A frame that keeps every effect, each with the expression that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from asyncgen.analysis.expressions import attribute_path
from asyncgen.analysis.frame import Frame
from asyncgen.analysis.values import Bound, Cause, Effect, Level
from asyncgen.facts import Display, Expression, Get, Item, Name, Star, nodes
from asyncgen.source import Class, Evidence, Function, Module


@dataclass(frozen=True, slots=True)
class Seen:
    """An effect in code on the loop: `expression` is the innermost one that has it, on the
    statement that begins at `line`."""

    module: Module
    function: Function
    line: int
    expression: Expression | None
    effect: Effect
    why: str = ""  # why a synchronous function is on the loop
    callee: Bound | None = None  # the function whose call has the effect
    model: Class | None = None  # where a field or relation to one is loaded, what has it

    @property
    def key(self) -> tuple[object, ...]:
        return (self.module.path, self.line, self.expression, self.effect.cause)


@dataclass
class LoopFrame(Frame):
    """The frame of a function that the event loop runs."""

    why: str = ""
    seen: list[Seen] = field(default_factory=list)
    within: list[Expression] = field(default_factory=list)
    # Names that hold what a statement gives of which something was said already.
    told: set[str] = field(default_factory=set)
    callees: list[Bound] = field(default_factory=list)  # what is being called
    model: Class | None = None  # that of the row of which a relation is being read
    doubts: list[Evidence] = field(default_factory=list)
    is_thorough: bool = False  # also keeps what follows from something that was said
    is_deaf: int = 0  # in how many blocks of which somebody expects that they raise

    def note(self, level: Level, message: str, cause: Cause = Cause.QUERY) -> None:
        self._see(Effect(level, (self._here(message),), cause))
        super().note(level, message, cause)

    def include(self, effect: Effect, message: str) -> None:
        here = self._here(message)
        chain = tuple(step for step in effect.evidence if step != here)
        self._see(Effect(effect.level, (here, *chain), effect.cause))
        super().include(effect, message)

    def _see(self, effect: Effect) -> None:
        if effect.level is Level.DOUBT:
            self.doubts.append(effect.evidence[0])
        if effect.level < Level.LIKELY or self.is_deaf:
            return
        is_guess = effect.level is Level.LIKELY and effect.cause is Cause.QUERY
        if is_guess and len(effect.evidence) == 1:
            return
        expression = self.within[-1] if self.within else None
        if not self.is_thorough and self.told and self._is_told(expression):
            return
        assert self.function is not None
        self.seen.append(
            Seen(
                self.module,
                self.function,
                self.line,
                expression,
                effect,
                self.why,
                self.callees[-1] if self.callees else None,
                self.model,
            )
        )

    def _is_told(self, expression: Expression | None) -> bool:
        return any(
            isinstance(each, Name | Get) and attribute_path(each) in self.told
            for each in nodes(expression)
        )

    @contextmanager
    def at(self, expression: Expression) -> Iterator[None]:
        """What happens meanwhile comes from the expression."""
        self.within.append(expression)
        try:
            yield
        finally:
            self.within.pop()

    def binds(self, names: Iterator[str], before: int) -> None:
        """A statement bound the names: what it gives only follows from what it has seen itself."""
        has_told = len(self.seen) > before and any(
            each.effect.level is Level.REACHES for each in self.seen[before:]
        )
        for name in names:
            if has_told:
                self.told.add(name)
            else:
                self.told.discard(name)


def named(targets: tuple[Expression, ...]) -> Iterator[str]:
    """The names among the targets of an assignment, and the attributes of names."""
    pending = list(targets)
    while pending:
        target = pending.pop()
        match target:
            case Name() | Get():
                if path := attribute_path(target):
                    yield path
            case Item(value=owner) | Star(value=owner):
                pending.append(owner)
            case Display(elements=elements):
                pending += elements
