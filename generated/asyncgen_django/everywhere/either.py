"""Django's own twin or the generated one, by the class that it is looked up in."""

from __future__ import annotations

from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary


class Either:
    """What stands on a class of Django's for a twin that Django wrote itself.

    Where a class overrides nothing of Django's, both twins do the same, and Django's stays: it may
    know better than to take one hop, as that of Django 6.1 which hashes a password on another
    thread than the one that queries. Where a class overrides something, the twin is the generated
    one, which runs the sync method.
    """

    def __init__(self, own: Any, twin: Any) -> None:
        """Both are as they stand in a class: functions or class methods."""
        vars(self).update(vars(twin))  # alters_data: Django looks for it right in the class
        self.own = own
        self.twin = twin

    def __get__(self, instance: object | None, owner: type) -> Any:
        return (self.twin if overrides(owner) else self.own).__get__(instance, owner)


def overrides(found: type) -> bool:
    """Whether `found` has a method or property of its own where a base that is Django's has one.

    Special methods do not count: `__str__` and its like query nothing in Django.
    """
    known = _known.get(found)
    if known is None:
        known = _known[found] = not _behaviour(found, False).isdisjoint(_behaviour(found, True))
    return known


_known: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


def _behaviour(found: type, is_djangos: bool) -> set[str]:
    """The methods and properties of the bases that are Django's, or of those that are not."""
    return {
        name
        for base in found.__mro__
        if (base.__module__.partition(".")[0] == "django") is is_djangos
        for name, each in vars(base).items()
        if isinstance(each, (FunctionType, classmethod, staticmethod, property, Either))
        and not name.startswith("__")
    }
