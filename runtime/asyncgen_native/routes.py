"""Which of Django's own callables run on the loop, where nobody says so call by call.

For Django's async methods, and for the twins of asyncgen_django: whoever calls them cannot choose a
bridge. Of Django's code it is known that it waits for databases alone. A method that somebody
overrides may wait for anything, so it goes to a thread, as all that is not Django's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from asyncgen_runtime.bridge import use_worker
from asyncgen_runtime.transaction import use_blocks
from django.db import connections
from django.db.models import Manager, QuerySet
from django.db.models.query import RawQuerySet

from .calls import call, sync_to_async_unless
from .insides import FILES, NOT_ONLY_QUERIES, ONLY_QUERIES, SYNC_TO_ASYNC, use_in_django
from .transaction import begin_on_loop
from .wrapper import is_native

P = ParamSpec("P")
R = TypeVar("R")


def runs_on_loop(func: Callable[..., object]) -> bool:
    """Tell whether `func` is code of Django's that waits only for databases with native backends.

    Where it does not show which database it is for, all that there are have to be native.
    """
    if getattr(func, "__name__", "") in NOT_ONLY_QUERIES:
        return False
    if not _only_queries(getattr(func, "__module__", "")):
        return False
    receiver = getattr(func, "__self__", None)
    if isinstance(receiver, (QuerySet, RawQuerySet, Manager)):
        return is_native(receiver.db)
    return all(map(is_native, connections))


@functools.cache
def _only_queries(module: str) -> bool:
    inside = any(module == each or module.startswith(f"{each}.") for each in ONLY_QUERIES)
    return inside and module != FILES


def install() -> None:
    """Have Django's async methods, twins on `on_worker`, and `aatomic` of asyncgen_runtime run on
    the loop what can, once."""
    if install in _installed:
        return
    _installed.append(install)
    use_in_django(sync_to_async_unless(runs_on_loop), SYNC_TO_ASYNC)
    use_blocks(begin_on_loop)

    async def choose(func: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        __traceback_hide__ = True
        run: Callable[..., Coroutine[Any, Any, R]] = call if runs_on_loop(func) else on_thread
        return await run(func, *args, **kwargs)

    on_thread = use_worker(choose)


_installed: list[Callable[[], None]] = []
