"""Calls that a signature accepts, drawn by Hypothesis: by position, by keyword, with less."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

# Names that code which is generated may have for something of its own. Not `self`: to call by such
# a keyword is what asgiref's bridge cannot.
EXTRA = ("func", "function", "args", "kwargs", "call", "owner", "result", "chunk_size")
KINDS = inspect.Parameter
Shape = tuple[tuple[object, bool], ...]  # of each parameter its kind, and whether it has a default


@dataclass(frozen=True)
class Call:
    """How many arguments go by position, and the numbers of those parameters that get theirs by
    keyword; `extra` are keywords that no parameter has."""

    positions: int
    keywords: tuple[int, ...]
    extra: tuple[str, ...]

    def arguments(
        self, signature: inspect.Signature, taken: Collection[str]
    ) -> tuple[list[object], dict[str, object]]:
        """Arguments for a signature of the shape, each an object of its own; no keyword is one of
        the names that are taken."""
        names = list(signature.parameters)
        keywords = [names[each] for each in self.keywords]
        extra = [each for each in self.extra if each not in {*names, *taken}]
        return (
            [Argument(str(n)) for n in range(self.positions)],
            {name: Argument(name) for name in (*keywords, *extra)},
        )


@dataclass(frozen=True, eq=False)
class Argument:
    name: str


def shape(signature: inspect.Signature) -> Shape:
    return tuple((each.kind, each.default is not each.empty) for each in _values(signature))


def _values(signature: inspect.Signature) -> Iterable[inspect.Parameter]:
    return signature.parameters.values()


@st.composite
def calls(draw: st.DrawFn, of: Shape) -> Call:
    positional = [
        n
        for n, (kind, _) in enumerate(of)
        if kind in (KINDS.POSITIONAL_ONLY, KINDS.POSITIONAL_OR_KEYWORD)
    ]
    least = max((n + 1 for n in positional if of[n] == (KINDS.POSITIONAL_ONLY, False)), default=0)
    count = draw(st.integers(least, len(positional)))
    more = 0
    if count == len(positional) and any(kind is KINDS.VAR_POSITIONAL for kind, _ in of):
        more = draw(st.integers(0, 2))
    keywords = [
        n
        for n, (kind, has_default) in enumerate(of)
        if (n >= count and kind is KINDS.POSITIONAL_OR_KEYWORD) or kind is KINDS.KEYWORD_ONLY
        if not has_default or draw(st.booleans())
    ]
    extra: list[str] = []
    if any(kind is KINDS.VAR_KEYWORD for kind, _ in of):
        extra = draw(st.lists(st.sampled_from(EXTRA), max_size=2, unique=True))
    return Call(count + more, tuple(draw(st.permutations(keywords))), tuple(extra))


@cache
def drawn(of: Shape, count: int) -> frozenset[Call]:
    """Different calls of the shape: those that a run of Hypothesis draws."""
    found: set[Call] = set()

    @given(calls(of))
    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def note(call: Call) -> None:
        found.add(call)

    note()
    return frozenset(found)
