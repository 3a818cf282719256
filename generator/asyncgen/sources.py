"""The modules that were read as sources, and how the classes in them stand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from asyncgen.resolve import Resolver
from asyncgen.source import Attribute, Class, Function, Module


@dataclass
class Sources:
    """Looks up which classes of the sources inherit from one, and what they override."""

    resolver: Resolver
    sources: Sequence[Module]
    _overriding: dict[tuple[Class, str], list[tuple[Class, Function, Class]]] = field(
        init=False, default_factory=dict
    )
    _below: dict[Class, list[Class]] | None = field(init=False, default=None)
    _functions: dict[str, list[tuple[Class, Function]]] | None = field(init=False, default=None)
    _attributes: dict[str, list[tuple[Class, Attribute]]] | None = field(init=False, default=None)

    def is_source(self, module: str) -> bool:
        """Whether the module is one of those whose surface is made."""
        return module in self._source_names

    @cached_property
    def _source_names(self) -> frozenset[str]:
        return frozenset(each.name for each in self.sources)

    @cached_property
    def around(self) -> tuple[Module, ...]:
        """The sources, and the modules of what their classes inherit from."""
        inherited = (
            self.resolver.readable(known.module)
            for module in self.sources
            for cls in module.classes.values()
            for known in self.resolver.mro(cls)
        )
        return tuple(dict.fromkeys((*self.sources, *filter(None, inherited))))

    def overriding(self, cls: Class, name: str) -> list[tuple[Class, Function, Class]]:
        """The functions of that name that come before the one of `cls` in a class of the sources
        below it, each with the class that defines it and the one below."""
        if (cls, name) not in self._overriding:
            self._overriding[cls, name] = [
                (each, function, user)
                for each, function in self.methods(name)
                if each is not cls and (user := self._before(each, cls))
            ]
        return self._overriding[cls, name]

    def _before(self, each: Class, cls: Class) -> Class | None:
        """A class of the sources in which `each` comes before `cls`: a class below it, or what a
        mixin is mixed into."""
        if cls in self.resolver.mro(each):
            return each
        for user in self.below(each):
            order = self.resolver.mro(user)
            if cls in order and order.index(each) < order.index(cls):
                return user
        return None

    def below(self, cls: Class) -> list[Class]:
        """The classes of the sources below a class."""
        if self._below is None:
            self._below = {}
            for module in self.sources:
                for user in module.classes.values():
                    for known in self.resolver.mro(user)[1:]:
                        self._below.setdefault(known, []).append(user)
        return self._below.get(cls, [])

    def methods(self, name: str) -> list[tuple[Class, Function]]:
        """The functions of that name in the classes of the sources."""
        if self._functions is None:
            self._functions = {}
            for module in self.sources:
                for each in module.classes.values():
                    for function in each.functions.values():
                        self._functions.setdefault(function.name, []).append((each, function))
        return self._functions.get(name, [])

    def declared_below(self, cls: Class, name: str) -> list[tuple[Class, Attribute]]:
        """The attribute as the classes of the sources that inherit from `cls` declare it."""
        if self._attributes is None:
            self._attributes = {}
            for module in self.sources:
                for each in module.classes.values():
                    for attribute in each.attributes.values():
                        self._attributes.setdefault(attribute.name, []).append((each, attribute))
        return [
            (each, attribute)
            for each, attribute in self._attributes.get(name, ())
            if self._before(each, cls)
        ]
