"""The database tests once more, on each of the other databases.

They need a process each, for a process has one set of Django settings.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SERVERS = {
    "postgres": ("ASYNCGEN_POSTGRES", "5432", "psycopg"),
    "mariadb": ("ASYNCGEN_MARIADB", "3306", "pymysql"),
}


def missing(database: str) -> str | None:
    """Tell why a database cannot be tested with."""
    if importlib.util.find_spec("django") is None:
        return "Django is not installed"
    if database not in SERVERS:
        return None
    prefix, port, driver = SERVERS[database]
    if importlib.util.find_spec(driver) is None:
        return f"{driver} is not installed"
    address = (
        os.environ.get(f"{prefix}_HOST", "127.0.0.1"),
        int(os.environ.get(f"{prefix}_PORT", port)),
    )
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError as error:
        return f"{database} does not answer at {address[0]}:{address[1]}: {error}"
    return None


@pytest.mark.skipif(
    "ASYNCGEN_TEST_DATABASE" in os.environ, reason="ASYNCGEN_TEST_DATABASE asks for one database"
)
@pytest.mark.parametrize("database", ["memory", "postgres", "mariadb"])
def test_on(database: str) -> None:
    reason = missing(database)
    if reason is not None and os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI is expected to have it")
    if reason is not None:
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--color=no", Path(__file__).with_name("database")],
        env={**os.environ, "ASYNCGEN_TEST_DATABASE": database},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
