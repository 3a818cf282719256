"""Which block is around the current code, and whose work may run on a thread meanwhile.

On each thread, blocks are a stack. While one that holds a transaction is open, work from inside it
runs, and other work of that thread waits.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
import weakref
from abc import ABC, abstractmethod
from typing import Any, cast

from .threads import OwnThread, TakingTurns


class Nested(ABC):
    """A block, as far as the others of its thread see it."""

    def __init__(self) -> None:
        self.outer: Nested | None = None
        self.ended = False
        self.holds = False
        """Whether others have to wait for it."""
        self.thread: threading.Thread | None = None
        """On which it was entered."""
        self._own: OwnThread | None = None
        # The task that entered it. A task keeps its result, which may be what leaves the block when
        # nobody refers to it any more.
        self._task: weakref.ref[asyncio.Task[Any]] | None = None

    def is_lost(self) -> bool:
        """Tell whether the task that entered it is at its end, and its context with it.

        As with ``asyncio.wait_for(block.__aenter__(), 5)`` before Python 3.12, and async fixtures:
        nobody is inside, so nobody has to wait.
        """
        if self._task is None:
            return False
        task = self._task()
        return task is None or task.done()

    def has(self, own: OwnThread) -> bool:
        """Tell whether that thread is its own."""
        return self._own is own

    @abstractmethod
    def leave_early(self, error: BaseException) -> None:
        """Leave it on its thread, because the block around it has ended."""


current: contextvars.ContextVar[Nested | None] = contextvars.ContextVar(
    "asyncgen_runtime_block", default=None
)
leaving: contextvars.ContextVar[Nested | None] = contextvars.ContextVar(
    "asyncgen_runtime_leaving", default=None
)


class Stack(threading.local):
    """The blocks that are open on a thread, from the outermost to the innermost."""

    def __init__(self) -> None:
        self.own = False
        """Whether the thread belongs to the first of them."""
        self.open: list[Nested] = []
        self.waiting: list[TakingTurns] = []


stack = Stack()


def _top() -> Nested | None:
    """Return the innermost block of this thread for which others have to wait."""
    holding = (each for each in reversed(stack.open) if each.holds and not each.is_lost())
    return next(holding, None)


def innermost() -> Nested | None:
    """Return the block in which the current context is."""
    block = current.get()
    while block is not None and block.ended:  # Then a task has outlived it.
        block = block.outer
    return block


def _is_inside(block: Nested | None, other: Nested) -> bool:
    while block is not None and block is not other:
        block = block.outer
    return block is other


class Turns:
    """Whose work may run on a block's own thread: what is inside the innermost transaction."""

    def owner(self) -> Nested | None:
        return current.get()

    def is_leaving(self) -> bool:
        return leaving.get() is not None

    def is_leaving_on(self, own: OwnThread) -> bool:
        block = leaving.get()
        return block is not None and (block.has(own) or block.thread is own.thread)

    def may_run(self, owner: object) -> bool:
        top = _top()
        return top is None or _is_inside(cast("Nested | None", owner), top)

    def tell(self, waiting: TakingTurns) -> None:
        if waiting not in stack.waiting:
            stack.waiting.append(waiting)


TURNS = Turns()
