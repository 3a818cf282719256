"""How the stub of a class says what the class is generic in: as the source says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asyncgen.analysis.lookups import Lookups
from asyncgen.analysis.variables import type_parameter
from asyncgen.source import Class
from asyncgen.stub.scope import Scope, Where


@dataclass(frozen=True, slots=True)
class Generics:
    """`class X{parameters}(…)`, subscripted as `X{arguments}`; both empty if it is not generic.

    `base` is `Generic[_T]`, where it has no parameters. `substitutes` are what the names of its
    parameters are in the stub.
    """

    parameters: str = ""
    arguments: str = ""
    base: str = ""
    substitutes: Mapping[str, str] = field(default_factory=dict)


def generics(cls: Class, lookups: Lookups, scope: Scope) -> Generics:
    """What `found` is generic in, by type parameters (PEP 695) or by type variables."""
    resolver = lookups.evaluator.resolver
    module = resolver.readable(cls.module)
    if cls.type_parameters and module:
        parameters, where = scope.type_parameters(cls.type_parameters, Where(module, resolver, cls))
        names = [
            _unpacked(where.substitutes[each.name], each.stars) for each in cls.type_parameters
        ]
        return Generics(parameters, f"[{', '.join(names)}]", substitutes=where.substitutes)
    names = [
        _unpacked(scope.variable(alias, home), type_parameter(alias).stars)
        for alias, home in lookups.variables(cls)
    ]
    if not names:
        return Generics()
    arguments = f"[{', '.join(names)}]"
    return Generics(arguments=arguments, base=f"{scope.name('typing', 'Generic')}{arguments}")


def _unpacked(name: str, stars: str) -> str:
    return f"*{name}" if stars == "*" else name
