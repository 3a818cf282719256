"""Every native backend in a process of its own: settings are for a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SERVERS = {"native_postgres": ("POSTGRES", "5432"), "native_mariadb": ("MARIADB", "3306")}


def is_reachable(prefix: str, port: str) -> bool:
    address = (
        os.environ.get(f"ASYNCGEN_{prefix}_HOST", "127.0.0.1"),
        int(os.environ.get(f"ASYNCGEN_{prefix}_PORT", port)),
    )
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(
    "ASYNCGEN_TEST_DATABASE" in os.environ, reason="ASYNCGEN_TEST_DATABASE asks for one database"
)
@pytest.mark.parametrize("database", ["native_sqlite", "native_postgres", "native_mariadb"])
def test_natively(database: str) -> None:
    if database in SERVERS and not is_reachable(*SERVERS[database]):
        pytest.skip(f"no server for {database}")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", HERE / "database"],
        env={**os.environ, "ASYNCGEN_TEST_DATABASE": database},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=540,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
