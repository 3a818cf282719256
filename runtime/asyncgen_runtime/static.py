"""Async twins of static methods."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
Owner = TypeVar("Owner", bound=type)

if TYPE_CHECKING:
    _Static = staticmethod[P, R]
else:

    class _Static(staticmethod, Generic[P, R]):
        """Before Python 3.14 staticmethod cannot be subscripted."""


class static_twin(_Static[P, R], Generic[P, R]):
    """A static method that is told through which class it was looked up.

    The function takes that class first, and callers do not pass it::

        class Parsing:
            @static_twin
            async def aparse(owner, text):
                return await sync_to_async(owner.parse)(text)

    ``Book.aparse(text)`` and ``book.aparse(text)`` then reach ``Book.parse``, wherever between
    ``Parsing`` and ``Book`` it is defined. A plain static method could not know, and a class method
    is something else to those who ask (``Manager.from_queryset`` copies static methods, but not
    class methods). So what a lookup gives is a plain function, ``async def`` if the wrapped one is,
    whose signature has no owner.
    """

    __slots__ = ("_signature",)

    def __init__(self, func: Callable[Concatenate[Owner, P], R], /) -> None:
        super().__init__(cast("Callable[P, R]", func))
        self._signature: inspect.Signature | None = None

    def __get__(self, instance: object, owner: type | None = None, /) -> Callable[P, R]:
        bound = _bind(self, type(instance) if owner is None else owner)
        if self._signature is None:
            self._signature = _without_owner(self.__func__)
        # Set, it stops inspect.signature() on its way to the function that has an owner.
        cast("_HasSignature", bound).__signature__ = self._signature
        return bound


def _bind(twin: static_twin[P, R], owner: type) -> Callable[P, R]:
    func = cast("Callable[Concatenate[type, P], R]", twin.__func__)

    # Wrapped is the twin and not its function: marks such as alters_data are set on the twin.
    if inspect.iscoroutinefunction(func):

        @functools.wraps(twin)
        async def bound_coroutine(*args: P.args, **kwargs: P.kwargs) -> object:
            return await cast("Awaitable[object]", func(owner, *args, **kwargs))

        return cast("Callable[P, R]", bound_coroutine)

    @functools.wraps(twin)
    def bound(*args: P.args, **kwargs: P.kwargs) -> R:
        return func(owner, *args, **kwargs)

    return bound


def _without_owner(func: Callable[..., object]) -> inspect.Signature:
    signature = inspect.signature(func)
    return signature.replace(parameters=list(signature.parameters.values())[1:])


class _HasSignature(Protocol):
    __signature__: inspect.Signature
