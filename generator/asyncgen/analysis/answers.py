"""What callables came to, kept between builds: of each answer a digest, and what it rests on.

After an edit of bodies only those answers are looked at again that rest on them, and what rests on
these if they are other ones. No kept answer is ever used for another: whatever is looked at is
evaluated from the sources as they are. Where all are as they were, all that was made of them is.

An answer tells nothing where it rests on more than the bodies and answers that are noted with it
(see `fixpoint.Trace`); then everything is decided again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from asyncgen.analysis.evaluator import VARIANTS_LIMIT, Evaluator
from asyncgen.analysis.said import Speech, Unsaid
from asyncgen.analysis.values import Key
from asyncgen.fixpoint import Trace
from asyncgen.source import Function, Later, Look

Body = tuple[str, int]  # the module, and how many lines of it come before the body


@dataclass(frozen=True, slots=True)
class Answer:
    """The digest of one answer, empty where it has none; the bodies that were read for it, and the
    numbers of the answers that it rests on, in their order. `question` is empty where it cannot be
    asked again. `is_apart`: it rests on nothing else."""

    question: str
    digest: str
    read: tuple[Body, ...]
    asked: tuple[int, ...]
    is_apart: bool


@dataclass(frozen=True)
class Answers:
    """The answers of one build; `first` are those that it asked for itself, and `shared` the bodies
    that were read for more than can be noted."""

    answers: tuple[Answer, ...]
    first: frozenset[int]
    shared: frozenset[Body]

    def read(self) -> frozenset[Body]:
        return self.shared.union(*(each.read for each in self.answers))

    def moved(self, bodies: Mapping[Body, Body]) -> Answers:
        """The same, of bodies that stand elsewhere."""
        answers = tuple(
            replace(each, read=tuple(bodies.get(body, body) for body in each.read))
            for each in self.answers
        )
        return replace(
            self, answers=answers, shared=frozenset(bodies.get(each, each) for each in self.shared)
        )

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        return {each.question: at for at, each in enumerate(self.answers) if each.question}

    @cached_property
    def askers(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = {}
        for at, each in enumerate(self.answers):
            for asked in each.asked:
                found.setdefault(asked, []).append(at)
        return found

    def is_apart(self, number: int) -> bool:
        """Whether the answer, and all that it rests on, rest on nothing else."""
        return number not in self._resting_on_more

    @cached_property
    def _resting_on_more(self) -> frozenset[int]:
        found = {at for at, each in enumerate(self.answers) if not each.is_apart}
        todo = list(found)
        while todo:
            new = [each for each in self.askers.get(todo.pop(), ()) if each not in found]
            found.update(new)
            todo += new
        return frozenset(found)

    def variants(self, question: str) -> int:
        """With how many arguments the function of the question was evaluated apart."""
        return self._variants.get(_apart(question), 0)

    @cached_property
    def _variants(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for each in self.numbers:
            found[_apart(each)] = found.get(_apart(each), 0) + 1
        return found

    def as_text(self) -> str:
        rows = [
            [each.question, each.digest, each.read, each.asked, each.is_apart]
            for each in self.answers
        ]
        return json.dumps([rows, sorted(self.first), sorted(self.shared)], separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Answers:
        """Raises ValueError, TypeError or LookupError where the text is something else."""
        rows, first, shared = json.loads(text)
        answers = tuple(
            Answer(question, digest, tuple(map(_body, read)), tuple(asked), is_apart)
            for question, digest, read, asked, is_apart in rows
        )
        return cls(answers, frozenset(first), frozenset(map(_body, shared)))


def _body(data: list[str | int]) -> Body:
    module, before = data
    return str(module), int(before)


def _apart(question: str) -> str:
    bound, _, is_typing = json.loads(question)
    return json.dumps([bound, is_typing])


@dataclass
class Asked:
    """What an evaluator was asked so far, as answers to keep. `laters` are the bodies of the files
    that were read."""

    evaluator: Evaluator
    laters: Iterable[Later]
    speech: Speech = field(init=False)

    def __post_init__(self) -> None:
        self.speech = Speech(self.evaluator)

    def question(self, key: Key) -> str:
        """How the question can be asked again; empty where it cannot."""
        _, _, given, around, is_typing = key
        bound = self.evaluator.bounds.get(key)
        if around or bound is None:
            return ""
        try:
            return json.dumps([self.speech.said(bound), self.speech.said(given), is_typing])
        except Unsaid:
            return ""

    def ask(self, question: str) -> str:
        """The digest of the answer now; empty where there is none."""
        said, given, is_typing = json.loads(question)
        try:
            bound, arguments = self.speech.meant(said), self.speech.meant(given)
        except Unsaid:
            return ""
        outcome = self.evaluator.outcome_of(bound, arguments, is_typing)  # type: ignore[arg-type]
        return self.speech.digest(outcome)

    def answers(self) -> Answers:
        """All of them, with what each rests on."""
        first = self.evaluator.outcomes.first.asked
        numbers, answers = self.numbered(first)
        return replace(answers, first=frozenset(numbers[each] for each in first))

    def numbered(self, first: Iterable[Key]) -> tuple[Mapping[Key, int], Answers]:
        """All of them, with the number of each; `first` are those that nothing rests on."""
        outcomes = self.evaluator.outcomes
        keys = list(dict.fromkeys([*outcomes.traces, *first]))
        numbers = {key: at for at, key in enumerate(keys)}
        nothing: Trace[Key] = Trace(is_apart=False)
        made = []
        for key in keys:
            trace = outcomes.traces.get(key, nothing)
            question = self.question(key)
            known = outcomes.settled(key) if question else None
            made.append(
                Answer(
                    question,
                    self.speech.digest(known) if known else "",
                    tuple(self.bodies(trace.read)),
                    tuple(numbers[each] for each in trace.asked if each in numbers),
                    trace.is_apart and all(each in numbers for each in trace.asked),
                )
            )
        return numbers, Answers(tuple(made), frozenset(), self.shared())

    def bodies(self, functions: Iterable[object]) -> Iterator[Body]:
        """Where the bodies stand that are read apart from what a file declares."""
        for each in functions:
            if isinstance(each, Function) and isinstance(each.block, Later):
                found = (each.block.origin or each.block).snippet
                if found:
                    yield found.module, found.before

    def shared(self) -> frozenset[Body]:
        """The bodies that were read for more than can be noted."""
        told = (
            (each.snippet.module, each.snippet.before)
            for each in self.laters
            if each.is_shared and each.snippet
        )
        return frozenset(told).union(self.bodies(self.evaluator.outcomes.first.read))


@dataclass(frozen=True, slots=True)
class Looked:
    """The numbers of the answers that were asked again, and of those that are others now."""

    looked: frozenset[int]
    others: frozenset[int]


@dataclass
class Again:
    """A look at the answers that an edit may have changed."""

    before: Answers
    asked: Asked
    changed: frozenset[Body]  # as they were before

    def holding(self) -> Answers | None:
        """The answers as they are now, where all that a build asked for is as it was."""
        look = self.look()
        if look is None or not look.others.isdisjoint(self.before.first):
            return None
        now = self.asked.answers()
        is_as_told = self.is_as_told(now, look.looked)
        return self.together(now, look.looked)[0] if is_as_told else None

    def look(self) -> Looked | None:
        """Which answers had to be asked again, as far as it takes to know whether one that a build
        asked for is another; None where that cannot be told."""
        if self.changed & self.before.shared:
            return None
        answers = self.before.answers
        others: set[int] = set()
        looked: set[int] = set()
        todo = [at for at, each in enumerate(answers) if not self.changed.isdisjoint(each.read)]
        while todo:
            at = todo.pop()
            if at in looked:
                continue
            looked.add(at)
            if not (answers[at].digest and answers[at].is_apart):
                return None
            digest = self.asked.ask(answers[at].question)
            if digest != answers[at].digest:
                others.add(at)
                if at in self.before.first:
                    break
                todo += self.before.askers.get(at, ())
        return Looked(frozenset(looked), frozenset(others))

    def is_as_told(self, now: Answers, looked: Collection[int]) -> bool:
        """Whether what was looked at rests on what it would rest on in a build from nothing: on
        answers that are as they were, asked in the same order; and on new ones that rest on
        nothing else."""
        known = [self.before.numbers.get(each.question) for each in now.answers]
        return all(
            self.is_as_new(each)
            if before is None
            else self.is_as_looked_at(now, at, before)
            if before in looked
            else self.is_unchanged(each, before)
            for at, (each, before) in enumerate(zip(now.answers, known, strict=True))
        )

    def is_as_new(self, now: Answer) -> bool:
        return now.is_apart and self.has_room(now.question)

    def is_unchanged(self, now: Answer, known: int) -> bool:
        """Whether an answer that the edit does not reach is what it was, whenever it is asked."""
        is_same = now.digest != "" and now.digest == self.before.answers[known].digest
        return is_same or self.before.is_apart(known)

    def is_as_looked_at(self, now: Answers, at: int, known: int) -> bool:
        """Whether an answer that was looked at again asks in the same order what matters."""
        order = _questions(self.before, known)
        asked = {now.answers[each].question for each in now.answers[at].asked}
        before = {self.before.answers[each].question for each in self.before.answers[known].asked}
        return (
            now.answers[at].is_apart
            and "" not in order
            and order == _questions(now, at)
            and all(map(self.has_room, before - asked))
        )

    def has_room(self, question: str) -> bool:
        """Whether arguments more or less change nothing of how others are told apart."""
        return not question or self.before.variants(question) + 1 < VARIANTS_LIMIT

    def together(self, now: Answers, looked: Collection[int]) -> tuple[Answers, list[int]]:
        """The answers of before with those of now, and which numbers those of now have there."""
        answers = list(self.before.answers)
        numbers: list[int] = []
        for each in now.answers:
            known = self.before.numbers.get(each.question)
            numbers.append(len(answers) if known is None else known)
            if known is None:
                answers.append(each)
        for each, at in zip(now.answers, numbers, strict=True):
            if at in looked or at >= len(self.before.answers):
                answers[at] = replace(each, asked=tuple(numbers[one] for one in each.asked))
        made = Answers(tuple(answers), self.before.first, self.before.shared | now.shared)
        return made, numbers


def _questions(answers: Answers, number: int) -> list[str]:
    """The questions that an answer rests on, those aside whose answers are the same at any time."""
    return [
        answers.answers[each].question
        for each in answers.answers[number].asked
        if not answers.is_apart(each)
    ]


def look_alike(before: Later, now: Later) -> bool:
    """Whether all looks at a body tell what they told."""
    return all(look(before.read()) == look(now.read()) for look in Look.every)
