"""What pyrefly infers, as far as it is taken, against what a reader of real packages wrote down.

python tests/typing/test_pyrefly_inference.py    print what is known, and what is still not
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import checkers
from asyncgen import pyrefly
from asyncgen.config import Config, Source
from asyncgen.environment import program
from asyncgen.infer import Opinions
from asyncgen.infer.known import text
from asyncgen.source import Module
from asyncgen.surface import Decision
from download import packages
from test_inference import ROOT, Answer, labelled


@cache
def config() -> Config:
    """Of a project whose environment is that of the checkers."""
    python = checkers.environment().parent
    return Config(ROOT, ROOT / "pyproject.toml", (Source(infer="pyrefly"),), python=str(python))


@cache
def everything() -> tuple[tuple[Answer, Answer], ...]:
    """For each labelled callable, what we infer and what pyrefly does."""
    found = program("pyrefly", config())
    assert found, "requirements/typing.txt has pyrefly"
    return tuple(pair for each in packages() for pair in _answers(each, found))


def _answers(name: str, checker: Path) -> list[tuple[Answer, Answer]]:
    inference, cases = labelled(packages()[name])
    opinions = Opinions(inference)
    for _, _, decision, module in cases:
        opinions.returns(decision, module)
    roots = inference.evaluator.resolver.roots
    opinions.answers = pyrefly.ask(config(), checker, opinions.asked, roots, ())

    def answers(
        callable_: str, label: str, decision: Decision, module: Module
    ) -> tuple[Answer, Answer]:
        ours, theirs = inference.returns(decision, module), opinions.returns(decision, module)
        return (
            Answer(name, callable_, label, None if ours is None else text(ours)),
            Answer(name, callable_, label, None if theirs is None else text(theirs)),
        )

    return [answers(*each) for each in cases]


def test_nothing_that_is_taken_from_pyrefly_is_wrong() -> None:
    """Not even where it would not have been asked, because we know."""
    taken = [theirs for _, theirs in everything() if theirs.inferred]
    assert [each for each in taken if not each.is_right] == []
    assert len(taken) >= 60


def test_it_knows_some_that_we_do_not() -> None:
    known = [theirs for ours, theirs in everything() if not ours.inferred and theirs.inferred]
    assert len(known) >= 3


if __name__ == "__main__":
    ours_known = sum(ours.is_right for ours, _ in everything())
    alone = sum(theirs.is_right for _, theirs in everything())
    for ours, theirs in everything():
        if ours.inferred is None or (theirs.inferred and not theirs.is_right):
            print(f"{theirs.name}: {theirs.inferred or 'unknown'}, labelled {theirs.label}")
    more = sum(theirs.is_right for ours, theirs in everything() if ours.inferred is None)
    print(f"of {len(everything())}: {ours_known} known to us, {more} more to pyrefly")
    print(f"{alone} known to pyrefly alone", file=sys.stdout)
