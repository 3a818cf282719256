"""Steps that `build`, `check`, `diff`, `apply` and `explain` share: run the pipeline, compare with
the disk, or see that nothing changed since the last build."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from asyncgen.cli.entries import entry_line
from asyncgen.cli.session import Session
from asyncgen.problems import AsyncgenError, Location, Problem, Severity, as_json, from_json

if TYPE_CHECKING:
    from asyncgen.config import Config
    from asyncgen.plan import Result
    from asyncgen.surface import Drift, Rendered

# What `check` finds wrong with how classes inherit their mixins; see `wiring`.
WIRING = frozenset({"AG502", "AG503", "AG504"})
LEFT = "AG505"  # the code of what is no longer due, and is left where it is
# By DriftKind's values.
_STATES = {
    "missing": "is missing",
    "changed": "is out of date",
    "orphan": "is generated, but from nothing any more",
}


def analysed(session: Session, config: Config) -> Result:
    """Run the pipeline. It makes hardly any cycles, and looking for them is a fifth of its time;
    what it leaves is needed until the end."""
    if not config.sources:
        raise AsyncgenError(
            Problem(
                "AG104",
                "[tool.asyncgen] names no sources, so nothing can be written",
                'name modules, such as sources = ["shop/models.py"]: `asyncgen init` proposes some '
                "where there is no table",
                Location(str(config.path), 1),
            )
        )
    gc.disable()
    try:
        from asyncgen.plan import Run

        with session.progress() as progress:
            return Run(config, progress).result()
    finally:
        gc.freeze()
        gc.enable()


def compared(session: Session, config: Config) -> tuple[Result, list[Rendered], list[Drift]]:
    """Run the pipeline and compare with the disk; problems that are no errors are printed."""
    from asyncgen.journal import is_half_done
    from asyncgen.output import drift, leftovers
    from asyncgen.plan import rendered

    if is_half_done(config.root):
        session.complain([_stopped(config)])
    result = analysed(session, config)
    if result.errors:
        session.complain([each for each in result.problems if each.severity is Severity.WARNING])
        raise AsyncgenError(*result.errors)
    texts = list(rendered(result, config))
    left = leftovers(config, texts, result.marked)
    texts += left.cleared
    result = replace(result, problems=(*result.problems, *left.problems))
    session.complain(result.problems)
    if session.verbosity > 0:
        for entry in result.entries:
            session.say(entry_line(entry), at=1)
    return result, texts, drift(config.root, texts, left.removable)


def _stopped(config: Config) -> Problem:
    return Problem(
        "AG406",
        "a build was stopped half way: some files are as they were, and some as they are to be",
        "`asyncgen build` completes it",
        Location(str(config.path), 1),
        Severity.WARNING,
    )


def with_uncovered(config: Config, result: Result) -> Result:
    """The result with a warning of what no source names, last, and where such might come to be."""
    from asyncgen.globs import Globber
    from asyncgen.plan import uncovered, unnamed

    globber = Globber()
    looks = unnamed(config, result, globber)
    return replace(
        result,
        problems=(*result.problems, *uncovered(config, looks)),
        folders=(*result.folders, *globber.folders),
        looks=looks,
    )


def drift_problems(
    config: Config, rendered: Sequence[Rendered], drifts: Sequence[Drift]
) -> list[Problem]:
    """What drifted, each with what becomes of the twins in it."""
    said = changed_twins(config, rendered, drifts)
    return [_drift_problem(each, said.get(each.path, "")) for each in drifts]


def changed_twins(
    config: Config, rendered: Sequence[Rendered], drifts: Sequence[Drift]
) -> dict[str, str]:
    """What a build does to the twins in each module that is out of date, in words."""
    from asyncgen.changed import said
    from asyncgen.output import current
    from asyncgen.surface import DriftKind

    drifted = {each.path for each in drifts if each.kind is DriftKind.CHANGED}
    return {
        now.path: said(current(config.root, now.path, is_source=now.is_source) or "", now.text)
        for now in rendered
        if now.path in drifted and now.path.endswith(".py")
    }


def _drift_problem(drift: Drift, twins: str) -> Problem:
    """The file that drifted as a problem; `twins` says what becomes of its twins."""
    state = _STATES[drift.kind.value]
    return Problem(
        "AG501",
        f"{drift.path} {state}{f': `asyncgen build` {twins}' if twins else ''}",
        "run `asyncgen build`; `asyncgen diff` shows what would change",
        Location(drift.path, 1),
    )


def unchanged(session: Session, *, renews: bool = False) -> list[Problem] | None:
    """What is wrong with the wiring, if nothing that the last build depended on has changed since;
    its warnings are given."""
    from asyncgen.stamp import warnings

    if session.verbosity > 0:
        return None
    lines = warnings(str(session.configuration), session.python)
    if lines is None:
        lines = _unmoved(session, renews=renews)
    if lines is None:
        return None
    known = [from_json(each) for each in lines]
    session.complain([each for each in known if each.code not in WIRING])
    return [each for each in known if each.code in WIRING]


def _unmoved(session: Session, *, renews: bool) -> list[str] | None:
    """The warnings of the last build, where what was edited since changes nothing. With `renews`
    the next look is as fast as after a build."""
    from asyncgen import stamp

    configuration = str(session.configuration)
    changed = stamp.edited(configuration, session.python)
    if changed is None:
        return None
    from asyncgen.edits import Known, edited

    modules, lines = changed
    now = edited([Known(*each) for each in modules], lines)
    if now is None:
        return None
    answers = stamp.answers(configuration)
    if now.changed or (renews and answers):
        from asyncgen.plan.again import answers_now

        if answers is None:
            return None
        answers = answers_now(session.config(), now, answers)
        if answers is None:
            return None
    if renews:
        known = ((each.path, each.key, each.name, each.shown, each.hash) for each in now.modules)
        stamp.renew(configuration, known, now.warnings, answers)
    return now.warnings


def remember_build(session: Session, config: Config, result: Result, texts: list[Rendered]) -> None:
    """Note what a build depended on and said, for the next check."""
    from asyncgen.stamp import remember

    problems = [*result.problems, *(each.problem() for each in result.faults)]
    left = [each.location.path for each in result.problems if each.code == LEFT and each.location]
    remember(
        config,
        session.python,
        result,
        [*(each.path for each in texts), *left],
        map(as_json, problems),
    )
