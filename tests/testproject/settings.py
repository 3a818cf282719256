"""Django settings for all tests that need a database.

ASYNCGEN_TEST_DATABASE says which: sqlite (in a file, the default), memory (SQLite's shared cache,
which is what Django's test runner makes of an ordinary project), postgres or mariadb. With
"native_" before it, the backend is that of asyncgen_native.

Names of test databases contain the process id, so that test runs do not meet.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

DATABASE = os.environ.get("ASYNCGEN_TEST_DATABASE", "sqlite")
_TEST_NAME = f"test_asyncgen_{os.getpid()}"

_DATABASES: dict[str, dict[str, Any]] = {
    "sqlite": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(tempfile.gettempdir(), "asyncgen.sqlite3"),
        # IMMEDIATE takes the write lock when a transaction begins, where waiting for it works:
        # upgrading a read lock fails at once if another transaction has written meanwhile.
        # What a test leaves need not survive a power cut: no waiting for the disk.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA synchronous=OFF",
        },
        "TEST": {"NAME": str(Path(tempfile.gettempdir(), f"{_TEST_NAME}.sqlite3"))},
    },
    "memory": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
    "postgres": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "postgres",
        "USER": os.environ.get("ASYNCGEN_POSTGRES_USER", "postgres"),
        "PASSWORD": os.environ.get("ASYNCGEN_POSTGRES_PASSWORD", ""),
        "HOST": os.environ.get("ASYNCGEN_POSTGRES_HOST", "127.0.0.1"),
        "PORT": os.environ.get("ASYNCGEN_POSTGRES_PORT", "5432"),
        "OPTIONS": {"options": "-c synchronous_commit=off"},
        "TEST": {"NAME": _TEST_NAME},
    },
    "mariadb": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "mysql",
        "USER": os.environ.get("ASYNCGEN_MARIADB_USER", "root"),
        "PASSWORD": os.environ.get("ASYNCGEN_MARIADB_PASSWORD", ""),
        "HOST": os.environ.get("ASYNCGEN_MARIADB_HOST", "127.0.0.1"),
        "PORT": os.environ.get("ASYNCGEN_MARIADB_PORT", "3306"),
        "TEST": {"NAME": _TEST_NAME, "CHARSET": "utf8mb4"},
    },
}

for name in ("sqlite", "postgres", "mariadb"):
    engine = _DATABASES[name]["ENGINE"].rpartition(".")[2]
    _DATABASES[f"native_{name}"] = _DATABASES[name] | {"ENGINE": f"asyncgen_native.{engine}"}

if DATABASE.endswith("mariadb"):
    # mysqlclient has to be compiled against MariaDB's headers; PyMySQL works on a bare machine.
    import pymysql

    pymysql.install_as_MySQLdb()

DATABASES = {
    "default": _DATABASES[DATABASE],
    # For what involves two databases. Tests have to ask for it.
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.flatpages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "tests.testproject.library",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "only for tests"
USE_TZ = True
