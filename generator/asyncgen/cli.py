"""Verbs and flags. The only module that prints or exits.

Exit status: 0 in sync (or done), 1 drift, 2 bad configuration or usage, 3 source that cannot be
processed.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from asyncgen.problems import AsyncgenError, Location, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncgen.config import Config
    from asyncgen.plan import Entry, Result
    from asyncgen.surface import Drift, Rendered, StubFunction

# What `check` finds wrong with how classes inherit their mixins; see `wiring`.
WIRING = frozenset({"AG502", "AG503", "AG504"})
IN_SYNC, DRIFT, BAD_CONFIGURATION, BAD_SOURCE = range(4)

EVERYWHERE = "asyncgen_django.everywhere"

P = ParamSpec("P")


@dataclass
class Session:
    """The options that all verbs share, and how to speak."""

    config_path: Path | None = None
    python: str | None = None
    output_format: str = "full"
    quiet: bool = False
    verbose: bool = False

    @property
    def verbosity(self) -> int:
        return self.verbose - self.quiet

    def say(self, text: str, *, at: int = 0) -> None:
        """Print to standard output unless -q silenced it."""
        if self.verbosity >= at:
            click.echo(text)

    def complain(self, problems: Sequence[Problem]) -> None:
        from asyncgen.problems import printed

        shown = [
            each for each in problems if each.severity is Severity.ERROR or self.verbosity >= 0
        ]
        for line in printed(shown, self.output_format):
            click.echo(line, err=self.output_format in ("full", "concise"))

    def config(self) -> Config:
        from asyncgen.config import load

        path = self.config_path or _find_configuration(Path.cwd())
        config = load(path.resolve())
        return replace(config, python=self.python) if self.python else config


def _find_configuration(start: Path) -> Path:
    """The nearest pyproject.toml, here or above, that has a [tool.asyncgen] table."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file() and b"[tool.asyncgen]" in path.read_bytes():
            return path
    return start / "pyproject.toml"


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
        "VIRTUAL_ENV, then .venv.",
    ),
    click.option(
        "--output-format",
        type=click.Choice(["full", "concise", "github", "json"]),
        expose_value=False,
        callback=_keep,
        help="How problems are printed; full unless it is said.",
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


def _with_shared_options(function: Callable[P, None]) -> Callable[P, None]:
    """The options that may stand before or after the verb."""
    for option in reversed(_SHARED_OPTIONS):
        function = option(function)
    return function


def _verb(function: Callable[Concatenate[Session, P], int]) -> Callable[P, None]:
    """Run a verb; turn what it raises into printed problems and its answer into the exit status."""

    @_with_shared_options
    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        session = click.get_current_context().find_object(Session)
        assert session is not None, "the shared options make one"
        try:
            status = function(session, *args, **kwargs)
        except AsyncgenError as error:
            session.complain(error.problems)
            status = _status(error.problems)
        sys.exit(status)

    return run


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
    from asyncgen.output import write

    config = session.config()
    unchanged = None if verify else _unchanged(session, config)
    if unchanged is not None:
        session.say("asyncgen: in sync, nothing read")
        _say_what_is_next(session, unchanged)
        return IN_SYNC
    result, rendered, drifts = _compared(session, config)
    changed = write(config.root, rendered, drifts)
    _remember(config, result, rendered)
    for drift in drifts:
        session.say(f"{_VERBS[drift.kind.value]} {drift.path}")
    session.say(_summary(result, changed))
    _say_what_is_next(session, [each.problem() for each in result.faults])
    if verify:
        _verify(session, config, result, rendered)
    return DRIFT if changed and fail_on_change else IN_SYNC


@main.command()
@_verb
def check(session: Session) -> int:
    """Tell whether the files are in sync, and write nothing. Exit status 1 when they are not."""
    config = session.config()
    found = _unchanged(session, config)
    if found is None:
        result, _, drifts = _compared(session, config)
        found = [_drift_problem(drift) for drift in drifts]
        found += [each.problem() for each in result.faults]
    session.complain(found)
    if not found:
        session.say("asyncgen: in sync")
    return DRIFT if found else IN_SYNC


@main.command()
@_verb
def diff(session: Session) -> int:
    """Print what `build` would change, as a unified diff. Exit status 1 when there is something."""
    _, _, drifts = _compared(session, session.config())
    for drift in drifts:
        click.echo(drift.diff, nl=False)
    return DRIFT if drifts else IN_SYNC


@main.command()
@click.option("--diff", "shows_diff", is_flag=True, help="Print the changes and write nothing.")
@click.option("--check", "only_checks", is_flag=True, help="List the files and write nothing.")
@_verb
def apply(session: Session, shows_diff: bool, only_checks: bool) -> int:
    """Have your classes inherit the mixins that were written for them.

    Adds the base and the import to your own source, and takes out what is there no more. With
    --diff or --check, exit status 1 when there is something to do; without, when something is left
    that can only be done by hand.
    """
    from asyncgen.mend import mended, write

    config = session.config()
    result, _, drifts = _compared(session, config)
    if drifts:
        session.complain([_drift_problem(drift) for drift in drifts])
        return DRIFT
    found = mended(config, result.faults)
    if shows_diff or only_checks:
        for change in found.changes:
            click.echo(change.diff if shows_diff else change.path, nl=only_checks)
    else:
        for path in write(config.root, found.changes):
            session.say(f"changed {path}")
        if not result.faults:
            session.say("asyncgen: every class has what was written for it")
    session.complain(found.left)
    is_left = found.left or ((shows_diff or only_checks) and found.changes)
    return DRIFT if is_left else IN_SYNC


@main.command()
@click.argument("name", required=False)
@_verb
def explain(session: Session, name: str | None) -> int:
    """Print why each callable gets a twin or none: kind, evidence, twin.

    NAME is a dotted name or the end of one: django.db.models.QuerySet.get, BookQuerySet.total,
    total. Without it, every callable that the configuration covers is listed. For
    asyncgen_django.everywhere, what that app changes of Django is.
    """
    config = session.config()
    if name == EVERYWHERE:
        return _explain_everywhere(session, config)
    result = _result(session, config)
    if result.errors:
        raise AsyncgenError(*result.errors)
    entries = [entry for entry in result.entries if name is None or _is_called(entry, name)]
    if name and not entries:
        raise AsyncgenError(
            Problem(
                "AG205",
                f"the configuration covers nothing that is called {name}",
                "`asyncgen explain` lists what it covers; add a source to [tool.asyncgen]",
            )
        )
    from asyncgen.stub.companions import types

    stubs = types(result.stubs)
    if not entries and session.output_format != "json":
        session.say("asyncgen: the sources have no queryset, manager or model with a callable")
    for entry in entries:
        if session.output_format == "json":
            click.echo(json.dumps(_entry_json(entry, stubs.get(id(entry.decision)))))
        elif name is None:
            click.echo(_entry_line(entry, stubs.get(id(entry.decision))))
        else:
            click.echo(_entry_text(entry, result, config))
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
@_verb
def init(session: Session) -> int:
    """Add a commented [tool.asyncgen] table to pyproject.toml, for what the project has."""
    from asyncgen.initialise import initialise

    path = session.config_path or Path("pyproject.toml")
    with _progress(session) as progress:
        sources = initialise(path, session.python, progress)
    session.say(f"asyncgen: added [tool.asyncgen] to {path}")
    for source in sources:
        session.say(f"  {source}")
    if sources:
        session.say("Look at it, then run `asyncgen build`.")
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
    from asyncgen.output import drift, orphans
    from asyncgen.plan import rendered

    result = _result(session, config)
    if result.errors:
        session.complain([each for each in result.problems if each.severity is Severity.WARNING])
        raise AsyncgenError(*result.errors)
    session.complain(result.problems)
    texts = list(rendered(result, config))
    if session.verbosity > 0:
        for entry in result.entries:
            session.say(_entry_line(entry), at=1)
    paths = [each.path for each in texts]
    folders = [(config.root / path).parent for path in paths]
    return result, texts, drift(config.root, texts, orphans(config.root, folders, paths))


def _result(session: Session, config: Config) -> Result:
    """Run the pipeline. It makes hardly any cycles, and looking for them is a fifth of its time;
    what it leaves is needed until the end."""
    gc.disable()
    try:
        from asyncgen.plan import Run

        with _progress(session) as progress:
            return Run(config, progress).result()
    finally:
        gc.freeze()
        gc.enable()


def _unchanged(session: Session, config: Config) -> list[Problem] | None:
    """What is wrong with the wiring, if nothing that the last build depended on has changed since;
    its warnings are given."""
    from asyncgen.stamp import warnings

    known = None if session.verbosity > 0 else warnings(config)
    if known is None:
        return None
    session.complain([each for each in known if each.code not in WIRING])
    return [replace(each, severity=Severity.ERROR) for each in known if each.code in WIRING]


def _remember(config: Config, result: Result, rendered: list[Rendered]) -> None:
    from asyncgen.stamp import remember

    problems = [*result.problems, *(each.problem() for each in result.faults)]
    remember(config, result.read, [each.path for each in rendered], problems)


def _say_what_is_next(session: Session, wiring: Sequence[Problem]) -> None:
    if wiring:
        classes, them = _count(len(wiring), "class", "classes"), "them" if len(wiring) > 1 else "it"
        session.say(
            f"Next: `asyncgen apply` joins {classes} with what is written; "
            f"`asyncgen check` lists {them}"
        )


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[str], None]]:
    """A line on the terminal that names the file being read; nothing in a pipe."""
    if session.verbosity < 0 or not sys.stderr.isatty():
        yield lambda text: None
        return
    yield lambda text: click.echo(f"\r\033[Kreading {text}", nl=False, err=True)
    click.echo("\r\033[K", nl=False, err=True)


# By DriftKind's values.
_VERBS = {"missing": "wrote", "changed": "rewrote", "orphan": "removed"}


def _drift_problem(drift: Drift) -> Problem:
    from asyncgen.surface import DriftKind

    said = {
        DriftKind.MISSING: "is missing",
        DriftKind.CHANGED: "is out of date",
        DriftKind.ORPHAN: "is generated, but from nothing any more",
    }[drift.kind]
    return Problem(
        "AG501",
        f"{drift.path} {said}",
        "run `asyncgen build`; `asyncgen diff` shows what would change",
        Location(drift.path, 1),
    )


def _summary(result: Result, changed: Sequence[str]) -> str:
    from asyncgen.surface import Kind

    kinds = [entry.decision.kind for entry in result.entries]
    twins = sum(entry.decision.twin is not None for entry in result.entries)
    without = ", ".join(
        f"{kinds.count(kind)} {kind.value}" for kind in Kind if kind in kinds and not kind.has_twin
    )
    files = len({entry.module.path for entry in result.entries})
    return (
        f"asyncgen: {_count(len(result.entries), 'callable')} read in {_count(files, 'file')}, "
        f"{_count(twins, 'twin')}; {f'none for {without}; ' if without else ''}"
        f"{_count(len(changed), 'file')} changed{_untyped(result)}"
    )


def _count(number: int, what: str, plural: str = "") -> str:
    return f"{number} {what if number == 1 else plural or f'{what}s'}"


def _untyped(result: Result) -> str:
    """What the summary says of types that are not known."""
    from asyncgen.stub.companions import types
    from asyncgen.surface import Origin

    unknown = [each for each in types(result.stubs).values() if each.origin is Origin.UNKNOWN]
    said = ""
    if unknown:
        said = f"; {_count(len(unknown), 'return type')} unknown, see `asyncgen explain`"
    if not result.has_django_stubs:
        said += "; django-stubs not found, so types are from the source alone"
    return said


def _is_called(entry: Entry, name: str) -> bool:
    full = _dotted(entry)
    public = full.replace("django.db.models.query.", "django.db.models.").replace(
        "django.db.models.manager.", "django.db.models."
    )
    return any(each == name or each.endswith(f".{name}") for each in (full, public))


def _dotted(entry: Entry) -> str:
    owner = entry.decision.owner
    parts = [entry.module.name, *([owner.qualname] if owner else []), entry.decision.function.name]
    return ".".join(parts)


def _entry_line(entry: Entry, stub: StubFunction | None = None) -> str:
    decision = entry.decision
    twin = f" -> {decision.twin}" if decision.twin else ""
    unknown = ", return type unknown" if stub and stub.origin.value == "unknown" else ""
    return f"{decision.function.location}: {_dotted(entry)}: {decision.kind.value}{twin}{unknown}"


def _entry_json(entry: Entry, stub: StubFunction | None = None) -> dict[str, object]:
    """`file` and `line` are where the callable is defined."""
    decision = entry.decision
    return {
        "file": decision.function.location.path,
        "line": decision.function.location.line,
        "module": entry.module.name,
        "class": decision.owner.qualname if decision.owner else None,
        "name": decision.function.name,
        "kind": decision.kind.value,
        "twin": decision.twin,
        "returns": stub.returns if stub else None,
        "type": stub.origin.value if stub else None,
        "evidence": [
            {
                "message": each.message,
                "file": each.location.path if each.location else None,
                "line": each.location.line if each.location else None,
            }
            for each in decision.evidence
        ],
    }


def _entry_text(entry: Entry, result: Result, config: Config) -> str:
    from asyncgen.render import twin_lines
    from asyncgen.stub.companions import types

    lines = [f"{_dotted(entry)}: {entry.decision.kind.value}"]
    lines += [
        f"  {each.location}: {each.message}" if each.location else f"  {each.message}"
        for each in entry.decision.evidence
    ]
    stub = types(result.stubs).get(id(entry.decision))
    if stub:
        lines.append(f"  its twin returns {stub.returns}: {stub.origin.value}")
    for surface in result.surfaces:
        members = [*surface.functions, *(twin for c in surface.classes for twin in c.twins)]
        for twin in members:
            if twin.decision is entry.decision:
                lines += ["", f"{surface.path}:"]
                definition = twin_lines(twin, surface, 0, config.line_length)
                lines += [f"  {line}".rstrip() for line in definition]
    return "\n".join(lines) + "\n"
