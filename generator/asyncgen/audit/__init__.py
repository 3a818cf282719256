"""What runs on the event loop and must not: queries, files, sleep, and what is never awaited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from asyncgen.audit.finding import Audit
from asyncgen.config import Config
from asyncgen.contents import Contents


def audited(
    config: Config, paths: Sequence[Path], possible: bool, contents: Contents | None = None
) -> Audit:
    """What is found in the modules below `paths`; with `possible`, also what only may be so.
    `contents` are what is in their files, where that is not only on the disk.

    Reads source text alone; nothing is executed. Raises AsyncgenError where it cannot be read.
    """
    from asyncgen.audit.earlier import recalled

    is_on_disk = not (contents and contents.edited)
    known = recalled(config, paths, possible) if is_on_disk else None
    return known or _anew(config, paths, possible, contents or Contents())


def _anew(config: Config, paths: Sequence[Path], possible: bool, contents: Contents) -> Audit:
    from asyncgen.analysis.answers import Asked
    from asyncgen.audit.earlier import keep
    from asyncgen.audit.engine import Engine
    from asyncgen.audit.project import Project
    from asyncgen.audit.units import told

    project = Project(config, paths, contents)
    try:
        engine = Engine(project)
        units = engine.units()
    finally:
        project.reader.keep()
    audit = told(units, possible, project.problems)
    if not contents.edited:
        keep(project, Asked(engine.evaluator, project.reader.laters), units, possible, audit)
    return audit
