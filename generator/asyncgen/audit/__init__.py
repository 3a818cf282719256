"""What runs on the event loop and must not: queries, files, sleep, and what is never awaited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asyncgen.audit.finding import Audit
from asyncgen.config import Config


def audited(config: Config, paths: Sequence[Path], possible: bool) -> Audit:
    """What is found in the modules below `paths`; with `possible`, also what only may be so.

    Reads source text alone; nothing is executed. Raises AsyncgenError where it cannot be read.
    """
    from asyncgen.audit.engine import Engine
    from asyncgen.audit.project import Project

    project = Project(config, paths)
    try:
        return Engine(project).audit(possible)
    finally:
        project.reader.keep()
