"""What is changed, and changing it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from inspect import iscoroutinefunction
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import asgiref.sync
import asyncgen_runtime
from django.apps import apps
from django.db import models
from django.db.models import manager, query
from django.db.models.manager import Manager
from django.db.models.query import QuerySet, RawQuerySet

import asyncgen_django
from asyncgen_django.everywhere.either import Either

NEW = "new, beside Django's"
REPLACED = "replaces Django's"
OVERRIDDEN = "replaces Django's, for classes that override something"

BRIDGE = "sync_to_async"
# Their twins do more than Django's: they look into the result cache, and read chunk by chunk.
ALWAYS = (QuerySet, RawQuerySet, Manager)
# What belongs to the mixin, not to its twins.
OWN = frozenset({"__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__name__"})
OWN |= {"__class_getitem__", "__firstlineno__", "__static_attributes__", "__annotations__"}


class Change(NamedTuple):
    """A name that was set: its class or module, and how it stands to what Django has there."""

    where: str
    name: str
    how: str


_changes: list[Change] = []


def install() -> None:
    """Put the twins onto Django's classes and modules, once."""
    if _changes:
        return
    for target, names in targets():
        where = target.__name__
        if isinstance(target, type):
            where = f"{target.__module__}.{target.__qualname__}"
        for name, twin in names.items():
            how, value = _beside(target, vars(target).get(name), twin)
            _changes.append(Change(where, name, how))
            setattr(target, name, value)
            if how is OVERRIDDEN:
                _guard(sys.modules[target.__module__])


def _beside(target: type | ModuleType, own: object, twin: object) -> tuple[str, object]:
    """What is set where Django has `own`, or nothing, and what is said of it."""
    if own is None:
        return NEW, twin
    is_class = isinstance(target, type) and target not in ALWAYS
    if is_class and _is_coroutine(own) and _is_coroutine(twin):
        return OVERRIDDEN, Either(own, twin)
    return REPLACED, twin


def _guard(module: ModuleType) -> None:
    """Django's twins that stay make a RuntimeError of a StopIteration, too: else it would hang."""
    if vars(module).get(BRIDGE) is asgiref.sync.sync_to_async:
        setattr(module, BRIDGE, asyncgen_runtime.sync_to_async)
        _changes.append(Change(module.__name__, BRIDGE, REPLACED))


def join_copies() -> None:
    """Make coroutine functions of the twins that Django has copied onto the project's managers, in
    `as_manager()` and `from_queryset()`: its copies only return what those of the queryset do."""
    for cls in _below(Manager):
        for name, copy in list(vars(cls).items()):
            twin = getattr(copy, "__wrapped__", None)
            is_djangos = getattr(copy, "__globals__", None) is vars(manager)
            if is_djangos and iscoroutinefunction(twin) and not iscoroutinefunction(copy):
                setattr(cls, name, _joined(name, twin))


def _joined(name: str, twin: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    @wraps(twin)
    async def joined(self: Manager[models.Model], *args: object, **kwargs: object) -> object:
        return await getattr(self.get_queryset(), name)(*args, **kwargs)

    return joined


def _below(cls: type) -> Iterator[type]:
    for each in cls.__subclasses__():
        yield each
        yield from _below(each)


def _is_coroutine(found: object) -> bool:
    return iscoroutinefunction(getattr(found, "__func__", found))  # of a class method


def changes() -> tuple[Change, ...]:
    """What `install` changed."""
    return tuple(sorted(_changes))


def targets() -> Iterator[tuple[type | ModuleType, dict[str, object]]]:
    """Each class and module of Django that gets twins, and these."""
    yield QuerySet, _twins(asyncgen_django.QuerySetAsync)
    yield RawQuerySet, _twins(asyncgen_django.RawQuerySetAsync)
    yield Manager, _twins(asyncgen_django.ManagerAsync)
    functions = {
        name: getattr(asyncgen_django, name)
        for name in asyncgen_django.__all__
        if not name.endswith("Async") and not name.startswith("Async")
    }
    yield query, functions
    yield models, functions  # which has them from there
    for below in _areas():
        twins = importlib.import_module(f"asyncgen_django.{below}")
        source = importlib.import_module(f"django.{below}")
        functions = {}
        for name in twins.__all__:
            if name.endswith("Async"):
                yield getattr(source, name.removesuffix("Async")), _twins(getattr(twins, name))
            elif not name.startswith("Async"):
                functions[name] = getattr(twins, name)
        if functions:
            yield source, functions


def _areas() -> Iterator[str]:
    """The modules of twins, without those of apps that are not installed."""
    root = Path(next(iter(asyncgen_django.__path__)))
    for path in sorted(root.rglob("v*_*.py")):
        parts = path.parent.relative_to(root).parts
        wanted = parts and (
            parts[0] != "contrib" or apps.is_installed(f"django.contrib.{parts[1]}")
        )
        if wanted and path == min(path.parent.glob("v*_*.py")):
            yield ".".join(parts)


def _twins(mixin: type) -> dict[str, object]:
    return {name: each for name, each in vars(mixin).items() if name not in OWN}
