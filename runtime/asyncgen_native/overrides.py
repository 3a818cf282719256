"""Whether a method of Django's runs nothing of other people's on its way.

Django's `get_or_create` calls `create`, which calls the model's `save`, which sends signals, and
asks each field for its value: any of these may be somebody else's, and wait for whatever it likes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import SynchronousOnlyOperation
from django.db.models import CASCADE, Manager, Model, QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from .insides import only_queries, queryset_class

_SAVES = frozenset({"save", "save_base"})
_WRITES = _SAVES | {
    "add",
    "bulk_create",
    "bulk_update",
    "clear",
    "create",
    "delete",
    "get_or_create",
    "remove",
    "set",
    "update_or_create",
}
_SIGNALS = (pre_save, post_save, pre_delete, post_delete, m2m_changed)
# What Django's methods call of the same object, beside what only makes another queryset.
_CALLED_BY_READS = frozenset({"exists", "get"})
_CALLED_BY_WRITES = _CALLED_BY_READS | _WRITES


def runs_djangos_alone(receiver: QuerySet[Model] | Manager[Model] | Model, name: str) -> bool:
    """Tell whether the method `name`, which is Django's, runs code of Django's alone."""
    model = type(receiver) if isinstance(receiver, Model) else receiver.model
    if not all(_is_djangos(cls, name) for cls in _classes(receiver)):
        return False
    return name not in _WRITES or (_saves_as_django(model) and not _is_anybody_told(model))


def _classes(receiver: QuerySet[Model] | Manager[Model] | Model) -> Iterator[type]:
    """Yield the class of `receiver`, and of a manager that of the querysets that it makes."""
    yield type(receiver)
    if not isinstance(receiver, Manager):
        return
    if _defines_djangos(type(receiver), "get_queryset"):
        yield queryset_class(receiver)
        return
    try:
        yield type(receiver.get_queryset())
    except SynchronousOnlyOperation:  # It queries by itself.
        yield Foreign


class Foreign:
    """In the place of a class of which nothing is known."""

    get = exists = None


@functools.lru_cache(4096)
def _is_djangos(cls: type, name: str) -> bool:
    """Tell whether `name` of a class, and what it calls of the same object, is Django's."""
    called = _CALLED_BY_WRITES if name in _WRITES else _CALLED_BY_READS
    return all(_defines_djangos(cls, each) for each in {name, *called})


def _defines_djangos(cls: type, name: str) -> bool:
    """Tell whether a name is Django's in every class in which ``super()`` may find it."""
    found = (vars(each)[name] for each in cls.__mro__ if name in vars(each))
    return all(map(only_queries, found))


@functools.lru_cache(4096)
def _saves_as_django(model: type[Model]) -> bool:
    """Tell whether a model is saved by Django alone: no field with a file in a storage, or with a
    value that somebody else's code makes."""
    fields = {type(each) for each in model._meta.concrete_fields}
    return all(_defines_djangos(model, each) for each in _SAVES) and all(
        _defines_djangos(each, "pre_save") for each in fields
    )


def _is_anybody_told(model: type[Model]) -> bool:
    """Tell whether signals about a model, or about one that is deleted or related with it, have a
    receiver."""
    return any(signal.has_listeners(each) for signal in _SIGNALS for each in _told_of(model))


@functools.lru_cache(4096)
def _told_of(model: type[Model]) -> frozenset[type[Model]]:
    """Return the models that are written with one: what is deleted with it, and relates it."""
    found: set[type[Model]] = set()
    ahead = [model]
    while ahead:
        each = ahead.pop()
        if each not in found:
            found.add(each)
            ahead += _written_with(each)
    return frozenset(found)


def _written_with(model: type[Model]) -> Iterator[Any]:
    options: Any = model._meta  # The stubs have not all that its relations have.
    for field in options.many_to_many:
        yield field.remote_field.through
    for relation in options.related_objects:
        if relation.many_to_many:
            yield relation.through
        elif relation.on_delete is CASCADE:
            yield relation.related_model
    for field in options.private_fields:
        if hasattr(field, "bulk_related_objects"):  # a generic relation
            yield field.related_model
