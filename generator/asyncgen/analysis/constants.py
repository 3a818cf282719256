"""What constants of modules and classes hold, and the members of enumerations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asyncgen.analysis.core import Core
from asyncgen.analysis.growth import bounded
from asyncgen.analysis.types import INT, STR, Known, Types, all_of, builtin
from asyncgen.facts import Display, Expression, Literal, Name, Operation
from asyncgen.source import Attribute, Class

# Of which type the values of members are. https://docs.djangoproject.com/en/stable/ref/models/fields/
_VALUES = {
    "django.db.models.enums.IntegerChoices": INT,
    "django.db.models.enums.TextChoices": STR,
    "enum.IntEnum": INT,
    "enum.StrEnum": STR,
}
_PLAIN = frozenset({"bool", "bytes", "float", "int", "str"})


def _unnamed(name: str) -> Types | None:
    return None


def constant_types(
    expression: Expression | None, named: Callable[[str], Types | None] = _unnamed
) -> Types | None:
    """The types of an expression that is made of constants; None where it is not, or nothing is in
    it yet. `named` tells what other names hold."""
    match expression:
        case Literal(type=type_):
            return builtin(type_) if type_ in _PLAIN else None
        case Operation(operator="-", operands=(Literal(type="int" | "float" as type_),)):
            return builtin(type_)
        case Name(id=name):
            return named(name)
        case Display(type=type_, elements=elements) if elements:
            parts = [constant_types(each, named) for each in elements]
            if any(each is None for each in parts):
                return None
            if type_ == "tuple":
                return builtin("tuple", *(each or frozenset() for each in parts))
            if type_ == "dict":
                return builtin("dict", *(bounded(all_of(parts[n::2])) for n in (0, 1)))
            return builtin(type_, bounded(all_of(parts)))
    return None


@dataclass(frozen=True)
class Constants:
    """Looks constants of classes up."""

    evaluator: Core

    def held(self, cls: Class, where: Class, attribute: Attribute) -> Types | None:
        """What the attribute of a class is assigned; classes below it may assign something else."""
        own = self._assigned(where, attribute)
        below = self.evaluator.relations.declared_below(cls, attribute.name)
        return all_of((own, *(self._assigned(each, other) for each, other in below)))

    def of_class(self, cls: Class, name: str) -> Types | None:
        """What `Class.name` holds."""
        values = self._values(cls)
        if name == "names" and values is not None and self._is_choices(cls):
            return builtin("list", STR)
        if name == "values" and values is not None and self._is_choices(cls):
            return builtin("list", values)
        member = self.evaluator.lookup(cls, name)
        if not member or not isinstance(member[1], Attribute):
            return None
        if values is not None or self.evaluator.is_enumeration(cls):
            is_member = member[0] is cls and not name.startswith("_")
            return frozenset({Known(cls.module, cls.qualname)}) if is_member else None
        return self.held(cls, member[0], member[1])

    def names_of_members(self, cls: Class) -> tuple[str, ...]:
        """The attributes that each member of an enumeration has."""
        return ("name", "value") if self._values(cls) is not None else ()

    def of_member(self, cls: Class, name: str) -> Types | None:
        return STR if name == "name" else self._values(cls)

    def _assigned(self, where: Class, attribute: Attribute) -> Types | None:
        def named(name: str) -> Types | None:
            other = where.attributes.get(name)
            return constant_types(other.value) if other and name != attribute.name else None

        return constant_types(attribute.value, named)

    def _values(self, cls: Class) -> Types | None:
        """The type of the values of an enumeration."""
        found = (_VALUES.get(name) for name in self._names(cls))
        return next((each for each in found if each is not None), None)

    def _is_choices(self, cls: Class) -> bool:
        return any(name.startswith("django.db.models.enums.") for name in self._names(cls))

    def _names(self, cls: Class) -> list[str]:
        resolver = self.evaluator.resolver
        return [*(known.dotted for known in resolver.mro(cls)), *resolver.outer_bases(cls)]
