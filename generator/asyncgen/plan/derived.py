"""The subclass style: which classes get an async class, and what evaluating one gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from asyncgen.resolve import Resolver
from asyncgen.source import Class


@dataclass
class Derived:
    """In the subclass style: the async class of each class that a source covers."""

    resolver: Resolver
    style: str
    modules: dict[Class, str] = field(default_factory=dict)
    _made: dict[Class, Class] = field(default_factory=dict)

    def add(self, found: Class, output_module: str) -> None:
        self.modules[found] = output_module
        self._made.clear()

    def name(self, found: Class) -> str:
        """The dotted name of the async class."""
        return f"{self.modules[found]}.Async{found.name}"

    def of(self, found: Class) -> Class:
        """The class that `Async…` is, as an evaluator sees it."""
        if found not in self._made:
            base = found
            queryset = queryset_of(self.resolver, found)
            if queryset in self.modules:
                module = self.resolver.readable(found.module)
                assert module is not None, found.module
                base = self.resolver.manager_of(found, self.of(queryset), module)
            self._made[found] = self.resolver.derive(base, f"Async{found.name}")
        return self._made[found]


def queryset_of(resolver: Resolver, manager: Class) -> Class | None:
    """The queryset class whose methods a manager class copies."""
    return next((known.queryset for known in resolver.mro(manager) if known.queryset), None)
