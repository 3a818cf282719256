"""The database servers that tests need beside SQLite, and whether they answer."""

from __future__ import annotations

import importlib.util
import os
import socket

import pytest

# The prefix of the environment variables, the port unless one is named, and the driver.
SERVERS = {
    "postgres": ("ASYNCGEN_POSTGRES", "5432", "psycopg"),
    "mariadb": ("ASYNCGEN_MARIADB", "3306", "pymysql"),
}


def unavailable(reason: str) -> None:
    """Skip the test for a reason; in CI, which has everything, that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI is expected to have it")
    pytest.skip(reason)


def require(database: str) -> None:
    """Skip the test unless the database answers; the name is one of the test settings."""
    name = database.removeprefix("native_")
    if name not in SERVERS:
        return
    prefix, port, driver = SERVERS[name]
    if importlib.util.find_spec(driver) is None:
        unavailable(f"{driver} is not installed")
    host = os.environ.get(f"{prefix}_HOST", "127.0.0.1")
    port = os.environ.get(f"{prefix}_PORT", port)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError as error:
        unavailable(f"{name} does not answer at {host}:{port}: {error}")
