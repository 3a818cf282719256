"""What goes beside a surface: its stub, its static managers, and the stub of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from asyncgen.source import Class
from asyncgen.stub.maker import StubMaker
from asyncgen.stub.statics import ManagerStubs, StaticManagers
from asyncgen.stub.surface import surface_stub
from asyncgen.surface import ManagerModule, Mixin, Mixins, StubFunction, StubModule, Surface

NONE, BESIDE = "none", "beside"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the companions of one surface go; None where they are not wanted."""

    stubs: str  # beside, none, or a folder
    managers: str | None
    managers_module: str
    maker: StubMaker
    role: Callable[[Class], str]

    def stub_path(self, path: str) -> str | None:
        """Where the stub of the module at `path` goes."""
        name = PurePosixPath(path).with_suffix(".pyi")
        if self.stubs == NONE:
            return None
        return name.as_posix() if self.stubs == BESIDE else f"{self.stubs}/{name.name}"


def mixins_of(surfaces: Iterable[Surface]) -> Mixins:
    """The mixin of every class that the surfaces cover; of one that two sources cover, that which
    it inherits, and not that of its subclass."""
    mixins = [Mixin(surface.module, each) for surface in surfaces for each in surface.classes]
    mixins.sort(key=lambda mixin: mixin.surface_class.subclass is None)
    return {each.surface_class.source: each for each in mixins}


@dataclass(frozen=True, slots=True)
class Companions:
    """A surface, told whether it has a stub, and what goes beside it."""

    surface: Surface
    stubs: tuple[StubModule, ...] = ()
    managers: ManagerModule | None = None


def types(stubs: Iterable[StubModule]) -> dict[int, StubFunction]:
    """The stub of each twin (the last of its overloads), by the identity of its decision."""
    return {
        id(function.decision): function
        for stub in stubs
        for function in (*stub.functions, *(f for each in stub.classes for f in each.functions))
        if function.decision
    }


def companions(surface: Surface, plan: Plan, mixins: Mixins) -> Companions:
    """Make what `plan` asks for."""
    stubs: list[StubModule] = []
    path = plan.stub_path(surface.path)
    if path:
        stubs.append(surface_stub(plan.maker, surface, path))
        surface = replace(surface, has_stub=True)
    managers = None
    if plan.managers:
        finder = StaticManagers(plan.maker.resolver, plan.role, mixins)
        managers = finder.module(surface, plan.managers, plan.managers_module)
    if managers:
        managers_path = plan.stub_path(managers.path)
        if managers_path:
            stubs.append(ManagerStubs(plan.maker, mixins).stub(managers, managers_path))
            managers = replace(managers, has_stub=True)
    return Companions(surface, tuple(stubs), managers)
