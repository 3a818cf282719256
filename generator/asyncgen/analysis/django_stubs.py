"""django-stubs, read like any other source: what Django's own callables take and return."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from asyncgen.definitions import FunctionIn
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Function, Module

FOLDER = "django-stubs"


class StubResolver(Resolver):
    """Finds the modules of `django` as the .pyi files of django-stubs."""

    def _candidates(self, dotted: str) -> Iterator[Path]:
        package, *parts = dotted.split(".")
        if package != "django":
            return
        for root in self.roots:
            base = root.joinpath(*parts)
            yield from (base / "__init__.pyi", base.with_name(base.name + ".pyi"))


@dataclass(frozen=True, slots=True)
class Stubbed:
    """A callable of Django as django-stubs declares it; `owner` is the class it stands in."""

    function: Function
    module: Module
    owner: Class | None = None


@dataclass
class DjangoStubs:
    """Looks callables up by the dotted names of Django's source."""

    resolver: StubResolver
    _methods: dict[tuple[str, str], Stubbed | None] = field(default_factory=dict)

    @classmethod
    def find(
        cls, places: Iterable[Path], read: Callable[[Path, str], Module]
    ) -> DjangoStubs | None:
        """The django-stubs of the first place that has them."""
        for place in places:
            if (place / FOLDER / "__init__.pyi").is_file():
                return cls(StubResolver((place / FOLDER,), read))
        return None

    def klass(self, dotted: str) -> Class | None:
        definition = self.resolver.dotted(dotted)
        return definition if isinstance(definition, Class) else None

    def method(self, dotted: str, name: str) -> Stubbed | None:
        """The method `name` of the class `dotted`, its own or an inherited one."""
        key = (dotted, name)
        if key not in self._methods:
            self._methods[key] = self._method(dotted, name)
        return self._methods[key]

    def _method(self, dotted: str, name: str) -> Stubbed | None:
        cls = self.klass(dotted)
        known = self.resolver.lookup(cls, name) if cls else None
        if known is None or not isinstance(known[1], Function):
            return None
        module = self.resolver.readable(known[0].module)
        return Stubbed(known[1], module, known[0]) if module else None

    def function(self, dotted: str) -> Stubbed | None:
        """The module-level function `dotted`, through re-exports."""
        definition = self.resolver.dotted(dotted)
        if isinstance(definition, FunctionIn):
            return Stubbed(definition.function, definition.module)
        return None
