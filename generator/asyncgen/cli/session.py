"""What all verbs share: the options, the exit status, and how what they raise is printed."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from asyncgen.cli.console import Console
from asyncgen.deep import deeply
from asyncgen.files import nearest_configuration
from asyncgen.problems import AsyncgenError, Problem

if TYPE_CHECKING:
    from asyncgen.config import Config

# Exit statuses.
IN_SYNC, DRIFT, BAD_CONFIGURATION, BAD_SOURCE, FAULT = range(5)
INTERRUPTED = 130  # as a shell has it

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

FORMATS = ("full", "concise", "github", "json")


def with_shared_options(
    function: Callable[P, None], formats: Sequence[str] = FORMATS
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


def verb(
    function: Callable[Concatenate[Session, P], int], formats: Sequence[str] = FORMATS
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

    return with_shared_options(run, formats)
