"""`audit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from asyncgen.cli.console import count
from asyncgen.cli.session import BAD_SOURCE, DRIFT, FORMATS, IN_SYNC, Session, verb
from asyncgen.problems import AsyncgenError, Problem

if TYPE_CHECKING:
    from asyncgen.audit.baseline import Baseline
    from asyncgen.audit.confirm import Sight
    from asyncgen.audit.outcome import Outcome
    from asyncgen.config import Config
    from asyncgen.contents import Contents
    from asyncgen.mend import Change

Look: TypeAlias = "Callable[..., Outcome]"  # what is found, in these contents if they are given
_ROUNDS = 10  # of --fix: what one mend uncovers, the next sees to

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--possible", is_flag=True, help="Tell also what may block, but is not certain to.")
@click.option("--statistics", is_flag=True, help="Count the findings of each code.")
@click.option(
    "--baseline",
    type=_FILE,
    help="A file with the findings that are accepted: only new ones are told.",
)
@click.option("--html", "page", type=_FILE, help="Write a page to look through, in one file.")
@click.option("--write-baseline", is_flag=True, help="Accept what there is now in that file.")
@click.option(
    "--confirm",
    "record",
    type=_FILE,
    help="A record of asyncgen_runtime.watch: tell what your tests have seen.",
)
@click.option("--fix", is_flag=True, help="Mend what means the same when it is mended.")
@click.option("--unsafe-fixes", is_flag=True, help="Mend also what may mean a little else.")
@click.option("--diff", "shows_diff", is_flag=True, help="Print what --fix would do, do nothing.")
@partial(verb, formats=(*FORMATS, "sarif"))
def audit(
    session: Session,
    paths: tuple[Path, ...],
    possible: bool,
    statistics: bool,
    baseline: Path | None,
    page: Path | None,
    write_baseline: bool,
    record: Path | None,
    fix: bool,
    unsafe_fixes: bool,
    shows_diff: bool,
) -> int:
    """Find what blocks the event loop: queries, files, sleep, coroutines that nobody awaits.

    PATHS are files and folders; the whole project without them. Exit status 1 when something is
    found. `asyncgen rule AG703` says what a code means.
    """
    from asyncgen.audit import baseline as accepted
    from asyncgen.audit import confirm
    from asyncgen.audit.report import summary
    from asyncgen.audit.selection import selected

    if write_baseline and not baseline:
        raise AsyncgenError(
            Problem("AG111", "--write-baseline has no file to write", "name it: --baseline FILE")
        )
    config = session.config(is_optional=True)
    files = selected(config, paths)
    known = accepted.read(baseline) if baseline and not write_baseline else None
    sights = confirm.read(record, config.root) if record else None
    look = partial(_outcome, config, files, possible, known, sights)
    if shows_diff:
        return _show_mends(session, config, look, unsafe_fixes)
    outcome = _mended(session, config, look, unsafe_fixes) if fix or unsafe_fixes else look()
    findings = outcome.findings
    if write_baseline and baseline:
        accepted.write(baseline, accepted.of_findings(findings, config.root))
        session.say(f"asyncgen: {baseline} accepts {count(len(findings), 'finding')}")
        return IN_SYNC
    session.show(_printed(session, config, outcome), {each.code for each in findings})
    if page:
        _write_page(page, outcome, config.root.name)
        session.say(f"asyncgen: wrote {page}")
    if statistics and findings:
        session.say(summary.statistics(findings))
    session.say(summary.text(outcome))
    session.complain(outcome.audit.problems)
    if outcome.audit.problems:
        return BAD_SOURCE
    return DRIFT if findings else IN_SYNC


def _outcome(
    config: Config,
    files: Sequence[Path],
    possible: bool,
    known: Baseline | None,
    sights: Sequence[Sight] | None,
    contents: Contents | None = None,
) -> Outcome:
    """What one look at the files finds."""
    from asyncgen.audit import audited
    from asyncgen.audit.outcome import outcome

    audit = audited(config, files, True, contents)
    return outcome(
        config,
        audit,
        files,
        possible=possible,
        baseline=known,
        sights=sights,
        contents=contents,
    )


def _show_mends(session: Session, config: Config, look: Look, unsafe: bool) -> int:
    """Print what --fix would change, after all its rounds: they are made in memory."""
    from asyncgen.contents import Contents

    contents = Contents()
    changed: dict[str, Change] = {}
    for _ in range(_ROUNDS):
        changes = _mends(config, look(contents), unsafe, contents)
        if not changes:
            break
        for each in changes:
            contents.edit(config.root / each.path, each.after)
            first = changed.get(each.path, each)
            changed[each.path] = replace(first, after=each.after)
    for path in sorted(changed):
        session.show_diff(path, changed[path].diff)
    return DRIFT if changed else IN_SYNC


def _mended(session: Session, config: Config, look: Look, unsafe: bool) -> Outcome:
    """Mend, and look again, until nothing is left that can be mended."""
    from asyncgen.mend import write

    outcome, changed = look(), dict[str, None]()
    for _ in range(_ROUNDS):
        changes = _mends(config, outcome, unsafe)
        if not changes:
            break
        changed |= dict.fromkeys(write(config.root, changes))
        outcome = look()
    for path in changed:
        session.say(f"mended {path}")
    return outcome


def _mends(
    config: Config, outcome: Outcome, unsafe: bool, contents: Contents | None = None
) -> Sequence[Change]:
    from asyncgen.mend.fixes import mends

    name = _module_name(config)
    return mends(config, outcome.findings, name, unsafe=unsafe, contents=contents)


def _printed(session: Session, config: Config, outcome: Outcome) -> str:
    """The findings in the format that was asked for; in SARIF with what would mend each."""
    from asyncgen.audit.report import sarif
    from asyncgen.audit.report.formats import FORMATS

    if session.output_format != "sarif":
        return FORMATS[session.output_format](outcome.findings, config.root)
    from asyncgen.mend.fixes import replacements

    mends = replacements(config, outcome.findings, _module_name(config))
    return sarif.text(outcome.findings, config.root, mends)


def _write_page(path: Path, outcome: Outcome, project: str) -> None:
    from asyncgen.audit.report import html

    try:
        path.write_text(html.text(outcome, project), encoding="utf-8")
    except OSError as error:
        raise AsyncgenError(
            Problem("AG113", f"cannot write {path}: {error.strerror}", "name another file")
        ) from error


def _module_name(config: Config) -> Callable[[Path], str]:
    """How modules are called, by their files."""
    from asyncgen.plan.roots import Roots

    return Roots(config).module_name
