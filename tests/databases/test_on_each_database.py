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
BOOKSHOP = TESTS.parent / "examples" / "bookshop"
NATIVE_SETTINGS = """
from bookshop.settings import *

for each in DATABASES.values():
    each["ENGINE"] = each["ENGINE"].replace("django.db.backends", "asyncgen_native")
    each["TEST"] = {"NAME": TEST_NAME}
INSTALLED_APPS = [*INSTALLED_APPS, "asyncgen_native"]
"""
SECONDS = float(os.environ.get("ASYNCGEN_SOAK_SECONDS", "4"))
DATABASES = {
    "runtime/database": (
        *("memory", "postgres", "mariadb"),
        *("native_sqlite", "native_postgres", "native_mariadb"),
    ),
    "coherence": ("native_sqlite", "native_postgres"),
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


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_bookshop_passes_its_tests_natively(database: str, tmp_path: Path) -> None:
    require(database)
    name = str(tmp_path / "test.sqlite3") if database == "sqlite" else f"test_shop_{os.getpid()}"
    settings = f"TEST_NAME = {name!r}\n{NATIVE_SETTINGS}"
    (tmp_path / "native_settings.py").write_text(settings, encoding="utf-8")
    places = {
        f"PG{each}": os.environ[f"ASYNCGEN_POSTGRES_{each}"]
        for each in ("HOST", "PORT", "USER", "PASSWORD")
        if f"ASYNCGEN_POSTGRES_{each}" in os.environ
    }
    done = subprocess.run(
        [
            *(sys.executable, "-W", "error::ResourceWarning", "manage.py", "test", "--noinput"),
            "--settings=native_settings",
        ],
        env={
            **os.environ,
            **places,
            "BOOKSHOP_DATABASE": database,
            "PGDATABASE": "postgres",
            "PYTHONPATH": str(tmp_path),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=BOOKSHOP,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nOK" in done.stderr, done.stderr
