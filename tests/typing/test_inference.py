"""Inferred return types, against what a reader of real packages wrote down."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from asyncgen.analysis import Evaluator, Spelling
from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.analysis.types import text
from asyncgen.annotation import parse_annotation
from asyncgen.config import Config
from asyncgen.django.relations import Relations
from asyncgen.environment import site_packages
from asyncgen.facts import Display, Expression, Item, Name, Operation
from asyncgen.read import read_file
from asyncgen.resolve import Resolver
from asyncgen.source import Module
from asyncgen.surface import Decision, Kind

from tests.projects.download import HERE, Package, packages, roots

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """What was inferred (None: unknown) where a reader says `label`."""

    package: str
    name: str
    label: str
    inferred: str | None

    @property
    def is_right(self) -> bool:
        return self.inferred is not None and agrees(self.label, self.inferred)


def agrees(label: str, inferred: str) -> bool:
    """Whether the types are the same. `Any` in the label is anything narrower, `Model` any model,
    and `narrow` the queryset's own class."""
    if label == "narrow":
        return inferred == "Self"
    return _agree(parse_annotation(label), parse_annotation(inferred))


def _agree(label: Expression | None, inferred: Expression | None) -> bool:
    if Name("Any") in (label, inferred):
        return True  # in a container: `Any` itself is unknown
    match label, inferred:
        case Name("Model"), Name():
            return True
        case Item(one, first), Item(other, second):
            return one == other and _agree(first, second)
        case Display(_, parts), Display(_, others):
            return len(parts) == len(others) and all(map(_agree, parts, others))
        case Operation("|", parts), Operation("|", others):
            return len(parts) == len(others) and all(map(_agree, parts, others))
    return label == inferred


def answers(package: Package) -> Iterator[Answer]:
    spelling, cases = labelled(package)
    for name, label, decision, module in cases:
        found = spelling.returns(decision, module)
        yield Answer(package.name, name, label, None if found is None else text(found))


Case = tuple[str, str, Decision, Module]  # the callable's name, what a reader says that it returns


def labelled(package: Package) -> tuple[Spelling, list[Case]]:
    """What is proved of a package, and its callables that have a label."""
    with (HERE / "labels" / f"{package.name}.toml").open("rb") as file:
        labels = {e["name"]: e["returns"] for e in tomllib.load(file)["callable"] if "returns" in e}
    site = site_packages(Config(ROOT, ROOT / "pyproject.toml", ()))
    resolver = Resolver((*roots(package), *site), _read)
    modules = [module for name in package.modules if (module := resolver.readable(name))]
    stubs = DjangoStubs.find(site, _read)
    spelling = Spelling(Evaluator(resolver, Relations(resolver, modules), django=stubs))
    return spelling, [(name, label, *_callable(resolver, name)) for name, label in labels.items()]


def _read(path: Path, name: str) -> Module:
    return read_file(path, name, str(path))


def _callable(resolver: Resolver, name: str) -> tuple[Decision, Module]:
    owner, _, last = name.rpartition(".")
    module = resolver.readable(owner)
    if module:
        return Decision(module.functions[last], None, Kind.VALUE, ()), module
    owner, _, found = owner.rpartition(".")
    module = resolver.readable(owner)
    assert module, name
    known = module.classes[found]
    return Decision(known.functions[last], known, Kind.VALUE, ()), module


@cache
def everything() -> tuple[Answer, ...]:
    return tuple(answer for package in packages().values() for answer in answers(package))


def test_no_inferred_type_is_wrong() -> None:
    wrong = [each for each in everything() if each.inferred is not None and not each.is_right]
    assert wrong == []


@pytest.mark.parametrize("heldout", [False, True])
def test_most_are_known(heldout: bool) -> None:
    names = {package.name for package in packages().values() if package.heldout == heldout}
    found = [each for each in everything() if each.package in names]
    known = [each for each in found if each.is_right]
    assert len(found) >= 60
    assert len(known) / len(found) >= 0.85, f"{len(known)} of {len(found)}"


if __name__ == "__main__":
    for answer in everything():
        if not answer.is_right:
            print(f"{answer.name}: {answer.inferred or 'unknown'}, labelled {answer.label}")
    right = sum(answer.is_right for answer in everything())
    print(f"{right} of {len(everything())} known")
