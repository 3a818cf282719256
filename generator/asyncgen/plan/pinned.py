"""What the configuration says of the environment, so that every machine writes the same."""

from __future__ import annotations

import re
from pathlib import Path

from asyncgen.analysis.django_stubs import DjangoStubs
from asyncgen.config import Config
from asyncgen.plan.selection import Reader
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.resolve import Resolver

_VERSION = re.compile(rb"^VERSION = \((\d+), (\d+)", re.MULTILINE)
_WAYS = "name the project's environment with --python or `python`, or install it here; "
_NOTHING = "nothing was written"


def check_django(config: Config, resolver: Resolver) -> None:
    """Raise AsyncgenError (AG210) where another Django is found than the configured series."""
    path = resolver.find("django")
    found = series(path) if path else None
    if config.django and found != config.django:
        where = f" in {path.parents[1]}" if path else ""
        raise AsyncgenError(
            Problem(
                "AG210",
                f"the twins are for Django {config.django}, and Django {found} is found{where}",
                f"{_WAYS}or change `django`: {_NOTHING}",
                Location(str(config.path), 1),
            )
        )


def stubs_of_django(
    config: Config, installed: tuple[Path, ...], read: Reader
) -> DjangoStubs | None:
    """django-stubs, if they are to be used; None where there are none.

    Raises AsyncgenError (AG211) where there have to be.
    """
    if config.django_stubs == "ignored":
        return None
    stubs = DjangoStubs.find(installed, read)
    if stubs is None and config.django_stubs == "required":
        raise AsyncgenError(
            Problem(
                "AG211",
                "the types of twins rest on django-stubs, which are not found",
                f'{_WAYS}or set django-stubs = "ignored": {_NOTHING}',
                Location(str(config.path), 1),
            )
        )
    return stubs


def series(package: Path) -> str | None:
    """The first two numbers of Django's version, as its `__init__.py` has them."""
    try:
        match = _VERSION.search(package.read_bytes())
    except OSError:
        return None
    return f"{int(match[1])}.{int(match[2])}" if match else None
