"""Django's SQLite backend, with calls on the event loop."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.backends.sqlite3 import base

from ..insides import allow_in_calls, unguarded
from ..wrapper import NativeWrapper
from .connection import LoopConnection, ThreadConnection

allow_in_calls(base.DatabaseWrapper)


class DatabaseWrapper(NativeWrapper, base.DatabaseWrapper):
    """Django's wrapper, on synchronous connections or on those of an event loop.

    Each of these has a thread of its own. With ``OPTIONS["native_on_loop"]`` they have none: that
    is faster, and the whole loop waits for every query, and for locks.
    """

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        parameters.pop("native_pool", None)
        if parameters.pop("native_on_loop", False):
            parameters["factory"] = LoopConnection
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.owner is None:
            return super().get_new_connection(conn_params)
        connect = partial(unguarded(base.DatabaseWrapper.get_new_connection), self, conn_params)

        async def on_loop() -> Any:
            return connect()

        def on_thread() -> Any:
            return ThreadConnection.open(connect)

        return self.open(on_loop if "factory" in conn_params else on_thread)
