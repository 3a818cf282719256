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
from types import FunctionType, MethodType
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
    _refuse_async(func, "no_stop_iteration")

    @functools.wraps(func)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        return call(func, *args, **kwargs)

    return guarded


def on_worker(func: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Return what runs `func` on a worker thread, for a call at once: ``await on_worker(f)(1)``.

    As `sync_to_async(func)`, at less cost than asgiref's: one bridge serves all callables, where
    asgiref makes one of each and copies its name and docstring. Twins call it.

    Raises TypeError for what is not a synchronous callable.
    """
    _refuse_async(func, "on_worker")
    return functools.partial(_worker, func)


def hop(func: Callable[[], R]) -> Coroutine[Any, Any, R]:
    """Run `func`, which is known to be synchronous: as ``on_worker(func)()``."""
    return _worker(func)


def call(func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
    """Call `func`; a StopIteration that leaves it is a RuntimeError."""
    __traceback_hide__ = True  # Django's error page leaves the frame out, as it does asgiref's
    try:
        return func(*args, **kwargs)
    except StopIteration as error:
        name = getattr(func, "__qualname__", None) or repr(func)
        raise RuntimeError(f"{name} raised StopIteration") from error


_Worker = Callable[..., Coroutine[Any, Any, Any]]
_worker: _Worker = asgiref.sync.sync_to_async(call)


def use_worker(worker: _Worker) -> _Worker:
    """Have ``worker(func, *args, **kwargs)`` run what `on_worker` is given; return who did.

    For asyncgen_native, which keeps some callables off threads.
    """
    global _worker
    before, _worker = _worker, worker
    return before


def _refuse_async(func: Callable[..., object], name: str) -> None:
    """Raise TypeError for what asgiref takes for async, or cannot call."""
    is_plain = isinstance(func, (FunctionType, MethodType))  # what follows is not cheap
    call = None if is_plain else getattr(func, "__call__", None)  # noqa: B004
    if (
        not callable(func)
        or asgiref.sync.iscoroutinefunction(func)
        or (call is not None and asgiref.sync.iscoroutinefunction(call))
    ):
        raise TypeError(f"{name} can only be applied to sync functions.")


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
    _refuse_async(func, "sync_to_async")
    return asgiref.sync.sync_to_async(
        no_stop_iteration(func), thread_sensitive=thread_sensitive, executor=executor
    )
