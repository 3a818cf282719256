"""Django's PostgreSQL backend, on psycopg 3, with calls on the event loop."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from ..drivers import Driver
from ..insides import allow_in_calls
from ..wrapper import NativeWrapper
from .connection import WaitingConnection

allow_in_calls(base.DatabaseWrapper)


class DatabaseWrapper(NativeWrapper, base.DatabaseWrapper):
    """Django's wrapper, on synchronous connections or on those of an event loop."""

    @property
    def Database(self) -> Any:  # type: ignore[override]
        """The driver. Made anew each time: kept, it would be in a circle with this."""
        return psycopg if self.owner is None else Driver(psycopg, self._connect)

    def _connect(self, **parameters: Any) -> WaitingConnection:
        connection: WaitingConnection = self.open(lambda: WaitingConnection.open(**parameters))
        return connection

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        parameters.pop("native_pool", None)
        return parameters

    @property
    def pool(self) -> Any:
        """The pool of Django's, which is for synchronous connections."""
        return None if self.owner is not None else super().pool

    def create_cursor(self, name: str | None = None) -> Any:
        connection = self.connection
        if isinstance(connection, WaitingConnection):
            connection.close_forgotten()
        cursor = super().create_cursor(name)
        if name and isinstance(connection, WaitingConnection):
            connection.watch(cursor)
        return cursor
