"""What a name may mean, and what the stages need that ask for it.

Frozen dataclasses; nothing here acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from asyncgen.facts import Expression
from asyncgen.source import Attribute, Class, Function, Module


@dataclass(frozen=True, slots=True)
class ModuleReference:
    """A module, which may or may not be found below the roots."""

    name: str


@dataclass(frozen=True, slots=True)
class External:
    """A name in a module that is not below the roots (the standard library, an extension)."""

    dotted: str


@dataclass(frozen=True, slots=True, eq=False)
class FunctionIn:
    """A module-level function and the module it stands in."""

    function: Function
    module: Module


@dataclass(frozen=True, slots=True, eq=False)
class Alias:
    """A module-level assignment that is not just another name for a class or function."""

    attribute: Attribute
    module: Module


@dataclass(frozen=True, slots=True)
class Missing:
    """A base of a class that cannot be told: what it is imported from is not there, or the class
    is computed while the program runs."""

    owner: Class
    base: str
    is_imported: bool

    @property
    def message(self) -> str:
        why = "which cannot be found" if self.is_imported else "which only running it can tell"
        return f"{self.owner.name} inherits from {self.base}, {why}"


Definition = Class | FunctionIn | ModuleReference | External | Alias


class Names(Protocol):
    """Names across files; see `resolve.Resolver`."""

    def expression(self, module: Module, expression: Expression) -> Definition | None:
        """What a base class expression, an annotation or a decorator means in `module`."""

    def readable(self, dotted: str) -> Module | None:
        """The module of that name, where it can be read."""

    def mro(self, cls: Class) -> tuple[Class, ...]:
        """The classes that attributes of `found` are looked up in."""

    def missing(self, cls: Class) -> tuple[Missing, ...]:
        """The bases, of the class or any it inherits from, that cannot be told."""

    def lookup(self, cls: Class, name: str) -> tuple[Class, Function | Attribute | Class] | None:
        """The class that has `name`, and what it has there."""
