"""The database tests once more, on each of the other databases.

They need a process each, for a process has one set of Django settings.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import require


@pytest.mark.skipif(
    "ASYNCGEN_TEST_DATABASE" in os.environ, reason="ASYNCGEN_TEST_DATABASE asks for one database"
)
@pytest.mark.parametrize("database", ["memory", "postgres", "mariadb"])
def test_on(database: str) -> None:
    require(database)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--color=no", Path(__file__).with_name("database")],
        env={**os.environ, "ASYNCGEN_TEST_DATABASE": database},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
