"""Django for the tests in this directory, with the settings of all database tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


@pytest.fixture
def surface(tmp_path: Path) -> Callable[..., ModuleType]:
    """Generate a surface of the installed Django with other settings, and import it."""
    from asyncgen.config import Config, Source

    from tests.support.building import build

    def surface(**settings: Any) -> ModuleType:
        config = Config(
            root=tmp_path,
            path=tmp_path / "pyproject.toml",
            sources=(
                Source(
                    sources=("django.db.models.query", "django.db.models.manager"),
                    output="made.py",
                    stubs="none",
                    style="subclass",
                    handwritten="replace",
                    **settings,
                ),
            ),
        )
        (text,) = build(config).texts.values()
        module = ModuleType("made")
        exec(compile(text, "made.py", "exec"), vars(module))
        return module

    return surface
