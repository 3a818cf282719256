"""What asyncgen_django has, found by looking."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import asyncgen_django


def areas() -> Iterator[tuple[ModuleType, ModuleType]]:
    """Each module of twins, and the module of Django that it belongs to."""
    root = Path(next(iter(asyncgen_django.__path__)))
    for path in sorted(root.rglob("__init__.py")):
        below = path.parent.relative_to(root).parts
        if below and below[0] != "everywhere":
            twins = importlib.import_module(".".join(("asyncgen_django", *below)))
            yield twins, importlib.import_module(".".join(("django", *below)))


def mixins() -> Iterator[tuple[type, type]]:
    """Each class of twins, and the class of Django that it belongs to."""
    from django.db.models.manager import Manager
    from django.db.models.query import QuerySet, RawQuerySet

    yield asyncgen_django.QuerySetAsync, QuerySet
    yield asyncgen_django.RawQuerySetAsync, RawQuerySet
    yield asyncgen_django.ManagerAsync, Manager
    for twins, source in areas():
        for name in twins.__all__:
            if name.endswith("Async"):
                yield getattr(twins, name), getattr(source, name.removesuffix("Async"))
