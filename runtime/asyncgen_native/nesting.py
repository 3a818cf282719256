"""Which block of `aatomic` on the loop, or call, the current code is in, and who waits for it.

Tasks share a transaction, and savepoints of one connection cannot overlap: while one task is in a
nested block, queries and blocks of the others in the block around it wait.
"""

from __future__ import annotations

import asyncio
import functools
from contextvars import ContextVar

from .owner import Owner


class Nested:
    """A block, or a call that async code inside of it comes from, as far as others see it."""

    def __init__(self) -> None:
        self.outer = current.get()
        self.ended = False

    @functools.cached_property
    def nesting(self) -> asyncio.Lock:
        """Held by whoever is in a block directly inside of it, or queries there."""
        return asyncio.Lock()


current: ContextVar[Nested | None] = ContextVar("asyncgen_native_block", default=None)


def nesting(owner: Owner) -> asyncio.Lock:
    """Return the lock of what the current code is in."""
    block = current.get()
    while block is not None and block.ended:  # Then a task has outlived it.
        block = block.outer
    return owner.nesting if block is None else block.nesting
