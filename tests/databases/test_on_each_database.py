"""The database tests once more, on each of the other databases, and by each native backend.

They need a process each, for a process has one set of Django settings.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import require

TESTS = Path(__file__).parents[1]
SECONDS = float(os.environ.get("ASYNCGEN_SOAK_SECONDS", "4"))
DATABASES = {
    "runtime/database": ("memory", "postgres", "mariadb"),
    "native/database": ("native_sqlite", "native_postgres", "native_mariadb"),
    "soak/test_soak_growth.py": ("postgres", "mariadb"),
    "soak/test_soak_runtime.py": ("postgres", "mariadb"),
}


@pytest.mark.skipif(
    "ASYNCGEN_TEST_DATABASE" in os.environ, reason="ASYNCGEN_TEST_DATABASE asks for one database"
)
@pytest.mark.parametrize(
    ("tests", "database"), [(tests, each) for tests, those in DATABASES.items() for each in those]
)
def test_they_pass(tests: str, database: str) -> None:
    require(database)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-s", "-n0", "--color=no"),
            *("-p", "no:cacheprovider", TESTS / tests),
        ],
        env={**os.environ, "ASYNCGEN_TEST_DATABASE": database},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        timeout=SECONDS + 600,
    )
    print(done.stdout)  # with the seeds
    assert done.returncode == 0, done.stdout + done.stderr
