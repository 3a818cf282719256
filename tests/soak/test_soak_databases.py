"""The soak of the runtime once more, on each of the other databases.

It needs a process each, for a process has one set of Django settings.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import require

SECONDS = float(os.environ.get("ASYNCGEN_SOAK_SECONDS", "4"))


@pytest.mark.skipif(
    "ASYNCGEN_TEST_DATABASE" in os.environ, reason="ASYNCGEN_TEST_DATABASE asks for one database"
)
@pytest.mark.parametrize("database", ["postgres", "mariadb"])
def test_on(database: str) -> None:
    require(database)
    soak = Path(__file__).with_name("test_soak_runtime.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-n0", "--color=no", soak],
        env={**os.environ, "ASYNCGEN_TEST_DATABASE": database},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SECONDS + 600,
    )
    print(done.stdout)  # with the seeds
    assert done.returncode == 0, done.stdout + done.stderr
