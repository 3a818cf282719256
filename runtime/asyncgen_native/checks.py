"""What ``manage.py check`` says of a setup that will not do what it looks like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from .insides import TESTED
from .pool import PoolOptions
from .wrapper import is_native


def check_native(**_: Any) -> list[CheckMessage]:
    """Check Django's version and the settings of the databases."""
    native = [alias for alias in connections if is_native(alias)]
    messages = [*_version(), *_engines(native)]
    for alias in native:
        messages += _database(alias, connections.settings[alias])
    return messages


def _version() -> Iterator[CheckMessage]:
    if django.VERSION[:2] not in TESTED:
        series = ", ".join(f"{major}.{minor}" for major, minor in TESTED)
        yield Warning(
            f"asyncgen_native is not tested with Django {django.get_version()}.",
            hint=f"It relies on what is private in Django, and is tested with {series}.",
            id="asyncgen_native.W001",
        )


def _engines(native: list[str]) -> Iterator[CheckMessage]:
    others = [alias for alias in connections if alias not in native]
    if not native:
        yield Warning(
            "asyncgen_native is installed, but no database has one of its backends.",
            hint='Set ENGINE to "asyncgen_native.postgresql", ".mysql" or ".sqlite3".',
            id="asyncgen_native.W002",
        )
    elif others:
        yield Warning(
            f"These databases have no native backend: {', '.join(others)}.",
            hint="A call on the event loop that queries one of them raises "
            "SynchronousOnlyOperation. Of Django's async methods, only those of querysets run on "
            "the loop then.",
            id="asyncgen_native.W003",
        )


def _database(alias: str, settings: dict[str, Any]) -> Iterator[CheckMessage]:
    where = f'DATABASES["{alias}"]'
    try:
        options = PoolOptions.of(settings["OPTIONS"].get("native_pool", {}), alias)
    except ImproperlyConfigured as error:
        yield Error(str(error), id="asyncgen_native.E001")
        return
    if settings["CONN_MAX_AGE"] != 0:
        yield Warning(
            f'{where}["CONN_MAX_AGE"] has no effect on an event loop.',
            hint='There it is "max_lifetime" in OPTIONS["native_pool"].',
            id="asyncgen_native.W004",
        )
    if options.max_size < 2:
        yield Warning(
            f'{where}["OPTIONS"]["native_pool"]: with one connection, whatever a task does '
            "outside of its own transaction waits for itself until it times out.",
            hint="Set max_size to more than the number of transactions that are open at a time.",
            id="asyncgen_native.W005",
        )
