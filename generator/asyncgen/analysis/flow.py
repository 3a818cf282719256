"""Control flow, written once: in which order statements run, and what holds where they do.

A forward data-flow analysis over facts. A *state* says what every name may hold at one point of a
body; what a state is, and what the simple statements do to it, a subclass says. States that meet
are joined. A loop is run until its state changes no more (a fixpoint); what has not settled after
`ROUNDS` is widened. A loop in a loop begins, in each round of that one, with what it came to in the
round before: so statements run by how many loops they are in, not by the power of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Generic, TypeVar

from asyncgen.facts import (
    Bind,
    Block,
    Branch,
    Case,
    Evaluate,
    Expression,
    Handler,
    Leave,
    Loop,
    Match,
    Name,
    Raise,
    Return,
    Statement,
    Try,
    With,
)

ROUNDS = 10

S = TypeVar("S")


@dataclass(slots=True)
class Exits(Generic[S]):
    """The ways out of a block, each with the state that it is left with; None: not left so."""

    end: S | None = None  # what follows it runs
    breaks: S | None = None
    continues: S | None = None
    returns: S | None = None
    raises: S | None = None  # an exception, from anywhere in it


_WAYS = tuple(each.name for each in fields(Exits))


@dataclass(slots=True)
class Head(Generic[S]):
    """What holds where a round of a loop begins, and how often that has changed."""

    state: S
    changes: int = 0


class Flow(ABC, Generic[S]):
    """Runs blocks. The methods without a body change the state that they are given in place."""

    _watched = 0  # how many enclosing statements look at exceptions: only then are they noted
    _way = ""  # the way out by which the `finally` that runs was come to

    def __init__(self) -> None:
        self._looping = 0  # how many loops run
        self._heads: dict[tuple[int, str], Head[S]] = {}  # of these, and those inside of them

    # -- what a subclass says ----------------------------------------------------------------------

    @abstractmethod
    def copied(self, state: S) -> S:
        """A state of its own that says the same."""

    @abstractmethod
    def joined(self, states: list[S]) -> S:
        """What holds where several ways meet."""

    @abstractmethod
    def widened(self, before: S, after: S) -> S:
        """What holds in a loop that does not settle: nothing of what still changes."""

    @abstractmethod
    def simple(self, statement: Statement, state: S) -> bool:
        """Run a statement without blocks; whether what follows it can be reached."""

    @abstractmethod
    def returned(self, statement: Return, state: S) -> None:
        """Evaluate what is returned, and keep it in the state."""

    @abstractmethod
    def tested(self, test: Expression, state: S) -> bool | None:
        """Evaluate a test: whether it is sure to hold, or not to; None where it is open."""

    @abstractmethod
    def narrowed(self, test: Expression, holds: bool, state: S) -> None:
        """Keep what may still be where the test holds, or does not."""

    @abstractmethod
    def iterated(self, loop: Loop, state: S) -> None:
        """Take one item, and bind it to the loop's target."""

    @abstractmethod
    def entered(self, statement: With, state: S) -> bool | None:
        """Enter context managers: whether they swallow exceptions; None where that is open."""

    @abstractmethod
    def caught(self, handler: Handler, state: S) -> None:
        """Bind the exception that a handler takes."""

    @abstractmethod
    def matched(self, subject: Expression, case: Case, state: S) -> None:
        """Bind what a case's pattern captures, and narrow what it matches."""

    def is_same(self, before: S, after: S) -> bool:
        """Whether two states say the same."""
        return before == after

    def at(self, line: int) -> None:
        """A statement begins, or the head of a loop is met again."""

    def tried(self, statement: Try, state: S) -> Exits[S]:
        """Run the body of a try statement."""
        return self.block(statement.body, state)

    def unsure(self) -> None:
        """Whether a block is left by an exception, or by what stands in it, is open."""

    # -- blocks ------------------------------------------------------------------------------------

    def block(self, block: Block, state: S) -> Exits[S]:
        """Run the statements in turn, from a state that may be changed."""
        left: Exits[S] = Exits(state)
        for statement in block:
            if left.end is None:
                break
            exits = self.statement(statement, left.end)
            left.end = None
            self._add(left, exits)
        return left

    def either(self, first: Exits[S], *others: Exits[S]) -> Exits[S]:
        """All the ways out of what one or the other of several blocks has."""
        for other in others:
            self._add(first, other)
        return first

    def _add(self, one: Exits[S], other: Exits[S]) -> None:
        """Add the ways out of another block."""
        for way in _WAYS:
            state = getattr(other, way)
            if state is not None:
                known = getattr(one, way)
                setattr(one, way, state if known is None else self.joined([known, state]))

    def _join(self, states: Iterable[S | None]) -> S | None:
        reached = [each for each in states if each is not None]
        return self.joined(reached) if len(reached) > 1 else reached[0] if reached else None

    def statement(self, statement: Statement, state: S) -> Exits[S]:
        self.at(statement.line)
        match statement:
            case Branch():
                return self._branch(statement, state)
            case Match():
                return self._match(statement, state)
            case Loop():
                return self._loop(statement, state)
            case Try():
                return self._try(statement, state)
            case With():
                return self._with(statement, state)
            case Leave(continues=continues):
                return Exits(continues=state) if continues else Exits(breaks=state)
        before = self.copied(state) if self._watched else None
        if isinstance(statement, Return):
            self.returned(statement, state)
            return Exits(returns=state, raises=before)
        completes = self.simple(statement, state) and not isinstance(statement, Raise)
        raises = self._join((before, self.copied(state))) if self._watched else None
        return Exits(state if completes else None, raises=raises)

    def _seen(self, state: S) -> S | None:
        """The state that an exception leaves with, where somebody looks at it."""
        return self.copied(state) if self._watched else None

    def _branch(self, branch: Branch, state: S) -> Exits[S]:
        decided = self.tested(branch.test, state)
        ways = [Exits(raises=self._seen(state))]
        for holds, block in zip((True, False), branch.blocks, strict=True):
            if decided is None or decided is holds:
                start = self.copied(state)
                self.narrowed(branch.test, holds, start)
                ways.append(self.block(block, start))
        return self.either(*ways)

    def _match(self, match: Match, state: S) -> Exits[S]:
        self.simple(Evaluate(match.line, match.subject), state)
        subject = Name(match.subject.name) if isinstance(match.subject, Bind) else match.subject
        ways = [Exits(raises=self._seen(state))]
        for case in match.cases:
            start = self.copied(state)
            self.matched(subject, case, start)
            holds = True if case.guard is None else self.tested(case.guard, start)
            if case.guard is not None:
                self.narrowed(case.guard, True, start)
            if holds is not False:
                ways.append(self.block(case.body, start))
            if case.is_irrefutable and holds is True:
                return self.either(*ways)
        return self.either(*ways, Exits(state))

    def _loop(self, loop: Loop, state: S) -> Exits[S]:
        raised = self._seen(state)
        head = self._head(loop, state)
        self._looping += 1
        body = self._round(loop, head)
        while self._grows(head, body.end, body.continues) and head.changes <= ROUNDS:
            body = self._round(loop, head)
        self._looping -= 1
        if not self._looping:
            self._heads.clear()
        done: Exits[S] = Exits(self.copied(head.state))
        if loop.test is not None and done.end is not None:
            self.at(loop.line)
            decided = self.tested(loop.test, done.end)
            self.narrowed(loop.test, False, done.end)
            if decided is True:
                done.end = None  # nothing but a break leads out of it
        if done.end is not None:
            done = self.block(loop.otherwise, done.end)
        out = Exits(body.breaks, None, None, body.returns, self._join((raised, body.raises)))
        return self.either(out, done)

    def _head(self, loop: Loop, state: S) -> Head[S]:
        """Where the first round begins: with the state that the loop is come to with, and what it
        came to before."""
        key = (id(loop), self._way)
        head = self._heads.setdefault(key, Head(state))
        self._grows(head, state)
        return head

    def _round(self, loop: Loop, head: Head[S]) -> Exits[S]:
        start = self.copied(head.state)
        self.at(loop.line)
        if loop.test is None:
            self.iterated(loop, start)
        else:
            self.tested(loop.test, start)
            self.narrowed(loop.test, True, start)
        return self.block(loop.body, start)

    def _grows(self, head: Head[S], *more: S | None) -> bool:
        """Whether more holds at a head than did; from now on it does there."""
        again = self.joined([head.state, *(each for each in more if each is not None)])
        if self.is_same(head.state, again):
            return False
        head.changes += 1
        head.state = self.widened(head.state, again) if head.changes >= ROUNDS else again
        return True

    def _with(self, statement: With, state: S) -> Exits[S]:
        raised = self._seen(state)
        swallows = self.entered(statement, state)
        if swallows is False:
            return self.either(Exits(raises=raised), self.block(statement.body, state))
        self._watched += 1
        body = self.block(statement.body, state)
        self._watched -= 1
        if body.end is None and swallows is None:
            self.unsure()
        body.end = self._join((body.end, body.raises))
        body.raises = raised and self._join((raised, body.raises))
        return body

    def _try(self, statement: Try, state: S) -> Exits[S]:
        watched = bool(statement.final)
        self._watched += watched
        out = self._caught(statement, state)
        self._watched -= watched
        return self._finally(statement.final, out) if watched else out

    def _caught(self, statement: Try, state: S) -> Exits[S]:
        """The body, its handlers and `else`."""
        if not statement.handlers:
            out = self.tried(statement, state)
        else:
            before = self.copied(state)
            self._watched += 1
            out = self.tried(statement, state)
            self._watched -= 1
            raised = self._join((before, out.raises))
            ways: list[Exits[S]] = []
            for handler in statement.handlers:
                start = self.copied(raised) if raised is not None else before
                self.caught(handler, start)
                ways.append(self.block(handler.body, start))
            completed: Exits[S] = Exits()
            if out.end is not None:
                completed, out.end = self.block(statement.otherwise, out.end), None
            out.raises = raised if self._watched else None
            return self.either(out, completed, *ways)
        if out.end is not None:
            end, out.end = out.end, None
            out = self.either(out, self.block(statement.otherwise, end))
        return out

    def _finally(self, final: Block, out: Exits[S]) -> Exits[S]:
        """Run `final` on each way out; where it leaves by itself, that is the way. One that stands
        in another `finally` runs once for all ways: each would run what is in it as often again."""
        states = {way: state for way in _WAYS if (state := getattr(out, way)) is not None}
        if self._way and states:
            together = self.copied(self.joined(list(states.values())))
            left = [self._after(final, together, *states)]
        else:
            left = [self._after(final, self.copied(each), way) for way, each in states.items()]
        result = self.either(Exits(), *left)
        if not self._watched:
            result.raises = None
        return result

    def _after(self, final: Block, state: S, *ways: str) -> Exits[S]:
        """Run `final`, to which these ways have led, and lead on where it ends."""
        before, self._way = self._way, self._way or ways[0]
        exits = self.block(final, state)
        self._way = before
        end, exits.end = exits.end, None
        return (
            exits
            if end is None
            else self.either(exits, *(Exits(**{way: self.copied(end)}) for way in ways))
        )
