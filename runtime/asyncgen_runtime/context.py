"""An async context manager over a sync one, entered and left on the same worker thread."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from .blocks import Block

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)


def context_to_async(
    func: Callable[P, AbstractContextManager[T_co]], *, exclusive: bool = False
) -> Callable[P, AsyncContext[T_co]]:
    """Return a function that takes the arguments of `func` and returns an async context manager.

    `func` returns a sync context manager. The call, its ``__enter__`` and its ``__exit__`` run on
    one worker thread, the one on which everything thread-sensitive in the block runs too, so state
    that it keeps per thread is seen there. Nothing runs before ``async with``.

    Inside another block, the thread is that block's. Otherwise it is the current one, in a request
    and below a sync caller; and elsewhere one of the block's own. With `exclusive` it is always one
    of its own, unless the current one is in a transaction: for what holds a transaction while it is
    open. Without `exclusive`, beginning one on a thread that others use is a RuntimeError.

    What ``__enter__`` returns is the value of ``as``; ``__exit__`` sees the block's exception and
    may suppress it, or raise. A StopIteration out of any of the three is a RuntimeError.

    Cancelled while entering: if ``__enter__`` completes, ``__exit__`` runs. Cancelled in the block:
    ``__exit__`` gets the CancelledError. Cancelled while leaving: ``__exit__`` completes, and then
    CancelledError is raised.
    """

    @functools.wraps(func)
    def start(*args: P.args, **kwargs: P.kwargs) -> AsyncContext[T_co]:
        return AsyncContext(functools.partial(func, *args, **kwargs), exclusive)

    return start


class Entered(Protocol[T_co]):
    """What is entered and left for one ``async with``, as a `Block` is."""

    async def enter(self) -> T_co: ...

    async def leave(self, error: BaseException | None) -> bool | None: ...


class AsyncContext(AbstractAsyncContextManager[T_co, bool | None], Generic[T_co]):
    """What a function made by `context_to_async` returns. Also a decorator for async functions."""

    _NAME = "This context manager"

    def __init__(
        self, make: Callable[[], AbstractContextManager[T_co]], exclusive: bool = False
    ) -> None:
        self._make = make
        self._exclusive = exclusive
        self._block: Entered[T_co] | None = None

    def _new_block(self) -> Entered[T_co]:
        return Block(self._make, self._exclusive)

    def _again(self) -> AsyncContext[T_co]:
        """Return another one like this."""
        return AsyncContext(self._make, self._exclusive)

    async def __aenter__(self) -> T_co:
        if self._block is not None:
            raise RuntimeError(f"{self._NAME} is already entered; every block needs its own.")
        self._block = block = self._new_block()
        try:
            return await block.enter()
        except BaseException:
            self._block = None
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        block, self._block = self._block, None
        assert block is not None
        return await block.leave(error)

    def __call__(self, func: Callable[Q, Awaitable[R]]) -> Callable[Q, Coroutine[Any, Any, R]]:
        """Return `func` run inside a new context for every call."""

        @functools.wraps(func)
        async def inside(*args: Q.args, **kwargs: Q.kwargs) -> R:
            async with self._again():
                return await func(*args, **kwargs)
            # Not reached, unless the context suppresses what `func` raises; then None is returned,
            # as from a function decorated with a sync context manager.

        return inside
