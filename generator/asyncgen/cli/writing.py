"""`build`, `check`, `diff`, `apply`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from asyncgen.cli.console import count
from asyncgen.cli.running import (
    analysed,
    changed_twins,
    compared,
    drift_problems,
    remember_build,
    unchanged,
    with_uncovered,
)
from asyncgen.cli.session import DRIFT, IN_SYNC, Session, verb
from asyncgen.problems import AsyncgenError, Problem, Severity

if TYPE_CHECKING:
    from asyncgen.config import Config
    from asyncgen.plan import Result
    from asyncgen.surface import Rendered

# By DriftKind's values.
VERBS = {"missing": "wrote", "changed": "rewrote", "orphan": "removed"}
GONE = "AG504"  # the code of what is inherited or imported, and no longer written
UNWIRED = "AG502"  # that of a class without its mixin
RUNTIME = "asyncgen_runtime"


@click.command()
@click.option("--verify", is_flag=True, help="Run mypy and stubtest on what was written.")
@click.option("--fail-on-change", is_flag=True, help="Exit with 1 when a file changed.")
@verb
def build(session: Session, verify: bool, fail_on_change: bool) -> int:
    """Write what is missing or out of date."""
    from asyncgen.journal import complete
    from asyncgen.output import write

    complete(session.configuration.parent)
    wiring = None if verify else unchanged(session, renews=True)
    if wiring is not None:
        session.say("asyncgen: in sync, nothing read")
        _say_what_is_next(session, wiring)
        return IN_SYNC
    config = session.config()
    result, rendered, drifts = compared(session, config)
    changed = write(config.path, rendered, drifts)
    if any(each.is_source and each.path in changed for each in rendered):
        result = analysed(session, config)  # of the sources as they are now, for the next check
    covered = with_uncovered(config, result)
    remember_build(session, config, covered, rendered)
    for drift in drifts:
        session.say(f"{VERBS[drift.kind.value]} {drift.path}")
    session.say(_summary(result, changed))
    session.complain(covered.problems[len(result.problems) :])
    _say_what_is_to_install(session, config, rendered)
    _say_what_is_next(session, [each.problem() for each in result.faults])
    if verify:
        _verify(session, config, result, rendered)
    return DRIFT if changed and fail_on_change else IN_SYNC


@click.command()
@verb
def check(session: Session) -> int:
    """Tell whether the files are in sync, and write nothing. Exit status 1 when they are not."""
    problems = unchanged(session)
    if problems is None:
        config = session.config()
        result, rendered, drifts = compared(session, config)
        problems = drift_problems(config, rendered, drifts)
        problems += [each.problem() for each in result.faults]
        problems += with_uncovered(config, result).problems[len(result.problems) :]
    session.complain(problems)
    is_drift = any(each.severity is Severity.ERROR for each in problems)
    if not is_drift:
        unwired = [each for each in problems if each.code == UNWIRED]
        classes = count(len(unwired), "class", "classes")
        session.say(
            f"asyncgen: in sync; {classes} to join: `asyncgen apply`"
            if unwired
            else "asyncgen: in sync"
        )
    return DRIFT if is_drift else IN_SYNC


@click.command()
@verb
def diff(session: Session) -> int:
    """Print what `build` would change, as a unified diff. Exit status 1 when there is something."""
    config = session.config()
    _, rendered, drifts = compared(session, config)
    twins = changed_twins(config, rendered, drifts)
    for drift in drifts:
        session.show_diff(drift.path, drift.diff, twins.get(drift.path, ""))
    return DRIFT if drifts else IN_SYNC


@click.command()
@click.option("--diff", "shows_diff", is_flag=True, help="Print the changes and write nothing.")
@click.option("--check", "only_checks", is_flag=True, help="List the files and write nothing.")
@verb
def apply(session: Session, shows_diff: bool, only_checks: bool) -> int:
    """Have your classes inherit the mixins that were written for them.

    Adds the base and the import to your own source, and takes out what is there no more. With
    --diff or --check, exit status 1 when there is something to do; without, when something is left
    that can only be done by hand.
    """
    from asyncgen.mend import mended, write

    config = session.config()
    result, rendered, drifts = compared(session, config)
    if drifts:
        session.complain(drift_problems(config, rendered, drifts))
        return DRIFT
    mends = mended(config, result.faults)
    if shows_diff or only_checks:
        for change in mends.changes:
            if shows_diff:
                session.show_diff(change.path, change.diff)
            else:
                session.show_file(change.path)
    else:
        for path in write(config.root, mends.changes):
            session.say(f"changed {path}")
        if not result.faults:
            session.say("asyncgen: every class has what was written for it")
    session.complain(mends.left)
    is_left = mends.left or ((shows_diff or only_checks) and mends.changes)
    return DRIFT if is_left else IN_SYNC


def _verify(session: Session, config: Config, result: Result, rendered: Sequence[Rendered]) -> None:
    """Raise what mypy and stubtest find."""
    from asyncgen.verify import Written, verify

    texts = {each.path: each.text for each in rendered}
    written = [Written(stub, texts[stub.path]) for stub in result.stubs]
    problems = verify(config, written)
    if problems:
        raise AsyncgenError(*problems)
    session.say(f"asyncgen: mypy and stubtest agree with {len(written)} stubs")


def _summary(result: Result, changed: Sequence[str]) -> str:
    from asyncgen.surface import Kind

    kinds = [entry.decision.kind for entry in result.entries]
    twins = sum(entry.decision.twin is not None for entry in result.entries)
    without = ", ".join(
        f"{kinds.count(kind)} {kind.value}" for kind in Kind if kind in kinds and not kind.has_twin
    )
    files = len({entry.module.path for entry in result.entries})
    return (
        f"asyncgen: {count(len(result.entries), 'callable')} read in {count(files, 'file')}, "
        f"{count(twins, 'twin')}; {f'none for {without}; ' if without else ''}"
        f"{count(len(changed), 'file')} changed{_untyped(result)}"
    )


def _untyped(result: Result) -> str:
    """What the summary says of types that are not known."""
    from asyncgen.stub.companions import types
    from asyncgen.surface import Origin

    unknown = [each for each in types(result.stubs).values() if each.origin is Origin.UNKNOWN]
    said = ""
    if unknown:
        said = f"; {count(len(unknown), 'return type')} unknown, see `asyncgen explain`"
    if not result.has_django_stubs:
        said += "; django-stubs not found, so fewer types are known"
    return said


def _say_what_is_to_install(session: Session, config: Config, rendered: Sequence[Rendered]) -> None:
    from asyncgen.environment import lacks

    imports = any(RUNTIME in each.text for each in rendered)
    if imports and lacks(config, RUNTIME):
        session.say(
            "Next: install asyncgen-runtime in the project's environment, for what is written "
            "imports it"
        )


def _say_what_is_next(session: Session, wiring: Sequence[Problem]) -> None:
    unwired = [each for each in wiring if each.code != GONE]
    if len(unwired) < len(wiring):
        session.say("Next: `asyncgen apply` takes out base classes and imports that are gone")
    if unwired:
        classes, them = count(len(unwired), "class", "classes"), "them" if unwired[1:] else "it"
        session.say(
            f"Next: `asyncgen apply` joins {classes} with what is written; "
            f"`asyncgen check` lists {them}"
        )
