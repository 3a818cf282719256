"""Replay of history: what asyncgen makes of each Django's sync source, against what that Django
wrote by hand.

Django 4.0 has no async twins; what asyncgen makes of it is held against what 4.1 published. Both
sides are read by the same function from source text, Django's and ours, with the standard
library's ast. Every difference is a row of `history.toml`, with its reason; one that is not there
fails, and so does a row that no longer holds.
"""

from __future__ import annotations

import ast
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from asyncgen import environment
from asyncgen.config import Config, Release, Source
from asyncgen.problems import AsyncgenError

from tests.support.building import build

ROOT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads(Path(__file__).with_name("history.toml").read_text(encoding="utf-8"))
RELEASES: Mapping[str, str] = TABLE["releases"]

MODULES = {"QuerySet": "query", "RawQuerySet": "query", "Manager": "manager"}
FUNCTIONS = "query"  # the functions of that module that django.db.models exports

# What Django 4.1's release notes announce, in the order of its query.py.
PUBLISHED_BY_4_1 = [
    "aiterator",
    "aaggregate",
    "acount",
    "aget",
    "acreate",
    "abulk_create",
    "abulk_update",
    "aget_or_create",
    "aupdate_or_create",
    "aearliest",
    "alatest",
    "afirst",
    "alast",
    "ain_bulk",
    "adelete",
    "aupdate",
    "aexists",
    "acontains",
    "aexplain",
]


# -- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    """An async callable as it stands in a class body."""

    form: str  # `def` or `async def`
    parameters: str
    marks: str

    @property
    def queryset_only(self) -> bool:
        return "queryset_only=True" in self.marks.split()


def async_callables(tree: ast.Module, class_name: str) -> dict[str, Written]:
    """The async side of a class, by name: its `async def`s, and whatever is named like the twin of
    a method (or of `__iter__`) that the class has; all of a generated mixin."""
    bodies = {node.name: node.body for node in tree.body if isinstance(node, ast.ClassDef)}
    return _async_callables(bodies.get(class_name, []), is_generated=class_name.endswith("Async"))


def _async_callables(body: list[ast.stmt], *, is_generated: bool) -> dict[str, Written]:
    functions = {
        node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    marks: dict[str, list[str]] = {}
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=mark)], value=to):
                marks.setdefault(name, []).append(f"{mark}={ast.unparse(to)}")
    return {
        name: Written(
            "async def" if isinstance(node, ast.AsyncFunctionDef) else "def",
            ast.unparse(node.args),
            " ".join(sorted(marks.get(name, []))),
        )
        for name, node in functions.items()
        if (is_generated and not name.startswith("__"))
        or isinstance(node, ast.AsyncFunctionDef)
        or name in ("__aiter__", "__await__")
        or (name[0] == "a" and name[1:] in functions)
    }


def release_root(version: str) -> Path:
    return environment.release_root(_release(version), _config(()), _installed())


@cache
def by_hand(version: str) -> dict[str, dict[str, Written]]:
    """What the release wrote by hand, by class and name.

    Managers get theirs from QuerySet through from_queryset, which leaves out what is private and
    what is marked with queryset_only.
    """
    models = release_root(version) / "django" / "db" / "models"
    trees = {name: ast.parse((models / f"{name}.py").read_bytes()) for name in {*MODULES.values()}}
    found = {name: async_callables(trees[module], name) for name, module in MODULES.items()}
    found[FUNCTIONS] = _async_callables(trees["query"].body, is_generated=False)
    found["Manager"] |= async_callables(trees["manager"], "BaseManager") | {
        name: written
        for name, written in found["QuerySet"].items()
        if not name.startswith("_") and not written.queryset_only
    }
    return found


@cache
def generated(version: str, handwritten: str) -> dict[str, dict[str, Written]]:
    """What asyncgen makes of the release, by class and name."""
    source = Source(
        sources=("django.db.models.query", "django.db.models.manager"),
        output="replayed/surface.py",
        stubs="none",
        style="subclass",
        classes=tuple(MODULES),
        functions=("prefetch_related_objects",),
        handwritten=handwritten,
        releases=(_release(version),),
    )
    config = _config((source,))
    with unavailable_offline():
        (text,) = build(config).texts.values()
    tree = ast.parse(text)
    made = {name: async_callables(tree, f"{name}Async") for name in MODULES}
    made[FUNCTIONS] = _async_callables(tree.body, is_generated=True)
    return made


@contextmanager
def unavailable_offline() -> Iterator[None]:
    """Skip where a release cannot be fetched; fail where everything is expected to be there."""
    try:
        yield
    except AsyncgenError as error:
        (problem, *_) = error.problems
        if problem.code == "AG106" and not os.environ.get("CI"):
            pytest.skip(problem.message)
        raise


def _config(sources: tuple[Source, ...]) -> Config:
    return Config(ROOT, ROOT / "pyproject.toml", sources)


def _release(version: str) -> Release:
    return Release("Django", version, RELEASES[version])


@cache
def _installed() -> tuple[Path, ...]:
    return environment.site_packages(_config(()))


# -- comparing ----------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Difference:
    """One aspect of one twin in which asyncgen and Django differ."""

    name: str  # QuerySet.aiterator
    aspect: str  # `twin` (is there one), form, parameters or marks
    django: str
    asyncgen: str


def differences(
    django: Mapping[str, Mapping[str, Written]], ours: Mapping[str, Mapping[str, Written]]
) -> Iterator[Difference]:
    for owner in (*MODULES, FUNCTIONS):
        for twin in {**django[owner], **ours[owner]}:
            name = f"{owner}.{twin}"
            theirs, made = django[owner].get(twin), ours[owner].get(twin)
            if theirs is None or made is None:
                yield Difference(name, "twin", _yes(theirs), _yes(made))
                continue
            for aspect in ("form", "parameters", "marks"):
                left, right = getattr(theirs, aspect), getattr(made, aspect)
                if left != right:
                    yield Difference(name, aspect, left, right)


def _yes(twin: Written | None) -> str:
    return "no" if twin is None else "yes"


def listed(version: str) -> set[Difference]:
    """The differences that the table has for a release."""
    series = _series(version)
    return {
        Difference(name, row["aspect"], row["django"], row["asyncgen"])
        for row in TABLE["difference"]
        for name in row["names"]
        if _series(row.get("since", "4.0")) <= series <= _series(row.get("until", "99.0"))
    }


def _series(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def reference(version: str) -> str:
    """The release whose hand-written twins count: its own, for 4.0 those of 4.1."""
    return "4.1.13" if version == "4.0.10" else version


# -- tests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("handwritten", ["keep", "replace"])
def test_django_4_0_yields_exactly_the_names_that_4_1_published(handwritten: str) -> None:
    made = list(generated("4.0.10", handwritten)["QuerySet"])
    assert not any(by_hand("4.0.10").values())
    assert made == [*PUBLISHED_BY_4_1, "__aiter__", "alist"]
    assert list(by_hand("4.1.13")["QuerySet"]) == ["__aiter__", *PUBLISHED_BY_4_1]


@pytest.mark.parametrize("version", RELEASES)
def test_what_is_made_is_what_django_wrote_by_hand_but_for_the_table(version: str) -> None:
    found = set(differences(by_hand(reference(version)), generated(version, "replace")))
    assert found - listed(version) == set(), "not in history.toml"
    assert listed(version) - found == set(), "in history.toml, but no longer so"


@pytest.mark.parametrize("version", ["4.1.13", "6.1.3"])
def test_what_django_wrote_by_hand_is_left_alone_unless_told_otherwise(version: str) -> None:
    kept = generated(version, "keep")
    for owner in ("QuerySet", "Manager"):
        assert kept[owner].keys() & by_hand(version)[owner].keys() <= {"__aiter__"}


def test_every_row_of_the_table_has_a_reason_and_applies_somewhere() -> None:
    for row in TABLE["difference"]:
        assert row.keys() <= {"names", "aspect", "django", "asyncgen", "since", "until", "reason"}
        assert len(row["reason"].split()) >= 5
    applied = {each for version in RELEASES for each in listed(version)}
    assert {each.name for each in applied} == {
        n for row in TABLE["difference"] for n in row["names"]
    }
