"""Verbs and flags. The only module that exits.

Exit status: 0 in sync (or done), 1 drift, 2 bad configuration or usage, 3 source that cannot be
processed, 4 a fault of asyncgen.
"""

from __future__ import annotations

import gc
import json
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from asyncgen.deep import deeply
from asyncgen.files import nearest_configuration
from asyncgen.presets import PRESETS
from asyncgen.problems import AsyncgenError, Location, Problem, Severity, as_json, from_json
from asyncgen.report import (
    VERBS,
    Console,
    called,
    class_tree,
    count,
    drift_problem,
    entry_json,
    entry_line,
    entry_text,
    is_class,
    is_rule,
    near_entry,
    summary,
)

if TYPE_CHECKING:
    from asyncgen.audit.outcome import Outcome
    from asyncgen.config import Config
    from asyncgen.mend import Change
    from asyncgen.plan import Result
    from asyncgen.surface import Drift, Rendered

# What `check` finds wrong with how classes inherit their mixins; see `wiring`.
WIRING = frozenset({"AG502", "AG503", "AG504", "AG506"})
NAMED = "AG506"  # that of them which is of a migration, and of no class
IN_SYNC, DRIFT, BAD_CONFIGURATION, BAD_SOURCE, FAULT = range(5)
LEFT = "AG505"  # the code of what is no longer due, and is left where it is
_ROUNDS = 10  # of --fix: what one mend uncovers, the next sees to
INTERRUPTED = 130  # as a shell has it

EVERYWHERE = "asyncgen_django.everywhere"
RUNTIME = "asyncgen_runtime"

P = ParamSpec("P")


@dataclass
class Session(Console):
    """The options that all verbs share, and how to speak."""

    config_path: Path | None = None
    python: str | None = None

    @property
    def configuration(self) -> Path:
        """The file that --config names, else the nearest with [tool.asyncgen]."""
        return Path(self.config_path or nearest_configuration(str(Path.cwd()))).resolve()

    def config(self, *, is_optional: bool = False) -> Config:
        from asyncgen.config import load

        config = load(self.configuration, is_optional=is_optional)
        return replace(config, python=self.python) if self.python else config


def _status(problems: Sequence[Problem]) -> int:
    """3 when a source cannot be processed or an output not be written, else 2."""
    return BAD_SOURCE if any(each.code >= "AG3" for each in problems) else BAD_CONFIGURATION


def _keep(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Note a shared option in the session; after the verb it outranks the one before."""
    session = context.find_object(Session) or context.ensure_object(Session)
    if value:
        setattr(session, str(parameter.name), value)


_SHARED_OPTIONS = (
    click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path, dir_okay=False),
        expose_value=False,
        callback=_keep,
        help="The pyproject.toml to use; otherwise the nearest one with [tool.asyncgen].",
    ),
    click.option(
        "--python",
        metavar="PATH",
        expose_value=False,
        callback=_keep,
        help="A Python executable or environment whose site-packages are read; otherwise "
        "the project's environment, which is found.",
    ),
    click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_keep, help="Print errors only."
    ),
    click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=_keep,
        help="Print every decision.",
    ),
)


_FORMATS = ("full", "concise", "github", "json")


def _with_shared_options(
    function: Callable[P, None], formats: Sequence[str] = _FORMATS
) -> Callable[P, None]:
    """The options that may stand before or after the verb."""
    output_format = click.option(
        "--output-format",
        type=click.Choice(formats),
        expose_value=False,
        callback=_keep,
        help="How problems are printed; full unless it is said.",
    )
    for option in (output_format, *reversed(_SHARED_OPTIONS)):
        function = option(function)
    return function


def _verb(
    function: Callable[Concatenate[Session, P], int], formats: Sequence[str] = _FORMATS
) -> Callable[P, None]:
    """Run a verb; turn what it raises into printed problems and its answer into the exit status."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        session = click.get_current_context().find_object(Session)
        assert session is not None, "the shared options make one"
        try:
            with warnings.catch_warnings():
                # What a source does, such as an escape that is none, is not ours to warn about.
                warnings.simplefilter("ignore", SyntaxWarning)
                warnings.simplefilter("ignore", DeprecationWarning)
                status = deeply(lambda: function(session, *args, **kwargs))
        except AsyncgenError as error:
            session.complain(error.problems)
            status = _status(error.problems)
        except BrokenPipeError:  # who reads what is printed has seen enough: click knows of it
            raise
        except KeyboardInterrupt:
            status = INTERRUPTED
        except Exception as error:
            session.confess(error)
            status = FAULT
        session.say_what_codes_mean()
        sys.exit(status)

    return _with_shared_options(run, formats)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@_with_shared_options
@click.version_option(package_name="asyncgen", prog_name="asyncgen")
def main() -> None:
    """Generate the async surface of Django querysets, managers, models and functions.

    The sync source is read, never imported. What is written is ordinary Python, to be committed.
    """


@main.command()
@click.option("--verify", is_flag=True, help="Run mypy and stubtest on what was written.")
@click.option("--fail-on-change", is_flag=True, help="Exit with 1 when a file changed.")
@_verb
def build(session: Session, verify: bool, fail_on_change: bool) -> int:
    """Write what is missing or out of date."""
    from asyncgen.journal import complete
    from asyncgen.output import write

    complete(session.configuration.parent)
    unchanged = None if verify else _unchanged(session, renews=True)
    if unchanged is not None:
        session.say("asyncgen: in sync, nothing read")
        _say_what_is_next(session, unchanged)
        return IN_SYNC
    config = session.config()
    result, rendered, drifts = _compared(session, config)
    changed = write(config.path, rendered, drifts)
    if any(each.is_source and each.path in changed for each in rendered):
        result = _result(session, config)  # of the sources as they are now, for the next check
    _remember(session, config, result, rendered)
    for drift in drifts:
        session.say(f"{VERBS[drift.kind.value]} {drift.path}")
    session.say(summary(result, changed))
    _say_what_is_uncovered(session, config, result)
    _say_what_is_to_install(session, config, rendered)
    _say_what_is_next(session, [each.problem() for each in result.faults])
    if verify:
        _verify(session, config, result, rendered)
    return DRIFT if changed and fail_on_change else IN_SYNC


@main.command()
@_verb
def check(session: Session) -> int:
    """Tell whether the files are in sync, and write nothing. Exit status 1 when they are not."""
    found = _unchanged(session)
    if found is None:
        config = session.config()
        result, rendered, drifts = _compared(session, config)
        found = _drift_problems(config, rendered, drifts)
        found += [each.problem() for each in result.faults]
        _say_what_is_uncovered(session, config, result)
    session.complain(found)
    is_drift = any(each.severity is Severity.ERROR for each in found)
    if not is_drift:
        session.say("asyncgen: in sync")
    return DRIFT if is_drift else IN_SYNC


@main.command()
@_verb
def diff(session: Session) -> int:
    """Print what `build` would change, as a unified diff. Exit status 1 when there is something."""
    _, _, drifts = _compared(session, session.config())
    for drift in drifts:
        session.show_diff(drift.path, drift.diff)
    return DRIFT if drifts else IN_SYNC


@main.command()
@click.option("--diff", "shows_diff", is_flag=True, help="Print the changes and write nothing.")
@click.option("--check", "only_checks", is_flag=True, help="List the files and write nothing.")
@_verb
def apply(session: Session, shows_diff: bool, only_checks: bool) -> int:
    """Have your classes inherit the mixins that were written for them.

    Adds the base and the import to your own source, takes out what is there no more, and takes
    mixins out of migrations. With --diff or --check, exit status 1 when there is something to do;
    without, when something is left that can only be done by hand.
    """
    from asyncgen.mend import mended, write

    config = session.config()
    result, rendered, drifts = _compared(session, config)
    if drifts:
        session.complain(_drift_problems(config, rendered, drifts))
        return DRIFT
    found = mended(config, result.faults)
    if shows_diff or only_checks:
        for change in found.changes:
            if shows_diff:
                session.show_diff(change.path, change.diff)
            else:
                session.say(change.path)
    else:
        for path in write(config.root, found.changes):
            session.say(f"changed {path}")
        if not result.faults:
            session.say("asyncgen: every class has what was written for it")
    session.complain(found.left)
    is_left = found.left or ((shows_diff or only_checks) and found.changes)
    return DRIFT if is_left else IN_SYNC


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--possible", is_flag=True, help="Tell also what may block, but is not certain to.")
@click.option("--statistics", is_flag=True, help="Count the findings of each code.")
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the findings that are accepted: only new ones are told.",
)
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page to look through, in one file.",
)
@click.option("--write-baseline", is_flag=True, help="Accept what there is now in that file.")
@click.option(
    "--confirm",
    "record",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A record of asyncgen_runtime.watch: tell what your tests have seen.",
)
@click.option("--fix", is_flag=True, help="Mend what means the same when it is mended.")
@click.option("--unsafe-fixes", is_flag=True, help="Mend also what may mean a little else.")
@click.option("--diff", "shows_diff", is_flag=True, help="Print what --fix would do, do nothing.")
@partial(_verb, formats=(*_FORMATS, "sarif"))
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
    from asyncgen.audit import audited, confirm
    from asyncgen.audit import baseline as accepted
    from asyncgen.audit.outcome import outcome
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

    def look() -> Outcome:
        audit = audited(config, files, True)
        return outcome(config, audit, files, possible=possible, baseline=known, sights=sights)

    if shows_diff:
        return _show_mends(session, config, look(), unsafe_fixes)
    found = _mended(session, config, look, unsafe_fixes) if fix or unsafe_fixes else look()
    if write_baseline and baseline:
        accepted.write(baseline, accepted.of_findings(found.findings, config.root))
        session.say(f"asyncgen: {baseline} accepts {count(len(found.findings), 'finding')}")
        return IN_SYNC
    session.show(_printed(session, config, found), {each.code for each in found.findings})
    if page:
        _write_page(page, found, config.root.name)
        session.say(f"asyncgen: wrote {page}")
    if statistics:
        session.say(summary.statistics(found.findings))
    session.say(summary.text(found))
    session.complain(found.audit.problems)
    if found.audit.problems:
        return BAD_SOURCE
    return DRIFT if found.findings else IN_SYNC


def _show_mends(session: Session, config: Config, found: Outcome, unsafe: bool) -> int:
    """Print what the first pass of --fix would change."""
    changes = _mends(config, found, unsafe)
    for change in changes:
        session.show_diff(change.path, change.diff)
    return DRIFT if changes else IN_SYNC


def _mended(session: Session, config: Config, look: Callable[[], Outcome], unsafe: bool) -> Outcome:
    """Mend, and look again, until nothing is left that can be mended."""
    from asyncgen.mend import write

    found, changed = look(), dict[str, None]()
    for _ in range(_ROUNDS):
        changes = _mends(config, found, unsafe)
        if not changes:
            break
        changed |= dict.fromkeys(write(config.root, changes))
        found = look()
    for path in changed:
        session.say(f"mended {path}")
    return found


def _mends(config: Config, found: Outcome, unsafe: bool) -> Sequence[Change]:
    from asyncgen.mend.fixes import mends

    return mends(config, found.findings, _module_name(config), unsafe=unsafe)


def _printed(session: Session, config: Config, found: Outcome) -> str:
    """The findings in the format that was asked for; in SARIF with what would mend each."""
    from asyncgen.audit.report import sarif
    from asyncgen.audit.report.formats import FORMATS

    if session.output_format != "sarif":
        return FORMATS[session.output_format](found.findings, config.root)
    from asyncgen.mend.fixes import replacements

    mends = replacements(config, found.findings, _module_name(config))
    return sarif.text(found.findings, config.root, mends)


def _write_page(path: Path, found: Outcome, project: str) -> None:
    from asyncgen.audit.report import html

    try:
        path.write_text(html.text(found, project), encoding="utf-8")
    except OSError as error:
        raise AsyncgenError(
            Problem("AG113", f"cannot write {path}: {error.strerror}", "name another file")
        ) from error


def _module_name(config: Config) -> Callable[[Path], str]:
    """How modules are called, by their files."""
    from asyncgen.config import Source
    from asyncgen.plan.selection import Selection

    return Selection(config, Source()).module_name


@main.command()
@click.argument("code")
@_verb
def rule(session: Session, code: str) -> int:
    """Say what a code such as AG305 means, why it is told, and the way out."""
    return _rule(session, code)


@main.command()
@click.argument("name", required=False)
@_verb
def explain(session: Session, name: str | None) -> int:
    """Print why each callable gets a twin or none: kind, evidence, twin; or what a code means.

    NAME is a dotted name or the end of one: django.db.models.QuerySet.get, BookQuerySet.total,
    total; that of a twin, atotal; of a class, BookQuerySet, whose callables are listed; or a place,
    shop/models.py:40. Without it, every callable that the configuration covers is listed. For
    asyncgen_django.everywhere, what that app changes of Django is.
    """
    if name and is_rule(name):
        return _rule(session, name)
    config = session.config()
    if name == EVERYWHERE:
        return _explain_everywhere(session, config)
    result = _result(session, config)
    if result.errors:
        raise AsyncgenError(*result.errors)
    entries = called(result.entries, name) if name else list(result.entries)
    if name and not entries:
        raise AsyncgenError(
            Problem(
                "AG205",
                f"the configuration covers nothing that is called {name}",
                f"{near_entry(result.entries, name)}`asyncgen explain` lists what it covers; add a "
                "source to [tool.asyncgen]",
            )
        )
    from asyncgen.stub.companions import types

    stubs = types(result.stubs)
    if not entries and session.output_format != "json":
        session.say("asyncgen: the sources have no queryset, manager or model with a callable")
    if name and not session.as_json and is_class(entries, name):
        click.echo(class_tree(entries))
        return IN_SYNC
    for entry in entries:
        if session.output_format == "json":
            click.echo(json.dumps(entry_json(entry, stubs.get(id(entry.decision)))))
        elif name is None:
            click.echo(entry_line(entry, stubs.get(id(entry.decision))))
        else:
            click.echo(entry_text(entry, result, config))
    return IN_SYNC


def _rule(session: Session, code: str) -> int:
    from asyncgen.codes import text

    click.echo(text(code), nl=False)
    return IN_SYNC


def _explain_everywhere(session: Session, config: Config) -> int:
    from asyncgen.everywhere import changes

    for each in changes(config):
        if session.output_format == "json":
            place = {"file": each.location.path, "line": each.location.line}
            click.echo(json.dumps({"name": each.name, "how": each.how, **place}))
        else:
            click.echo(f"{each.location}: {each.name}: {each.how}")
    return IN_SYNC


@main.command()
@click.option(
    "--preset",
    "presets",
    multiple=True,
    type=click.Choice(list(PRESETS)),
    help="Add a source table for that package, too; alone, where [tool.asyncgen] is there.",
)
@_verb
def init(session: Session, presets: tuple[str, ...]) -> int:
    """Add a commented [tool.asyncgen] table to pyproject.toml, for what the project has."""
    from asyncgen.initialise import initialise

    path = session.config_path or Path("pyproject.toml")
    with session.progress() as progress:
        found = initialise(path, session.python, progress, presets)
    session.say(f"asyncgen: added [tool.asyncgen] to {path}")
    for name in presets:
        session.say(f"  a source for {PRESETS[name].distribution}")
    for source in found.sources:
        session.say(f"  {source}")
    if found.services or found.foreign:
        session.say("It has further sources in comments: services, classes of other packages.")
    if found.sources or presets:
        session.say("Look at it, then run `asyncgen build`, and `asyncgen apply`.")
    else:
        session.say(
            "No queryset, manager or model was found: name the modules to read in `sources`."
        )
    return IN_SYNC


# -- shared steps ---------------------------------------------------------------------------------


def _verify(session: Session, config: Config, result: Result, rendered: Sequence[Rendered]) -> None:
    """Raise what mypy and stubtest find."""
    from asyncgen.problems import AsyncgenError
    from asyncgen.verify import Written, verify

    texts = {each.path: each.text for each in rendered}
    written = [Written(stub, texts[stub.path]) for stub in result.stubs]
    problems = verify(config, written)
    if problems:
        raise AsyncgenError(*problems)
    session.say(f"asyncgen: mypy and stubtest agree with {len(written)} stubs")


def _compared(session: Session, config: Config) -> tuple[Result, list[Rendered], list[Drift]]:
    """Run the pipeline and compare with the disk; problems that are no errors are printed."""
    from asyncgen.output import drift, leftovers
    from asyncgen.plan import rendered

    result = _result(session, config)
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


def _drift_problems(
    config: Config, rendered: Sequence[Rendered], drifts: Sequence[Drift]
) -> list[Problem]:
    """What drifted, each with what becomes of the twins in it."""
    from asyncgen.changed import said
    from asyncgen.output import current
    from asyncgen.surface import DriftKind

    texts = {each.path: each for each in rendered}
    problems: list[Problem] = []
    for drift in drifts:
        is_changed = drift.kind is DriftKind.CHANGED and drift.path.endswith(".py")
        rendered_ = texts.get(drift.path)
        before = rendered_ and current(config.root, drift.path, is_source=rendered_.is_source)
        twins = said(before or "", rendered_.text) if is_changed and rendered_ else ""
        problems.append(drift_problem(drift, twins))
    return problems


def _result(session: Session, config: Config) -> Result:
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


def _unchanged(session: Session, *, renews: bool = False) -> list[Problem] | None:
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
    """The warnings of the last build, where what was edited since can change nothing. With
    `renews` the next look is as fast as after a build."""
    from asyncgen.stamp import edited, renew

    changed = edited(str(session.configuration), session.python)
    if changed is None:
        return None
    from asyncgen.edits import Known, still_hold

    modules, lines = changed
    now = still_hold([Known(*each) for each in modules], lines)
    if now is None:
        return None
    if renews:
        found = ((each.path, each.key, each.name, each.shown, each.hash) for each in now)
        renew(str(session.configuration), found)
    return lines


def _remember(session: Session, config: Config, result: Result, texts: list[Rendered]) -> None:
    from asyncgen.stamp import remember

    problems = [*result.problems, *(each.problem() for each in result.faults)]
    said = map(as_json, problems)
    left = [each.location.path for each in result.problems if each.code == LEFT and each.location]
    remember(config, session.python, result, [*(each.path for each in texts), *left], said)


def _say_what_is_uncovered(session: Session, config: Config, result: Result) -> None:
    from asyncgen.plan import uncovered

    paths = sorted(uncovered(config, result))
    if paths:
        shown = ", ".join(paths[:3])
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        session.say(
            f"No source names {shown}{more}, with querysets, managers or models: add them to "
            "`sources`, or say `# asyncgen: skip` in them"
        )


def _say_what_is_to_install(session: Session, config: Config, rendered: Sequence[Rendered]) -> None:
    from asyncgen.environment import lacks

    imports = any(RUNTIME in each.text for each in rendered)
    if imports and lacks(config, RUNTIME):
        session.say(
            "Next: install asyncgen-runtime in the project's environment, for what is written "
            "imports it"
        )


def _say_what_is_next(session: Session, wiring: Sequence[Problem]) -> None:
    unwired = [each for each in wiring if each.code != NAMED]
    if len(unwired) < len(wiring):
        session.say("Next: `asyncgen apply` takes the mixins out of new migrations")
    if unwired:
        classes, them = count(len(unwired), "class", "classes"), "them" if unwired[1:] else "it"
        session.say(
            f"Next: `asyncgen apply` joins {classes} with what is written; "
            f"`asyncgen check` lists {them}"
        )
