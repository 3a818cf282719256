"""A finding to print, to ignore and to accept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asyncgen.audit.finding import Finding, Fix, Level, Link

Make = Callable[..., Finding]

ROOT = Path("/srv/depot-project")


@pytest.fixture
def make() -> Make:
    """A finding as the audit gives it, with what is said of it in its place."""

    def made(**changes: object) -> Finding:
        known: dict[str, object] = {
            "path": ROOT / "depot/jobs.py",
            "line": 12,
            "column": 11,
            "end_line": 12,
            "end_column": 29,
            "code": "AG704",
            "level": Level.CERTAIN,
            "message": "capacity_left() queries on the event loop",
            "function": "depot.jobs.helper_deep",
            "statement": 'return capacity_left("A")',
            "chain": (
                Link(ROOT / "depot/jobs.py", 12, "capacity_left(), in async def helper_deep"),
                Link(ROOT / "depot/helpers.py", 25, "find_site()"),
                Link(ROOT / "depot/helpers.py", 21, "Site.objects.get(), which queries"),
            ),
            "fix": Fix("thread-the-call", 'await sync_to_async(capacity_left)("A")', True),
        }
        return Finding(**(known | changes))  # type: ignore[arg-type]  # a table of its fields

    return made
