"""The bridge: a synchronous callable, awaited from a coroutine.

This is asgiref's ``sync_to_async`` with one hole closed. A future cannot carry StopIteration
(it would end the coroutine that awaits it), and before CPython 3.13 the attempt is lost in the
event loop: the ``await`` never completes. PEP 479 settled for generators what should happen
instead, and the guard here does the same for any callable: the StopIteration becomes a
RuntimeError on the worker thread, before a future sees it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar, cast, overload

import asgiref.sync

P = ParamSpec("P")
R = TypeVar("R")


def no_stop_iteration(func: Callable[P, R]) -> Callable[P, R]:
    """Return `func`, except that a StopIteration leaving it is a RuntimeError.

    For code that uses asgiref alone: ``await sync_to_async(no_stop_iteration(self.first))()``.
    Raises TypeError for coroutine functions: a guard around one would hide from asgiref that
    it is one.
    """
    call = getattr(func, "__call__", None)  # noqa: B004  asgiref looks at the method as well
    if asgiref.sync.iscoroutinefunction(func) or asgiref.sync.iscoroutinefunction(call):
        raise TypeError("no_stop_iteration can only be applied to sync functions.")

    @functools.wraps(func)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return func(*args, **kwargs)
        except StopIteration as error:
            raise _runtime_error(func) from error

    return guarded


@overload
def sync_to_async(
    func: None = None,
    *,
    thread_sensitive: bool = True,
    executor: ThreadPoolExecutor | None = None,
) -> Callable[[Callable[P, R]], Callable[P, Coroutine[Any, Any, R]]]: ...


@overload
def sync_to_async(
    func: Callable[P, R],
    *,
    thread_sensitive: bool = True,
    executor: ThreadPoolExecutor | None = None,
) -> Callable[P, Coroutine[Any, Any, R]]: ...


def sync_to_async(
    func: Callable[P, R] | None = None,
    *,
    thread_sensitive: bool = True,
    executor: ThreadPoolExecutor | None = None,
) -> (
    Callable[P, Coroutine[Any, Any, R]]
    | Callable[[Callable[P, R]], Callable[P, Coroutine[Any, Any, R]]]
):
    """Return a coroutine function that runs `func` on a worker thread.

    As `asgiref.sync.sync_to_async`, whose rules on threads, context variables and exceptions
    hold. A StopIteration that leaves `func` is raised as RuntimeError, with the StopIteration
    as its cause.

    Raises TypeError for what is not a synchronous callable, and for an `executor` together
    with `thread_sensitive`.
    """
    if func is None:
        return cast(
            "Callable[[Callable[P, R]], Callable[P, Coroutine[Any, Any, R]]]",
            functools.partial(sync_to_async, thread_sensitive=thread_sensitive, executor=executor),
        )
    return _Guarded(func, thread_sensitive=thread_sensitive, executor=executor)


class _Guarded(asgiref.sync.SyncToAsync[P, R]):
    """asgiref's bridge, guarded where channels' `database_sync_to_async` extends it too.

    A guard put around every callable instead would cost a tenth of the whole call.
    """

    def thread_handler(self, loop: object, *args: Any, **kwargs: Any) -> R:
        try:
            result: R = super().thread_handler(  # type: ignore[no-untyped-call]
                loop, *args, **kwargs
            )
        except StopIteration as error:
            raise _runtime_error(self.func) from error
        return result


def _runtime_error(func: Callable[..., object]) -> RuntimeError:
    name = getattr(func, "__qualname__", None) or repr(func)
    return RuntimeError(f"{name} raised StopIteration")
