"""A driver's module with another way to connect."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType


class Driver:
    """Everything that a DB-API module has, its errors above all, but for `connect`."""

    def __init__(self, module: ModuleType, connect: Callable[..., object]) -> None:
        self.connect = connect
        self._module = module

    def __getattr__(self, name: str) -> object:
        return getattr(self._module, name)
