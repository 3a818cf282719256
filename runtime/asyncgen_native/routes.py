"""Which of Django's own callables run on the loop, where nobody says so call by call.

For Django's async methods, and for the twins of asyncgen_django: whoever calls them cannot choose a
bridge. Of Django's code it is known that it waits for databases alone. A method that somebody
overrides, and a receiver of a signal, may wait for anything, so what runs one goes to a thread, as
all that is not Django's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from asyncgen_runtime.bridge import use_worker
from asyncgen_runtime.transaction import use_blocks
from django.db import connections
from django.db.models import Manager, Model, QuerySet
from django.db.models.query import RawQuerySet

from .calls import call, sync_to_async_unless
from .insides import NOT_ONLY_QUERIES, SYNC_TO_ASYNC, only_queries, use_in_django
from .overrides import runs_djangos_alone
from .transaction import begin_on_loop
from .wrapper import is_native

P = ParamSpec("P")
R = TypeVar("R")


def runs_on_loop(func: Callable[..., object]) -> bool:
    """Tell whether `func` is code of Django's that waits only for databases with native backends,
    and runs none of other people's.

    Where it does not show which database it is for, all that there are have to be native.
    """
    name = getattr(func, "__name__", "")
    if name in NOT_ONLY_QUERIES or not only_queries(func):
        return False
    receiver = getattr(func, "__self__", None)
    if isinstance(receiver, RawQuerySet):
        return is_native(receiver.db)
    if isinstance(receiver, (QuerySet, Manager)):
        return is_native(receiver.db) and runs_djangos_alone(receiver, name)
    if not all(map(is_native, connections)):
        return False
    return not isinstance(receiver, Model) or runs_djangos_alone(receiver, name)


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
