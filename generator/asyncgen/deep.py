"""Room for sources that are nested deeply: Python compiles a sum of a thousand terms, too."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_DEPTH = 200_000  # calls
_STACKS = (1024, 256, 64)  # MB of address space, of which only what is used takes memory


def deeply(call: Callable[[], T]) -> T:
    """What `call` returns or raises, in a thread whose stack is large. Where the system gives no
    such thread, it has as many calls as any other code."""
    outcome: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(call())
        except BaseException as error:
            raised.append(error)

    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(_DEPTH)
        thread = _started(run)
        if thread is None:
            sys.setrecursionlimit(limit)
            return call()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    if raised:
        raise raised[0]
    return outcome[0]


def _started(run: Callable[[], None]) -> threading.Thread | None:
    """A thread that ends with the process, whatever it is doing."""
    before = threading.stack_size()
    for size in _STACKS:
        try:
            threading.stack_size(size * 2**20)
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            return thread
        except (RuntimeError, ValueError):
            continue
        finally:
            threading.stack_size(before)
    return None
