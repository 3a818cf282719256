"""Pools that open and close with an ASGI server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.db import connections

from .calls import call
from .greenlets import await_
from .pool import PoolOptions, close_pools
from .wrapper import is_native

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


async def open_pools() -> None:
    """Open `min_size` connections of every native database. Raises what the first raises that
    fails; the others are not waited for."""
    try:
        async with asyncio.TaskGroup() as group:
            for alias in connections:
                if is_native(alias):
                    _open(alias, group)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _open(alias: str, group: asyncio.TaskGroup) -> None:
    options = connections.settings[alias]["OPTIONS"].get("native_pool", {})
    count = PoolOptions.of(options, alias).min_size
    all_open = asyncio.Barrier(count) if count else None

    def connect() -> None:
        assert all_open is not None
        connections[alias].ensure_connection()
        await_(all_open.wait())  # Otherwise the next would be given this one.

    for _ in range(count):
        group.create_task(call(connect))


def with_pools(application: Application) -> Application:
    """Return `application` with a lifespan, which Django's has not: pools open and close with it.

    ``application = with_pools(get_asgi_application())``. Without it pools open with the first
    query, and close with the event loop.
    """

    async def wrapped(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await application(scope, receive, send)

    return wrapped


async def _lifespan(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] == "lifespan.startup":
        try:
            await open_pools()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
    if message["type"] == "lifespan.shutdown":
        await close_pools()
        await send({"type": "lifespan.shutdown.complete"})
