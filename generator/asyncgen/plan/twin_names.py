"""Names of twins that cannot be: no identifiers, given twice, or taken in the class already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from keyword import iskeyword

from asyncgen.analysis import Evaluator
from asyncgen.classify import may_be_twin
from asyncgen.problems import Location, Problem
from asyncgen.source import Attribute, Binding, Class, Function
from asyncgen.surface import Surface, SurfaceClass, Twin


def misnamed(surface_class: SurfaceClass, evaluator: Evaluator) -> Iterator[Problem]:
    """The twins of a class whose names are none, or hide what the class has."""
    counted = Counter([*(twin.name for twin in surface_class.twins), *surface_class.protocol])
    for twin in surface_class.twins:
        what = _unusable(twin.name) or taken(surface_class.source, twin.name, evaluator)
        if what is None and counted[twin.name] > 1:
            what = "the name of another twin of the class"
        if what:
            yield _problem(twin, f"{surface_class.source.path}.{twin.source}", what)


def misnamed_in_module(surface: Surface) -> Iterator[Problem]:
    """The functions and classes of a module whose names are none, or the same."""
    counted = Counter(
        [
            *(twin.name for twin in surface.functions),
            *(each.name for each in surface.classes),
            *(each.subclass.name for each in surface.classes if each.subclass),
        ]
    )
    for twin in surface.functions:
        what = _unusable(twin.name)
        if what is None and counted[twin.name] > 1:
            what = f"there twice in {surface.path}"
        if what:
            yield _problem(twin, twin.source, what)
    for each in surface.classes:
        if counted[each.name] > 1:
            said = f"{each.source.dotted}: what is made of it is called {each.name}"
            hint = "rename the class, or give its source another `output`"
            message = f"{said}, as another class or function in {surface.path} is"
            yield Problem("AG306", message, hint, each.source.location)


def _unusable(name: str) -> str | None:
    return None if name.isidentifier() and not iskeyword(name) else "no name in Python"


def _problem(twin: Twin, name: str, what: str) -> Problem:
    location: Location | None = twin.decision.function.location
    return Problem(
        "AG306",
        f"{twin.module}.{name}: its twin would be called {twin.name}, which is {what}",
        f'give it another name, such as rename = {{ "{name}" = "{twin.source}_async" }}, or none '
        "with `# asyncgen: skip`",
        location,
    )


def taken(cls: Class, name: str, evaluator: Evaluator) -> str | None:
    """What the class, or an instance of it, has by the name that is no twin; None for nothing."""
    has = evaluator.lookup(cls, name)
    if has is None:
        if evaluator.relations.reverse(evaluator.resolver.mro(cls), name):
            return "the other end of a relation"
        if name.endswith("_id") and evaluator.role(cls) == "model":
            has = evaluator.lookup(cls, name.removesuffix("_id"))
            return "the key of a relation" if has and isinstance(has[1], Attribute) else None
        is_set = evaluator.assigners(cls, name)
        return f"set by {cls.name}.{is_set[0][0].name}" if is_set else None
    where, what = has
    match what:
        case Class():
            return f"a class in {where.name}"
        case Function(binding=Binding.PROPERTY):
            return f"a property of {where.name}"
        case Function():
            return None if may_be_twin(evaluator, what, where) else f"a method of {where.name}"
        case Attribute():
            return f"a field or attribute of {where.name}" if what.value else None
