"""What an edit of bodies changes of what the last build was told: nothing, or all is done again."""

from __future__ import annotations

from asyncgen import stamp
from asyncgen.analysis.answers import Answers, Body, look_alike
from asyncgen.config import Config
from asyncgen.edits import Edited
from asyncgen.plan.run import Run
from asyncgen.source import Later


def answers_now(config: Config, edited: Edited, kept: str) -> str | None:
    """The answers of the last build, as they are after the edit, as text; None where the edit may
    change what is written."""
    try:
        before = Answers.from_text(kept)
    except (ValueError, TypeError, LookupError):
        return None
    moved = {_body(old): _body(new) for old, new in edited.bodies}
    changed = frozenset(_body(old) for old, _ in edited.changed)
    if not all(look_alike(old, new) for old, new in edited.changed):
        return None
    if not changed.isdisjoint(before.shared):
        return None
    before = before.moved(moved)
    changed = frozenset(moved[each] for each in changed)
    if changed.isdisjoint(before.read()):
        return before.as_text()
    run = Run(config)
    now = run.again(before, changed)
    return now.as_text() if now and _reads_no_more(config, run) else None


def _reads_no_more(config: Config, run: Run) -> bool:
    """Whether nothing was read, or looked for in vain, that the last build had no need of."""
    configuration = str(config.path)
    files = stamp.depends_on(configuration, "file")
    absent = stamp.depends_on(configuration, "presence")
    return files.issuperset(map(str, run.paths)) and absent.issuperset(stamp.missing(run.absent()))


def _body(later: Later) -> Body:
    assert later.snippet is not None, "only what a file has is compared"
    return later.snippet.module, later.snippet.before
