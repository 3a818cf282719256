"""What is to happen after a commit."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from asgiref.sync import async_to_sync, iscoroutinefunction

Hook = Callable[[], object]

logger = logging.getLogger("django.db.backends.base")


def is_async(func: Hook) -> bool:
    """Tell whether calling `func` gives something to await, as far as one can tell beforehand."""
    while isinstance(func, functools.partial):
        func = func.func
    return iscoroutinefunction(func) or iscoroutinefunction(getattr(func, "__call__", None))  # noqa: B004


class AsyncHook:
    """An async callable as a hook of ``on_commit``, where Django runs the hooks.

    There the thread waits for it: below sync code that commits, and in
    ``captureOnCommitCallbacks``. Logs and those who look see the callable's name.
    """

    def __init__(self, func: Hook) -> None:
        functools.update_wrapper(self, func)
        self.func = func

    def __call__(self) -> object:
        return async_to_sync(_call)(self.func)

    def __repr__(self) -> str:
        return repr(self.func)


async def _call(func: Hook) -> object:
    result = func()
    return await result if inspect.isawaitable(result) else result


@dataclass(frozen=True)
class Due:
    """A hook whose time has come; `where` is how Django's log has it."""

    hook: Hook
    robust: bool
    where: str = "on_commit() during transaction"

    def run(self) -> Callable[[], Awaitable[None]] | None:
        """Call it, on the thread. Return what remains to be awaited on the event loop."""
        if isinstance(self.hook, AsyncHook):
            return functools.partial(self._await, self.hook.func)
        with self._logged():
            result = self.hook()
            if inspect.isawaitable(result):
                return functools.partial(self._await, lambda: result)
        return None

    async def _await(self, func: Hook) -> None:
        with self._logged():
            await _call(func)

    @contextmanager
    def _logged(self) -> Iterator[None]:
        """Log an error, in Django's words, where the hook is robust."""
        try:
            yield
        except Exception as error:
            if not self.robust:
                raise
            name = getattr(self.hook, "__qualname__", None) or repr(self.hook)
            logger.exception("Error calling %s in %s (%s).", name, self.where, error)


def run_due(due: list[Due]) -> Callable[[], Awaitable[None]] | None:
    """Run what is due, up to a hook that has to be awaited, which is returned."""
    awaited = None
    while due and awaited is None:
        awaited = due.pop(0).run()
    return awaited
