"""Who is decided on: the callables of a surface, and what the configuration says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from asyncgen.analysis import Evaluator
from asyncgen.analysis.values import Bound, Instance, Unknown
from asyncgen.annotation import dotted_name
from asyncgen.facts import Call, Get, Name
from asyncgen.globs import MAGIC
from asyncgen.source import Binding, Class, Function, Module, Signature


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says of a source's callables."""

    prefix: str = "a"
    rename: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    replace_handwritten: bool = False
    makes_proxies: bool = False  # a model's twins are those of a proxy of it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A callable to decide on: where it stands, and the class whose surface it belongs to."""

    function: Function
    module: Module
    owner: Class | None = None  # the class that defines it
    surface: Class | None = None  # the class that gets the twin

    @property
    def name(self) -> str:
        return f"{self.surface.path}.{self.function.name}" if self.surface else self.function.name


def is_asked_for(candidate: Candidate, rules: Rules) -> bool:
    """Whether `include` names the callable."""
    return first_match(candidate, rules.include) is not None


def matching(candidate: Candidate, patterns: Iterable[str]) -> Iterator[str]:
    """The patterns that name the callable: by `name`, `Class.name` or `module.Class.name`; where
    the class stands in another, by `Outer.Class.name` too."""
    name, own = candidate.name, candidate.function.name
    names = {own, name, f"{candidate.module.name}.{name}", ".".join(name.split(".")[-2:])}
    for pattern in patterns:
        is_glob = not MAGIC.isdisjoint(pattern)
        if pattern in names or (is_glob and any(fnmatchcase(each, pattern) for each in names)):
            yield pattern


def first_match(candidate: Candidate, patterns: Iterable[str]) -> str | None:
    """The first of the patterns that names the callable."""
    return next(matching(candidate, patterns), None)


def candidates(evaluator: Evaluator, surface: Class, *, inherited: bool) -> Iterator[Candidate]:
    """The callables of a class's surface: its own, those that from_queryset copies into it, and
    those that Django makes of its fields; with `inherited` also what its bases have, down to
    Django's."""
    resolver = evaluator.resolver
    seen: set[str] = set()
    for index, owner in enumerate(resolver.mro(surface)):
        is_own = index == 0 or owner.queryset is not None
        of_django = owner.module.startswith("django.") and not surface.module.startswith("django.")
        if of_django or not (is_own or inherited):
            continue
        module = resolver.readable(owner.module)
        if module is None:
            continue
        functions = {**owner.functions, **evaluator.made_by_django(owner)}
        functions |= {each.name: each for each in untold(evaluator, owner, surface)}
        for name, function in functions.items():
            if name not in seen and not function.is_type_only:
                seen.add(name)
                yield Candidate(function, module, owner, surface)


def untold(evaluator: Evaluator, owner: Class, surface: Class) -> Iterator[Function]:
    """What a queryset or manager class assigns that may be a method, for all that can be told."""
    if evaluator.role(surface) not in ("queryset", "manager"):
        return
    for name, attribute in owner.attributes.items():
        value = attribute.value
        if name in owner.functions or not isinstance(value, Call | Name | Get):
            continue
        held = evaluator.class_level(owner, attribute, Instance(surface))
        if any(isinstance(each, Unknown | Bound) for each in held):
            text = dotted_name(value.function if isinstance(value, Call) else value) or "…"
            call = "(…)" if isinstance(value, Call) else ""
            said = f"is assigned {text}{call}, which only running it can tell; a `def` has a twin"
            yield Function(
                name, Signature(()), attribute.location, binding=Binding.METHOD, untold=said
            )
