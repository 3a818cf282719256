"""Django for the tests in this directory. The settings are those of all database tests."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.testproject.settings")

import django

django.setup()


@pytest.fixture(scope="session")
def _no_connection_left(django_db_setup: None) -> Iterator[None]:
    """Without this, PostgreSQL could not drop the test database."""
    from asyncgen_runtime.test import aclose_connections

    yield
    asyncio.run(aclose_connections())


@pytest.fixture
def database(_no_connection_left: None, transactional_db: None) -> None:
    """A database that other threads see too."""
