"""Every native backend in a process of its own: settings are for a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import require

HERE = Path(__file__).parent


@pytest.mark.skipif(
    "ASYNCGEN_TEST_DATABASE" in os.environ, reason="ASYNCGEN_TEST_DATABASE asks for one database"
)
@pytest.mark.parametrize("database", ["native_sqlite", "native_postgres", "native_mariadb"])
def test_natively(database: str) -> None:
    require(database)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", HERE / "database"],
        env={**os.environ, "ASYNCGEN_TEST_DATABASE": database},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=540,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
