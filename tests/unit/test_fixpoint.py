"""Questions that lead back to themselves: here, what can be reached in a graph."""

from __future__ import annotations

import operator
import random
from collections import Counter
from collections.abc import Mapping

import pytest
from asyncgen.fixpoint import Fixpoint

Graph = Mapping[str, str]  # each letter's successors
Reached = frozenset[str]

GRAPHS: dict[str, Graph] = {
    "a chain": {"a": "b", "b": "c", "c": ""},
    "itself": {"a": "a"},
    "a circle": {"a": "b", "b": "c", "c": "a"},
    "two circles that share one": {"a": "b", "b": "ac", "c": "bd", "d": ""},
    "a circle in a circle": {"a": "b", "b": "c", "c": "bd", "d": "a"},
    "everything": dict.fromkeys("abcdef", "abcdef"),
    "a circle beside a chain": {"a": "bc", "b": "a", "c": "d", "d": "d"},
}


class Search:
    """What can be reached from a letter, told from what can be from its successors."""

    def __init__(self, graph: Graph, rounds: int = 10, depth: int = 99, effort: int = 999) -> None:
        self.graph = graph
        self.asked: Counter[str] = Counter()
        self.fixpoint: Fixpoint[str, Reached] = Fixpoint(
            nothing=frozenset(),
            same=operator.eq,
            alike=operator.eq,
            unsettled=lambda answer: frozenset("?"),
            rounds=rounds,
            depth_limit=depth,
            effort_limit=effort,
        )

    def reached(self, letter: str) -> Reached:
        if letter in self.fixpoint:
            return self.fixpoint[letter]
        if self.fixpoint.goes_too_far():
            return frozenset("…")
        return self.fixpoint.ask(letter, lambda: self.from_successors(letter))

    def from_successors(self, letter: str) -> Reached:
        self.asked[letter] += 1
        successors = self.graph[letter]
        return frozenset(successors).union(*map(self.reached, successors))


def closure(graph: Graph, letter: str) -> Reached:
    found: set[str] = set()
    left = [letter]
    while left:
        new = set(graph[left.pop()]) - found
        found |= new
        left += new
    return frozenset(found)


@pytest.mark.parametrize("name", GRAPHS)
def test_answers_do_not_depend_on_what_is_asked_first(name: str) -> None:
    graph = GRAPHS[name]
    expected = {letter: closure(graph, letter) for letter in graph}
    for first in graph:
        search = Search(graph)
        search.reached(first)
        assert {letter: search.reached(letter) for letter in graph} == expected
        assert all(map(search.fixpoint.is_settled, graph))


def test_a_settled_question_is_not_asked_again() -> None:
    search = Search(GRAPHS["a chain"])
    assert search.reached("a") == search.reached("a")
    assert search.asked == Counter("abc")
    search.fixpoint.settle("z", frozenset("settled"))
    assert search.reached("z") == frozenset("settled")


@pytest.mark.parametrize("size", [5, 10, 20])
def test_questions_that_all_lead_to_each_other_are_not_asked_exponentially_often(size: int) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"[:size]
    search = Search(dict.fromkeys(letters, letters), effort=10**6)
    assert search.reached("a") == frozenset(letters)
    assert max(search.asked.values()) <= 10


def test_a_round_asks_only_for_what_rests_on_something_that_changed() -> None:
    """In the second round of a circle everything is found, and the third would find the same."""
    search = Search(GRAPHS["a circle"])
    assert search.reached("a") == frozenset("abc")
    assert search.asked == {"a": 2, "b": 2, "c": 2}


def test_what_does_more_than_answer_is_asked_in_each_round() -> None:
    search = Search(GRAPHS["a circle"])
    answer = search.from_successors

    def noisy(letter: str) -> Reached:
        if letter == "c":
            search.fixpoint.does_more()
        return answer(letter)

    search.from_successors = noisy  # type: ignore[method-assign]
    assert search.reached("a") == frozenset("abc")
    assert search.asked == {"a": 2, "b": 2, "c": 3}


def test_what_is_read_beside_the_answers_is_looked_at_again() -> None:
    """`b` reads what `c` leaves behind, after it."""
    search = Search({"a": "bc", "b": "a", "c": "a"})
    answer, left = search.from_successors, set[str]()

    def leaving(letter: str) -> Reached:
        result = answer(letter)
        if letter == "b":
            return result | search.fixpoint.used("left", lambda: frozenset(left))
        left.update("!" if letter == "c" else "")
        return result

    search.from_successors = leaving  # type: ignore[method-assign]
    assert search.reached("a") == frozenset("abc!")
    assert search.reached("b") == frozenset("abc!")


def test_what_rests_on_something_that_grew_is_asked_again() -> None:
    """`c` reads what somebody else puts in; `d` does not."""
    search = Search({"a": "bd", "b": "c", "c": "", "d": ""})
    answer, held = search.from_successors, set[str]()

    def holding(letter: str) -> Reached:
        result = answer(letter)
        if letter == "c":
            result |= search.fixpoint.used("held", lambda: frozenset(held))
        return result

    search.from_successors = holding  # type: ignore[method-assign]
    assert search.reached("a") == frozenset("bcd")
    held.add("!")
    assert search.reached("a") == frozenset("bcd")
    search.fixpoint.grew("held")
    assert search.reached("a") == frozenset("bcd!")
    assert search.asked == {"a": 2, "b": 2, "c": 2, "d": 1}


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_are_searched_as_by_hand(seed: int) -> None:
    pick = random.Random(seed)
    letters = "abcdefghijkl"
    graph = {each: "".join(pick.sample(letters, pick.randrange(4))) for each in letters}
    search = Search(graph, rounds=20)
    for letter in pick.sample(letters, len(letters)):
        assert search.reached(letter) == closure(graph, letter)


def test_what_changes_still_after_all_rounds_is_unsettled() -> None:
    assert Search(GRAPHS["a circle"], rounds=1).reached("a") == frozenset("?")


def test_what_was_not_followed_is_asked_again_from_nearer() -> None:
    """What rests on where it was asked is kept for nobody else."""
    search = Search(GRAPHS["a chain"], depth=1)
    assert search.reached("a") == frozenset("bc…")
    assert not search.fixpoint.is_settled("b")
    assert search.reached("b") == frozenset("c")


def test_nothing_is_left_of_what_was_cut_short() -> None:
    """A circle begins with its last answer; not with one that was cut short."""
    graph = {"a": "b", "b": "c", "c": "d", "d": "b"}
    search = Search(graph, depth=2)
    assert "…" in search.reached("a")
    assert search.reached("b") == frozenset("bcd")


def test_one_question_may_take_so_many_others_and_the_next_as_many() -> None:
    graph = {"a": "bcd", "b": "", "c": "", "d": "", "e": "d"}
    search = Search(graph, effort=2)
    assert search.reached("a") == frozenset("bcd…")
    assert search.reached("e") == frozenset("d")
