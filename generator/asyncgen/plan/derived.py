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

    def add(self, cls: Class, output_module: str) -> None:
        self.modules[cls] = output_module
        self._made.clear()

    def name(self, cls: Class) -> str:
        """The dotted name of the async class."""
        return f"{self.modules[cls]}.Async{cls.name}"

    def of(self, cls: Class) -> Class:
        """The class that `Async…` is, as an evaluator sees it."""
        if cls not in self._made:
            base = cls
            queryset = queryset_of(self.resolver, cls)
            if queryset in self.modules:
                module = self.resolver.readable(cls.module)
                assert module is not None, cls.module
                base = self.resolver.manager_of(cls, self.of(queryset), module)
            self._made[cls] = self.resolver.derive(base, f"Async{cls.name}")
        return self._made[cls]


def queryset_of(resolver: Resolver, manager: Class) -> Class | None:
    """The queryset class whose methods a manager class copies."""
    return next((known.queryset for known in resolver.mro(manager) if known.queryset), None)
