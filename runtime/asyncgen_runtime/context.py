"""An async context manager over a sync one, entered and left on the same worker thread."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from types import TracebackType
from typing import Any, Generic, ParamSpec, TypeVar

from .bridge import on_worker
from .completion import carry_back, run_to_end

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)


def context_to_async(
    func: Callable[P, AbstractContextManager[T_co]],
) -> Callable[P, AsyncContext[T_co]]:
    """Return a function that takes the arguments of `func` and returns an async context manager.

    `func` returns a sync context manager. The call, its ``__enter__`` and its ``__exit__`` run on
    one worker thread, the one on which everything thread-sensitive in the block runs too, so state
    that it keeps per thread is seen there. Nothing runs before ``async with``.

    What ``__enter__`` returns is the value of ``as``; ``__exit__`` sees the block's exception and
    may suppress it, or raise. A StopIteration out of any of the three is a RuntimeError.

    Cancelled while entering: if ``__enter__`` completes, ``__exit__`` runs. Cancelled in the block:
    ``__exit__`` gets the CancelledError. Cancelled while leaving: ``__exit__`` completes, and then
    CancelledError is raised.
    """

    @functools.wraps(func)
    def start(*args: P.args, **kwargs: P.kwargs) -> AsyncContext[T_co]:
        return AsyncContext(functools.partial(func, *args, **kwargs))

    return start


class AsyncContext(AbstractAsyncContextManager[T_co, bool | None], Generic[T_co]):
    """What a function made by `context_to_async` returns. Also a decorator for async functions."""

    def __init__(self, make: Callable[[], AbstractContextManager[T_co]]) -> None:
        self._make = make
        self._entered: _Entered[T_co] | None = None

    async def __aenter__(self) -> T_co:
        if self._entered is not None:
            raise RuntimeError("This context manager is already entered")
        self._entered = entered = _Entered(self._make)
        try:
            return await entered.enter()
        except BaseException:
            self._entered = None
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        entered, self._entered = self._entered, None
        assert entered is not None
        return await entered.leave(error)

    def __call__(self, func: Callable[Q, Awaitable[R]]) -> Callable[Q, Coroutine[Any, Any, R]]:
        """Return `func` run inside a new context for every call."""

        @functools.wraps(func)
        async def inside(*args: Q.args, **kwargs: Q.kwargs) -> R:
            async with AsyncContext(self._make):
                return await func(*args, **kwargs)
            # Not reached, unless the context suppresses what `func` raises; then None is returned,
            # as from a function decorated with a sync context manager.

        return inside


class _Entered(Generic[T_co]):
    """One entering and leaving."""

    def __init__(self, make: Callable[[], AbstractContextManager[T_co]]) -> None:
        self._make = make
        self._manager: AbstractContextManager[T_co] | None = None
        self._thread = 0
        self._home = contextvars.copy_context()
        # The manager is entered and left in one and the same context: the token of a variable it
        # sets can be reset nowhere else. Its changes are carried from there to the block.
        self._inside = contextvars.Context()
        self._undo: dict[contextvars.ContextVar[Any], contextvars.Token[Any]] = {}

    async def enter(self) -> T_co:
        context = contextvars.copy_context()
        try:
            value = await asyncio.create_task(on_worker(self._enter)(), context=context)
        except asyncio.CancelledError as error:
            # The worker may be entering still, or have entered: this waits in line behind it.
            await self.leave(error)
            raise
        self._undo = carry_back(context)
        return value

    async def leave(self, error: BaseException | None) -> bool | None:
        context = contextvars.copy_context()
        try:
            return await run_to_end(functools.partial(self._leave, error), context)
        except _WrongThread:
            return await run_to_end(functools.partial(self._leave, error), self._home)
        finally:
            carry_back(context)
            for variable, token in self._undo.items():
                if variable not in self._inside:
                    with suppress(ValueError):  # Left in another context than entered in.
                        variable.reset(token)

    def _enter(self) -> T_co:
        self._thread = threading.get_ident()
        self._inside = contextvars.copy_context()
        try:
            return self._inside.run(self._enter_inside)
        finally:
            carry_back(self._inside)

    def _enter_inside(self) -> T_co:
        manager = self._make()
        value = type(manager).__enter__(manager)
        self._manager = manager
        return value

    def _leave(self, error: BaseException | None) -> bool | None:
        if self._manager is None:
            return None
        if self._thread != threading.get_ident():
            raise _WrongThread
        self._inside.run(carry_back, contextvars.copy_context())
        try:
            return self._inside.run(_leave, self._manager, error)
        finally:
            carry_back(self._inside)


class _WrongThread(Exception):
    """The current context leads to another thread than the one that entered."""


def _leave(manager: AbstractContextManager[object], error: BaseException | None) -> bool | None:
    """Call ``__exit__`` as ``with`` does: while `error` is being handled, for sys.exc_info()."""
    if error is None:
        return type(manager).__exit__(manager, None, None, None)
    traceback = error.__traceback__
    try:
        raise error
    except BaseException:
        error.__traceback__ = traceback
        return type(manager).__exit__(manager, type(error), error, traceback)
