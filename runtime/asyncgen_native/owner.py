"""Whose connections: those of a context, on the event loop and on threads that it sends work to.

A call that runs on the loop has an `Owner`, named by a context variable. When the call ends, the
connections go back to the pool, but for those that hold something: a transaction, a named cursor.
Such an owner stays in the context. Tasks begun in a transaction share it, because they inherit the
variable; a worker thread has it because asgiref copies the context there.
"""

from __future__ import annotations

import asyncio
import functools
import weakref
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from .greenlets import NotInBridge, hand_over, in_bridge, running_loop, running_task
from .pool import pools

if TYPE_CHECKING:
    from .wrapper import NativeWrapper

T = TypeVar("T")

OVER = (
    "The aatomic() block in which this was started has ended, and its connection serves others. "
    "Tasks and threads started inside the block have to finish before it does."
)

TASK_OVER = (
    "The task that set something in the session of the database has ended, and its connection was "
    "closed. Tasks and threads started by it have to finish before it does."
)


class Owner:
    """The connections of one context."""

    def __init__(self, *, block: bool = False) -> None:
        self.loop = asyncio.get_running_loop()
        self.pools = pools()
        self.wrappers: dict[str, NativeWrapper] = {}
        self.calls = 0
        self.ended = False
        self._block = block  # of aatomic(), which ends it
        self._over = OVER if block else ""  # what is said to those who outlive it
        self._was_shared = False
        # Not the task itself, which holds the context that holds this.
        self._task = weakref.ref(asyncio.current_task() or self)

    # Few need these two, and every call on the loop has an owner.
    @functools.cached_property
    def turn(self) -> asyncio.Lock:
        """Held by the call that has its turn in a transaction that tasks share."""
        return asyncio.Lock()

    @functools.cached_property
    def nesting(self) -> asyncio.Lock:
        """Held by whoever has a savepoint open directly in the transaction."""
        return asyncio.Lock()

    @property
    def is_shared(self) -> bool:
        """Tell whether tasks begun in it share what it holds: a transaction, or a session with
        settings of its own."""
        return bool(self._over) or any(each.is_shared for each in self.wrappers.values())

    def is_mine(self) -> bool:
        """Tell whether the calling task, or worker thread, may use it."""
        task = running_task()
        if task is not None and task is self._task():
            return True
        mine = task is None or self.is_shared
        self._was_shared |= mine
        return mine

    @contextmanager
    def used_by_current_task(self) -> Iterator[None]:
        """Take the current task for the one that made this; it acts in that one's place."""
        before, self._task = self._task, weakref.ref(asyncio.current_task() or self)
        try:
            yield
        finally:
            self._task = before

    def refuse(self) -> None:
        """Raise RuntimeError if this was a transaction, or a session with settings, now over."""
        if self.ended and self._over:
            raise RuntimeError(self._over)

    def wrapper(self, alias: str) -> NativeWrapper | None:
        """Return its wrapper for a database, or one that the pool has lying ready.

        A worker thread does not look what lies there: the pool is the loop's.
        """
        wrapper = self.wrappers.get(alias)
        if wrapper is None and running_loop() is self.loop:
            pool = self.pools.get(alias)
            wrapper = pool.take() if pool is not None else None
            if wrapper is not None:
                self.adopt(wrapper)
        return wrapper

    def adopt(self, wrapper: NativeWrapper) -> None:
        """Have `wrapper` serve this context, in the place of whichever did."""
        if self.wrappers.get(wrapper.alias) is not wrapper:
            self.expel(wrapper.alias)
        wrapper.owner = self
        self.wrappers[wrapper.alias] = wrapper

    def expel(self, alias: str) -> bool:
        """Have no wrapper serve this context any more; tell whether there was one."""
        wrapper = self.wrappers.pop(alias, None)
        if wrapper is not None:
            on_loop(self.loop, functools.partial(wrapper.leave, whole=False))
        return wrapper is not None

    def settle(self) -> None:
        """Give back all that holds nothing, at the end of a call; end if that was everything."""
        if self._block:
            return
        for alias, wrapper in list(self.wrappers.items()):
            if not wrapper.holds():
                del self.wrappers[alias]
                wrapper.give_back(whole=not self._was_shared)
        if not self.wrappers:
            self.ended = True
            if _owner.get() is self:
                _owner.set(None)

    def end_with_task(self) -> None:
        """Let what was set in a session end with the task that it was set in."""
        task = self._task()
        if not self._over and isinstance(task, asyncio.Task):
            self._over = TASK_OVER
            on_loop(self.loop, functools.partial(task.add_done_callback, lambda _: self.end()))

    def end(self) -> None:
        """Give back everything, as far as it can be used; close the rest."""
        self.ended = True
        while self.wrappers:
            _, wrapper = self.wrappers.popitem()
            wrapper.leave(whole=not self._was_shared)

    def drop(self) -> None:
        """Close everything."""
        self.ended = True
        while self.wrappers:
            _, wrapper = self.wrappers.popitem()
            wrapper.drop()

    def __del__(self) -> None:
        # The context is gone with something still open in it. The server rolls back what is cut.
        # Nobody else gets what it used: where the garbage collector found it, the finalizers of
        # Django's wrapper and of the driver's connection have run as well, and have undone them.
        if self.wrappers and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.drop)


_owner: ContextVar[Owner | None] = ContextVar("asyncgen_native_owner", default=None)


def current() -> Owner | None:
    """Return the owner of the connections that the calling code should use, if there is one.

    Raises RuntimeError where its transaction has ended: what began inside may not go on outside.
    """
    owner = _owner.get()
    if owner is None or not owner.is_mine():
        return None
    if owner.ended:
        owner.refuse()
        return None
    return owner


def suspend(loop: asyncio.AbstractEventLoop, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Wait for a coroutine on `loop`: in a call by suspending it, on a worker thread by blocking.

    Raises NotInBridge on the thread of the loop outside of a call, where either would be wrong.
    """
    if in_bridge():
        return hand_over(make())
    if loop.is_closed() or running_task() is not None:
        raise NotInBridge("This connection belongs to an event loop, which cannot wait here.")
    return asyncio.run_coroutine_threadsafe(make(), loop).result()


def on_loop(loop: asyncio.AbstractEventLoop, func: Callable[[], object]) -> None:
    """Call what changes a pool: at once on the thread of its loop, and soon from another one."""
    if running_loop() is loop:
        func()
    elif not loop.is_closed():
        loop.call_soon_threadsafe(func)


def begin(*, block: bool = False) -> Owner:
    """Make an owner for what follows in the current context."""
    owner = Owner(block=block)
    _owner.set(owner)
    return owner


def swap(owner: Owner | None) -> Owner | None:
    """Make `owner` that of the current context, and return the one before."""
    before = _owner.get()
    _owner.set(owner)
    return before
