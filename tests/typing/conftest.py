from __future__ import annotations

from pathlib import Path

import checkers
import pytest


@pytest.fixture(scope="session")
def programs() -> Path:
    """The folder of the type checkers' programs."""
    return checkers.environment()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Path:
    """The project of hard cases, built."""
    return checkers.build(tmp_path_factory.mktemp("hard"), programs)
