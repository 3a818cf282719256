"""Runs the analysis on sources given as strings; Django's own modules are read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from textwrap import dedent

import django
from asyncgen.analysis import Evaluator
from asyncgen.candidates import Candidate, Rules, candidates
from asyncgen.classify import Classifier
from asyncgen.django.relations import Relations
from asyncgen.read import read_file
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Module
from asyncgen.surface import Decision

SITE_PACKAGES = Path(django.__file__).resolve().parents[1]
PRELUDE = "import contextlib, functools, typing; from django.db import models\n"

_FOLDER = TemporaryDirectory()  # gone when the tests end

Sources = Mapping[str, str]


@cache
def _read(path: Path, name: str) -> Module:
    inside = path.is_relative_to(_FOLDER.name)
    return read_file(path, name, f"{name}.py" if inside else str(path))


def resolver(sources: Sources) -> Resolver:
    """A resolver of the sources, by their module names, and of Django; all sources are read."""
    root = Path(mkdtemp(dir=_FOLDER.name))
    packages = {
        ".".join(name.split(".")[:n]) for name in sources for n in range(1, name.count(".") + 1)
    }
    for name in {*packages, *sources}:
        stem = f"{name.replace('.', '/')}/__init__" if name in packages else name.replace(".", "/")
        path = root / f"{stem}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(sources.get(name, "")), encoding="utf-8")
    made = Resolver((root, SITE_PACKAGES), _read)
    for name in sources:
        made.module(name)
    return made


def classifier(sources: Sources) -> Classifier:
    found = resolver(sources)
    return Classifier(Evaluator(found, Relations(found, found.known)))


def decisions(text: str, rules: Rules | None = None, **more: str) -> dict[str, Decision]:
    """Every decision on the module `shop`: of `Class.method` and `function`."""
    sources = {"shop": PRELUDE + dedent(text), **more}
    made = classifier(sources)
    module = made.evaluator.resolver.module("shop")
    assert module is not None
    rules = rules or Rules()
    found: dict[str, Decision] = {}
    for owner in module.classes.values():
        for candidate in candidates(made.evaluator, owner, inherited=False):
            found[candidate.name] = made.decide(candidate, rules)
    for function in module.functions.values():
        found[function.name] = made.decide(Candidate(function, module), rules)
    return found


def kinds(text: str, rules: Rules | None = None, **more: str) -> dict[str, str]:
    """The kinds that are decided for the module `shop`."""
    return {name: each.kind.value for name, each in decisions(text, rules, **more).items()}


def methods(body: str, base: str = "models.QuerySet") -> dict[str, str]:
    """The kinds of the methods of one class."""
    indented = "\n".join(f"    {line}" for line in dedent(body).strip().splitlines())
    found = kinds(f"class Thing({base}):\n{indented}\n")
    return {name.removeprefix("Thing."): kind for name, kind in found.items()}


def class_named(made: Resolver, module: str, name: str) -> Class:
    found = made.dotted(f"{module}.{name}")
    assert isinstance(found, Class)
    return found
