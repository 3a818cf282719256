"""What the tests of the runtime share. Nothing in this directory itself needs Django."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest
from asgiref.sync import SyncToAsync

T = TypeVar("T")


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, T]], T]:
    """Run a coroutine in an event loop of its own; the deadline is for hangs only."""

    def run(coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(asyncio.wait_for(coroutine, 30))

    return run


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect what is sent to asgiref's worker thread."""
    sent: list[object] = []
    executor = SyncToAsync.single_thread_executor
    submit = executor.submit

    def count(func: Callable[..., T], *args: object) -> Future[T]:
        sent.append(func)
        return submit(func, *args)

    monkeypatch.setattr(executor, "submit", count)
    return sent
