"""Django's MySQL backend, on PyMySQL, with calls on the event loop."""

from __future__ import annotations

from typing import Any

import pymysql

pymysql.install_as_MySQLdb()  # Django's backend imports MySQLdb, of which PyMySQL has the shape.

from django.db.backends.mysql import base  # noqa: E402

from ..insides import allow_in_calls  # noqa: E402
from ..wrapper import NativeWrapper  # noqa: E402
from .connection import WaitingConnection  # noqa: E402

allow_in_calls(base.DatabaseWrapper)


class DatabaseWrapper(NativeWrapper, base.DatabaseWrapper):
    """Django's wrapper, on synchronous connections or on those of an event loop."""

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        parameters.pop("native_pool", None)
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.owner is None:
            return super().get_new_connection(conn_params)
        return self.open(lambda: WaitingConnection.establish(**conn_params))
