"""Whatever in Django reaches the database has a twin, or is left out for a reason that is written
down: a new Django that adds something which is neither fails here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import asyncgen_django
import django
from areas import areas, mixins
from asyncgen.analysis import Evaluator
from asyncgen.analysis.values import Bound, Instance, Level
from asyncgen.candidates import Candidate, Rules, candidates
from asyncgen.classify import Classifier
from asyncgen.deep import deeply
from asyncgen.django.relations import Relations
from asyncgen.read import read_file
from asyncgen.resolve import Resolver
from asyncgen.source import Binding, Module
from asyncgen.surface import Kind
from django.db.models import query

ROOT = Path(django.__file__).resolve().parents[1]
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "django-surface.md"


@dataclass(frozen=True)
class LeftOut:
    """A row of left_out.toml."""

    what: str
    why: str
    callables: tuple[str, ...]
    since: tuple[int, ...] = ()


@cache
def rows() -> tuple[LeftOut, ...]:
    text = Path(__file__).with_name("left_out.toml").read_text(encoding="utf-8")
    return tuple(
        LeftOut(each["what"], each["why"], tuple(each["callables"]), tuple(each.get("since", ())))
        for each in tomllib.loads(text)["left_out"]
    )


def read(path: Path, name: str) -> Module:
    return read_file(path, name, str(path.relative_to(ROOT)), keep=True)


@cache
def reaching() -> tuple[str, ...]:
    """The dotted names of all public callables of Django that are seen to query, or have a twin
    that Django wrote by hand, but no twin of ours."""
    resolver = Resolver((ROOT,), read)
    modules = [module for name in names() if (module := resolver.module(name))]
    classifier = Classifier(Evaluator(resolver, Relations(resolver, modules)))
    return deeply(  # as the command does
        lambda: tuple(
            dotted(candidate)
            for module in modules
            for candidate in covered(classifier, module)
            if not has_twin(resolver, candidate) and reaches(classifier, candidate)
        )
    )


def dotted(candidate: Candidate) -> str:
    owner = candidate.surface.dotted if candidate.surface else candidate.module.name
    return f"{owner}.{candidate.function.name}"


def has_twin(resolver: Resolver, candidate: Candidate) -> bool:
    """Whether it has a twin, its own or one that a class which Django derives from its class has;
    or inherits one, which calls what the class has."""
    name = candidate.function.name
    if dotted(candidate) in with_twins() or candidate.surface is None:
        return dotted(candidate) in with_twins()
    order = resolver.mro(candidate.surface)
    return any(f"{known.dotted}.{name}" in with_own_twins() for known in order)


def names() -> Iterator[str]:
    """Django's modules, but for those that only run in tests, migrations or one database."""
    for path in sorted((ROOT / "django").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if not {"conf", "gis", "locale", "migrations", "test"}.intersection(parts) and (
            parts[:3] != ("django", "db", "backends")
        ):
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def covered(classifier: Classifier, module: Module) -> Iterator[Candidate]:
    for owner in module.classes.values():
        if not owner.name.startswith("_"):
            yield from candidates(classifier.evaluator, owner, inherited=False)
    for function in module.functions.values():
        yield Candidate(function, module)


def reaches(classifier: Classifier, candidate: Candidate) -> bool:
    function = candidate.function
    decision = classifier.decide(candidate, Rules())
    if decision.kind is Kind.HANDWRITTEN:
        return True
    is_property = function.binding is Binding.PROPERTY and not function.name.startswith("_")
    if not (decision.kind.has_twin or decision.kind is Kind.HOOK or is_property):
        return False
    receiver = Instance(candidate.surface) if candidate.surface else None
    bound = Bound(function, candidate.module, candidate.owner, receiver)
    outcome = classifier.evaluator.outcome(bound)
    return outcome.effect.level is Level.REACHES


@cache
def with_own_twins() -> frozenset[str]:
    """The dotted names of what has a twin in asyncgen_django."""
    found = set()
    for mixin, source in mixins():
        where = f"{source.__module__}.{source.__qualname__}"
        found |= {f"{where}.{twin.removeprefix('a')}" for twin in vars(mixin)}
    for twins, source in [(asyncgen_django, query), *areas()]:
        found |= {f"{source.__name__}.{twin.removeprefix('a')}" for twin in twins.__all__}
    return frozenset(found)


@cache
def with_twins() -> frozenset[str]:
    """The same, and what of their base classes has one there."""
    found = set(with_own_twins())
    for mixin, source in mixins():
        for base in source.__mro__:
            where = f"{base.__module__}.{base.__qualname__}"
            found |= {f"{where}.{twin.removeprefix('a')}" for twin in vars(mixin)}
    return frozenset(found)


def reason(name: str) -> LeftOut | None:
    return next(
        (row for row in rows() if any(fnmatchcase(name, each) for each in row.callables)), None
    )


def test_what_reaches_the_database_has_a_twin_or_a_reason() -> None:
    assert [name for name in reaching() if not reason(name)] == []


def test_there_is_something_to_look_at() -> None:
    assert {"django.db.transaction.on_commit", "django.db.reset_queries"} < {*reaching()}
    assert "django.db.models.base.Model.full_clean" in with_twins()


def test_no_reason_is_out_of_date() -> None:
    """Each pattern still leaves something out."""
    for row in rows():
        for pattern in row.callables if row.since <= django.VERSION else ():
            assert any(fnmatchcase(name, pattern) for name in reaching()), (row.what, pattern)


def test_every_reason_is_in_the_documentation() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for row in rows():
        assert f"| {row.what} | {row.why} |" in text
