"""Changes of people's own files, written all or none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from asyncgen.journal import Step, carry_out, hash_of
from asyncgen.mend.apply import Change
from asyncgen.problems import AsyncgenError, Location, Problem


def write(root: Path, changes: Iterable[Change]) -> list[str]:
    """Put the new content in the place of the old; the paths that changed. A symbolic link stays
    one. Raises AsyncgenError (AG404); every file then is as it was."""
    changes = list(changes)
    steps: list[Step] = []
    for each in changes:
        target = (root / each.path).resolve()
        if target.read_bytes() != each.before:
            raise AsyncgenError(
                Problem(
                    "AG404",
                    "cannot write the file: it has changed since it was read",
                    "run asyncgen again; nothing was changed",
                    Location(each.path, 1),
                )
            )
        steps.append(Step(str(target), hash_of(each.before), each.after))
    carry_out(root, steps)
    return [each.path for each in changes]
