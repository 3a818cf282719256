"""The modules that were read as sources, and how the classes in them stand to each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from asyncgen.facts import Expression, Get
from asyncgen.resolve import Resolver
from asyncgen.source import Attribute, Class, Function, Module

_Key = TypeVar("_Key")
_Item = TypeVar("_Item")


@dataclass
class Sources:
    """Looks up which classes of the sources inherit from one, and what they override."""

    resolver: Resolver
    sources: Sequence[Module]
    # By the class that all of them come before, then by name.
    _overriding: dict[Class, dict[str, list[tuple[Class, Function, Class]]]] = field(
        init=False, default_factory=dict
    )
    _declared: dict[Class, dict[str, list[tuple[Class, Attribute]]]] = field(
        init=False, default_factory=dict
    )

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
        if cls not in self._overriding:
            self._overriding[cls] = _grouped(
                (function.name, (each, function, user))
                for each, user in self._up_to(cls)
                if each is not cls
                for function in each.functions.values()
            )
        return self._overriding[cls].get(name, [])

    def declared_below(self, cls: Class, name: str) -> list[tuple[Class, Attribute]]:
        """The attribute as the classes of the sources that inherit from `cls` declare it."""
        if cls not in self._declared:
            self._declared[cls] = _grouped(
                (attribute.name, (each, attribute))
                for each, _ in self._up_to(cls)
                for attribute in each.attributes.values()
            )
        return self._declared[cls].get(name, [])

    def _up_to(self, cls: Class) -> list[tuple[Class, Class]]:
        """The classes of the sources that are looked in no later than `cls`: itself, those below
        it, and mixins of those. Each with one in which it is so: itself, if it can be."""
        found: dict[Class, Class] = {}
        for user in (cls, *self.below(cls)):
            order = self.resolver.mro(user)
            for mixin in order[1 : order.index(cls)]:
                found.setdefault(mixin, user)
            found[user] = user
        known = sorted(found.keys() & self._classes.keys(), key=self._classes.__getitem__)
        return [(each, found[each]) for each in known]

    def below(self, cls: Class) -> list[Class]:
        """The classes of the sources below a class."""
        return self._below.get(cls, [])

    def methods(self, name: str) -> list[tuple[Class, Function]]:
        """The functions of that name in the classes of the sources."""
        return self._methods.get(name, [])

    @cached_property
    def patches(self) -> Mapping[str, list[tuple[Expression, Expression, Module]]]:
        """What modules of the sources set on what is there, `Class.name = value`, by the name."""
        return _grouped(
            (target.name, (target.value, each.value, module))
            for module in self.sources
            for each in module.patches
            for target in each.targets
            if isinstance(target, Get)
        )

    @cached_property
    def _classes(self) -> dict[Class, int]:
        """The classes of the sources, with their places among them."""
        classes = (each for module in self.sources for each in module.classes.values())
        return {each: place for place, each in enumerate(classes)}

    @cached_property
    def _below(self) -> dict[Class, list[Class]]:
        return _grouped(
            (known, user) for user in self._classes for known in self.resolver.mro(user)[1:]
        )

    @cached_property
    def _methods(self) -> dict[str, list[tuple[Class, Function]]]:
        return _grouped(
            (function.name, (each, function))
            for each in self._classes
            for function in each.functions.values()
        )


def _grouped(pairs: Iterable[tuple[_Key, _Item]]) -> dict[_Key, list[_Item]]:
    found: dict[_Key, list[_Item]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return found
