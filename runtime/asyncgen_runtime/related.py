"""Related objects and deferred fields in async code. Needs Django."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.fields.related_descriptors import (
    ForwardManyToOneDescriptor,
    ReverseManyToOneDescriptor,
    ReverseOneToOneDescriptor,
)
from django.db.models.query_utils import DeferredAttribute

from .bridge import sync_to_async

__all__ = ["arelated"]


async def arelated(obj: models.Model, path: str) -> Any:
    """Return the attribute of a model instance that may have to be fetched from the database.

    `path` names a foreign key, a one-to-one field, the reverse of one, a generic foreign key or a
    field, which may be deferred; or leads over several of them, joined by dots or double
    underscores: ``await arelated(book, "author.publisher")``.

    What is already loaded is returned without leaving the event loop's thread. The rest of the path
    is fetched in one go on the worker thread, by the queries that ``book.author.publisher`` makes.

    Raises what that expression raises (the related model's DoesNotExist; AttributeError for a name
    that does not exist, or for a None on the way), and FieldError for a name that does not stand
    for one value in the database: a relation to many objects, a method, a property.
    """
    names = path.replace("__", ".").split(".")
    value: Any = obj
    while names and _is_loaded(value, names[0]):
        value = getattr(value, names.pop(0))
    return await sync_to_async(_follow)(value, names) if names else value


def _follow(value: Any, names: list[str]) -> Any:
    for name in names:
        _is_loaded(value, name)  # For its errors.
        value = getattr(value, name)
    return value


def _is_loaded(obj: object, name: str) -> bool:
    """Tell whether ``obj.name`` would do without a query; raise if it cannot be awaited."""
    if not isinstance(obj, models.Model):
        if obj is None:
            raise AttributeError(f"'NoneType' object has no attribute {name!r}", name=name, obj=obj)
        raise FieldError(f"arelated() follows model instances, and {name!r} is asked of {obj!r}.")
    descriptor = getattr(type(obj), name, None)
    match descriptor:
        case ForwardManyToOneDescriptor() | ReverseOneToOneDescriptor():
            return descriptor.is_cached(obj)
        case DeferredAttribute():
            return descriptor.field.attname in obj.__dict__
        case ReverseManyToOneDescriptor():  # The one to many-to-many relations is derived from it.
            raise FieldError(
                f"{type(obj).__name__}.{name} stands for many objects; iterate over it: "
                f"`async for each in obj.{name}.all()`."
            )
        case None if name in obj.__dict__:
            return True
        case None:
            raise AttributeError(
                f"{type(obj).__name__!r} object has no attribute {name!r}", name=name, obj=obj
            )
        case _ if name in {field.name for field in type(obj)._meta.get_fields()}:
            return False  # A generic foreign key, or a field with a descriptor of its own.
        case _:
            raise FieldError(
                f"{type(obj).__name__}.{name} is neither a relation to one object nor a field. "
                f"For anything else: `await sync_to_async(lambda: obj.{name})()`."
            )
