"""The classification agrees with what readers say of real packages (see README.md)."""

from __future__ import annotations

from functools import cache

import pytest

from tests.projects.download import CACHE, DownloadError, Package, packages, roots
from tests.projects.score import Comparison, Score, chosen, compare

WITHOUT_TWIN = ("pure", "queryset", "hook", "skipped")


def blocks(kind: str) -> bool:
    return kind in ("value", "eager", "iterator", "context")


@cache
def compared(name: str) -> tuple[Comparison, ...]:
    package = packages()[name]
    try:
        roots(package)
    except DownloadError as error:
        pytest.skip(f"{error} (unpack it to {CACHE} by hand to run this)")
    return tuple(compare(package))


def together(heldout: bool) -> Score:
    return Score(
        [each for package in chosen((), heldout=heldout) for each in compared(package.name)]
    )


def report(score: Score) -> str:
    return "\n".join([*score.confusion(), *map(str, score.disagreements)])


@pytest.mark.parametrize("package", packages().values(), ids=lambda package: package.name)
def test_every_label_is_covered(package: Package) -> None:
    """Each labelled callable is found by a run, but for those that exist for type checkers only."""
    missing = [each.label for each in compared(package.name) if each.kind == "not covered"]
    assert [label.name for label in missing if "TYPE_CHECKING" not in label.why] == []


@pytest.mark.parametrize(("heldout", "least"), [(False, 0.97), (True, 0.97)])
def test_agreement(heldout: bool, least: float) -> None:
    score = together(heldout)
    assert score.agreement >= least, report(score)


@pytest.mark.parametrize("heldout", [False, True])
def test_no_queryset_is_taken_for_a_value_or_the_other_way_round(heldout: bool) -> None:
    assert [str(each) for each in together(heldout).confused] == []


def test_eager_is_found_where_it_is() -> None:
    missed = [each for each in together(False).certain if each.label.kind == "eager"]
    assert [str(each) for each in missed if not each.agrees] == []


@pytest.mark.parametrize("heldout", [False, True])
def test_what_queries_is_never_left_without_a_twin(heldout: bool) -> None:
    """Taking one kind with a twin for another costs a warning; taking it for none blocks the
    event loop."""
    certain = together(heldout).certain
    missed = [each for each in certain if blocks(each.label.kind) and each.kind in WITHOUT_TWIN]
    assert [str(each) for each in missed] == []


@pytest.mark.parametrize("heldout", [False, True])
def test_few_are_ambiguous(heldout: bool) -> None:
    score = together(heldout)
    assert score.ambiguous <= 0.05, report(score)
