"""What the tests of the runtime share. Nothing in this directory itself needs Django."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine in an event loop of its own; the deadline is for hangs only."""

    def run(coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(asyncio.wait_for(coroutine, 30))

    return run


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect what is sent to a worker thread, whichever it is."""
    sent: list[object] = []
    run_in_executor = asyncio.BaseEventLoop.run_in_executor

    def count(loop: Any, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        sent.append(func)
        return run_in_executor(loop, executor, func, *args)

    monkeypatch.setattr(asyncio.BaseEventLoop, "run_in_executor", count)
    return sent
