"""Settings of the bookshop. `BOOKSHOP_DATABASE=postgres` changes the database."""

import os
from pathlib import Path
from typing import Any

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "for-the-example-only"
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

INSTALLED_APPS = ["shop"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "bookshop.urls"
ASGI_APPLICATION = "bookshop.asgi.application"

SQLITE = Path(os.environ.get("BOOKSHOP_SQLITE", BASE_DIR / "bookshop.sqlite3"))

_DATABASES: dict[str, dict[str, Any]] = {
    "sqlite": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": SQLITE,
        # A transaction takes the write lock when it begins. Taking it later fails at
        # once if another one has written in between, however long the timeout.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
        # A file: requests are answered on several threads, and connections to a
        # database in memory do not wait for one another's locks.
        "TEST": {"NAME": SQLITE.with_suffix(".test.sqlite3")},
    },
    "postgres": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("PGDATABASE", "bookshop"),
        "USER": os.environ.get("PGUSER", "postgres"),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
        "HOST": os.environ.get("PGHOST", "127.0.0.1"),
        "PORT": os.environ.get("PGPORT", "5432"),
    },
}
DATABASES = {"default": _DATABASES[os.environ.get("BOOKSHOP_DATABASE", "sqlite")]}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
