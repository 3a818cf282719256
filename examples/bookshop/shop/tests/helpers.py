"""What the tests share: a count of calls, and a request as an ASGI server makes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import MagicMock, patch

from bookshop.asgi import application

LORD_JIM = "9780000000057"
THE_DYNAMITER = "9780000000026"
THE_TIME_MACHINE = "9780000000064"


@contextmanager
def counted(owner: type, name: str) -> Iterator[MagicMock]:
    """Let a method run as ever, and count how often."""
    method = getattr(owner, name)
    with patch.object(owner, name, autospec=True, side_effect=method) as calls:
        yield calls


async def send(method: str, path: str, data: object = None) -> tuple[int, Any]:
    """One request to the ASGI application: the status, and the JSON or the text."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
    }
    body = b"" if data is None else json.dumps(data).encode()
    request = iter([{"type": "http.request", "body": body, "more_body": False}])
    response: list[Mapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        for message in request:
            return message
        await asyncio.Event().wait()  # this client never hangs up
        raise AssertionError

    async def reply(message: Mapping[str, Any]) -> None:
        response.append(message)

    await application(scope, receive, reply)
    start, *parts = response
    content = b"".join(part.get("body", b"") for part in parts)
    is_json = dict(start["headers"])[b"Content-Type"] == b"application/json"
    return start["status"], json.loads(content) if is_json else content.decode()
