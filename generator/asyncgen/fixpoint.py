"""Questions whose answers lead back to themselves: what a function returns that calls itself.

A question that is met again while it is being answered has the answer that is known so far, and is
asked anew until nothing changes. Answers on the way that rest on such a one are provisional: they
are kept for as long as it is, so that no question is answered twice in one round. In the next round
one is answered again only where something that it was made of is another now.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar, cast

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")
T = TypeVar("T")

_NEVER = 1 << 30


@dataclass(slots=True)
class Trace(Generic[K]):
    """What one answer rests on: what was read for it, the questions that were asked for it, in
    their order, and what it made use of that may grow. `is_apart`: on nothing else than the first
    two, so that it is the same whatever was asked before."""

    read: dict[object, None] = field(default_factory=dict)
    asked: dict[K, None] = field(default_factory=dict)
    growing: dict[object, None] = field(default_factory=dict)
    is_apart: bool = True

    def add(self, other: Trace[K]) -> None:
        self.read.update(other.read)
        self.asked.update(other.asked)
        self.growing.update(other.growing)
        self.is_apart &= other.is_apart


@dataclass(slots=True)
class _Answered(Generic[K, A]):
    """How a question was answered once: all that was made use of, in its order, and what came of
    it. With the same it comes to the same; but where something was done besides."""

    question: Callable[[], A]
    trace: Trace[K]
    used: list[tuple[K | Callable[[], object], object]] = field(default_factory=list)
    asked: dict[K, A] = field(default_factory=dict)
    is_repeatable: bool = True
    result: A | None = None

    def told(self, key: K, answer: A) -> None:
        if key not in self.asked:
            self.asked[key] = answer
            self.used.append((key, answer))
        elif self.asked[key] is not answer:
            self.is_repeatable = False


@dataclass
class Fixpoint(Generic[K, A]):
    """Answers, by their questions.

    `nothing` is the answer before there is any, `same` tells whether another one changes anything,
    `alike` whether nothing about it is another, and `unsettled` makes the answer of one that
    changes still after `rounds`. Questions within questions are followed to `depth_limit`, and
    `effort_limit` of them for one that is asked first, with what takes as much.
    """

    nothing: A
    same: Callable[[A, A], bool]
    alike: Callable[[A, A], bool]
    unsettled: Callable[[A], A]
    rounds: int
    depth_limit: int
    effort_limit: int
    _answers: dict[K, A] = field(default_factory=dict)
    _running: dict[K, A] = field(default_factory=dict)
    # What rests on a question that is still being answered, with the depth of the outermost such,
    # and whether it is cut short.
    _provisional: dict[K, tuple[A, int, bool]] = field(default_factory=dict)
    # What rests on none, but is cut short: kept until the first question is answered.
    _short: dict[K, A] = field(default_factory=dict)
    _latest: dict[K, A] = field(default_factory=dict)
    _stack: list[K] = field(default_factory=list)
    # How what is provisional was answered, and what was so in the round before.
    _answered: dict[K, _Answered[K, A]] = field(default_factory=dict)
    _earlier: dict[K, _Answered[K, A]] = field(default_factory=dict)
    _answering: list[_Answered[K, A]] = field(default_factory=list)
    moves: int = 0  # while this stays, so does every answer
    traces: dict[K, Trace[K]] = field(default_factory=dict)
    # What rests on each question, and on what may grow.
    _resting: dict[object, set[K]] = field(default_factory=dict)
    # Of the questions that are being answered; the first is of whoever asks the others.
    _open: list[Trace[K]] = field(default_factory=lambda: [Trace()])
    _effort: int = 0
    _changed: bool = False  # whether some answer told more than the one before
    _lowest: int = _NEVER  # the outermost running question that an answer so far rests on
    _is_short: bool = False  # whether an answer so far rests on what was not followed

    def __contains__(self, key: K) -> bool:
        return (
            key in self._answers
            or key in self._running
            or key in self._provisional
            or key in self._short
        )

    def __getitem__(self, key: K) -> A:
        """The answer, as far as it is known."""
        self.trace.asked[key] = None
        answer = self._known(key)
        if self._answering:
            self._answering[-1].told(key, answer)
        return answer

    def _known(self, key: K) -> A:
        if key in self._answers:
            return self._answers[key]
        if key in self._running:
            self._lowest = min(self._lowest, self._stack.index(key))
            return self._running[key]
        if key in self._short:
            self._is_short = True
            return self._short[key]
        result, lowest, is_short = self._provisional[key]
        self._lowest = min(self._lowest, lowest)
        self._is_short |= is_short
        return result

    @property
    def trace(self) -> Trace[K]:
        """Of the question that is being answered; else of all that is asked first."""
        return self._open[-1]

    @property
    def first(self) -> Trace[K]:
        """Of all that was asked first."""
        return self._open[0]

    def is_settled(self, key: K) -> bool:
        return key in self._answers

    def settled(self, key: K) -> A | None:
        """The answer that is settled, for one who makes no use of it."""
        return self._answers.get(key)

    def settle(self, key: K, answer: A) -> None:
        """An answer that is known without being asked for."""
        self._answers[key] = answer

    def goes_too_far(self) -> bool:
        """Whether there are too many questions already to ask another. What is answered without it
        is cut short: asked by itself, it may be answered in full."""
        if len(self._stack) <= self.depth_limit and self._effort <= self.effort_limit:
            return False
        self._is_short = True
        self.trace.is_apart = False
        self.does_more()
        return True

    def takes_more(self) -> None:
        """Answering takes as much again as a question of its own would."""
        if self._stack:
            self._effort += 1

    def used(self, what: object, read: Callable[[], T]) -> T:
        """What is read, and may be another in the next round, or later: see `grew`."""
        value = read()
        self.trace.growing[what] = None
        if self._answering:
            self._answering[-1].used.append((read, value))
        return value

    def traced(self, read: Callable[[], T]) -> tuple[T, Trace[K]]:
        """What is read once for all, with what it rests on: so does each answer that makes use of
        it, the first and, by `Trace.add`, those after it."""
        before, self._lowest = self._lowest, _NEVER
        self._open.append(Trace())
        value = read()
        made = self._open.pop()
        made.is_apart &= self._lowest == _NEVER
        self._lowest = min(before, self._lowest)
        self.trace.add(made)
        return value, made

    def grew(self, what: object) -> None:
        """Something that answers made use of is more now: they are asked again when they are
        needed."""
        self.moves += 1
        todo: list[object] = [what]
        while todo:
            resting = self._resting.pop(todo.pop(), set())
            todo += [key for key in resting if self._answers.pop(key, None) is not None]

    def does_more(self) -> None:
        """Answering does something besides, or makes use of more than is told here."""
        if self._answering:
            self._answering[-1].is_repeatable = False

    def ask(self, key: K, question: Callable[[], A]) -> A:
        """The answer, after asking until nothing changes; what leads back further settles with what
        it leads back to."""
        outer, self._lowest = self._lowest, _NEVER
        before, self._is_short = self._is_short, False
        depth = len(self._stack)
        known = len(self._provisional)
        self.trace.asked[key] = None
        self._stack.append(key)
        self._open.append(Trace())
        result = self._repeatedly(key, question, known)
        self._stack.pop()
        trace = self.traces[key] = self._open.pop()
        trace.is_apart &= self._lowest == _NEVER and not self._is_short
        for each in (*trace.growing, *trace.asked):
            self._resting.setdefault(each, set()).add(key)
        self._keep(key, result, depth, known)
        self._lowest = min(outer, self._lowest)
        self._is_short |= before
        if self._answering:
            self._answering[-1].told(key, result)
        if not self._stack:
            self._earlier.clear()
            self._effort, self._is_short = 0, False
            for each in self._short:
                self._latest.pop(each, None)
            self._short.clear()
        return result

    def _repeatedly(self, key: K, question: Callable[[], A], known: int) -> A:
        depth = len(self._stack) - 1
        for _ in range(self.rounds):
            for each in (*self._forget(known), key):
                if each in self._answered:
                    self._earlier[each] = self._answered.pop(each)
            before, self._changed = self._changed, False
            result = self._once(key, question)
            changed, self._changed = self._changed, before or self._changed
            if self._lowest != depth or not changed:
                return result
        return self.unsettled(result)

    def _once(self, key: K, question: Callable[[], A]) -> A:
        """Ask once more, from what the last answer told."""
        before = self._running[key] = self._latest.get(key, self.nothing)
        self.moves += 1
        result = self._anew(key, question)
        self.moves += 1
        del self._running[key]
        if not self.same(before, result):
            self._latest[key] = result
            self._changed = True
        return result

    def _anew(self, key: K, question: Callable[[], A]) -> A:
        """Answer the question; as in the round before, where all is as it was."""
        earlier = self._earlier.pop(key, None)
        answered: _Answered[K, A] = _Answered(question, self.trace)
        self._answering.append(answered)
        if earlier and earlier.is_repeatable and self._holds(earlier):
            answered = earlier
            self.trace.add(earlier.trace)
        else:
            answered = self._answering[-1] = _Answered(question, self.trace)
            self.takes_more()
            answered.result = question()
        self._answering.pop()
        self._answered[key] = answered
        return cast(A, answered.result)

    def _holds(self, earlier: _Answered[K, A]) -> bool:
        """Whether everything that was made use of is as it was. It is asked for in the same order,
        and nothing is that another answer would not ask for, too."""
        for used, before in earlier.used:
            if callable(used):
                if used() != before:
                    return False
                continue
            if used in self:
                now = self[used]
            elif used in self._earlier:
                now = self.ask(used, self._earlier[used].question)
            else:
                return False
            if not self.alike(cast(A, before), now):
                return False
        return True

    def _keep(self, key: K, result: A, depth: int, known: int) -> None:
        """Put the answer, and those within it, where they may be found for as long as they hold."""
        inner = self._forget(known)
        if self._lowest < depth:
            for each, (made, lowest, is_short) in inner.items():
                lowest, is_short = min(lowest, self._lowest), is_short or self._is_short
                self._provisional[each] = made, lowest, is_short
            self._provisional[key] = result, self._lowest, self._is_short
            return
        for each in (key, *inner):
            self._answered.pop(each, None)
        self._lowest = _NEVER
        settled = self._short if self._is_short else self._answers
        settled.update((each, made) for each, (made, _, _) in inner.items())
        settled[key] = result
        if not depth:  # there is nobody who could ask from nearer
            self._answers[key] = result

    def _forget(self, known: int) -> dict[K, tuple[A, int, bool]]:
        """Take out what was added to the provisional answers after the first `known`."""
        added = dict(islice(self._provisional.items(), known, None))
        for key in added:
            del self._provisional[key]
        return added
