from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "projects")]

import checkers  # noqa: E402


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the type checkers' programs."""
    return checkers.environment()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Path:
    """The project of hard cases, built."""
    return checkers.build(tmp_path_factory.mktemp("hard"), programs)
