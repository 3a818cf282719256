"""Django's connections of the current thread, where Django is in use.

Nothing here imports Django by itself: without it there are no connections, and all is empty.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, cast

from .hooks import Due, Hook

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def opened(using: str | None = None) -> Sequence[BaseDatabaseWrapper]:
    """Return the connections that this thread has used so far; with `using` the one to that."""
    if "django.db" not in sys.modules:
        return []
    from django.conf import settings
    from django.db import connections

    if using is not None:  # Known to be there, so nothing is looked for, which takes Django longer.
        return [connections[using]]
    return connections.all(initialized_only=True) if settings.configured else []


def depths() -> dict[str, int]:
    """Return for each connection how many transactions and savepoints are open on it."""
    return {each.alias: _depth(each) for each in opened()}


def _depth(connection: BaseDatabaseWrapper) -> int:
    by_hand = (
        connection.connection is not None
        and connection.autocommit != connection.settings_dict["AUTOCOMMIT"]
    )
    return len(connection.atomic_blocks) or int(by_hand)


def deeper_than(before: dict[str, int]) -> list[str]:
    """Return the connections on which more is open than `before`."""
    return [alias for alias, depth in depths().items() if depth > before.get(alias, 0)]


def sessions() -> dict[str, object]:
    """Return what is open to each database, as the driver has it."""
    return {each.alias: each.connection for each in opened() if each.connection}


def is_of_a_closed_session(error: BaseException, before: dict[str, object]) -> bool:
    """Tell whether a database error came because one of the sessions `before` has been closed."""
    now = sessions()
    if all(now.get(alias) is session for alias, session in before.items()):
        return False
    from django.db import Error

    # Django hands on a few calls, such as that of a cursor's close(), as they are.
    errors = (getattr(each, "Database").Error for each in opened())  # noqa: B009  no stub knows it
    return isinstance(error, (Error, *errors))


def collect_hooks(before: dict[str, int], due: list[Due], using: str | None = None) -> None:
    """Let the commit that is about to come put its hooks into `due`, and not run them.

    Of the connections on which a transaction was begun since `before`: at most that to `using`,
    where this is told. Which hooks are due is left to Django: none after a rollback, and none of a
    savepoint that was rolled back.
    """
    for each in opened(using):
        if not before.get(each.alias):
            hooks = cast("list[tuple[set[str], Hook, bool]]", each.run_on_commit)
            setattr(  # noqa: B010  django-stubs knows nothing of robust hooks
                each,
                "run_on_commit",
                [
                    (ids, partial(due.append, Due(hook, robust)), False)
                    for ids, hook, robust in hooks
                ],
            )


def keep(request: bool) -> frozenset[str]:
    """Make the connections of this thread good for another block, or close them; tell which are.

    Inside a request, CONN_MAX_AGE decides as it does at the end of one. Outside of requests Django
    keeps a connection that works, however short it shall live, and so does this. One of a
    connection pool goes back to it.
    """
    connected = [each for each in opened() if each.connection]
    good = [each for each in connected if _is_good(each, request)]
    if len(good) < len(connected):
        _close([each for each in connected if each not in good])
    return frozenset(each.alias for each in good)


def _is_good(connection: BaseDatabaseWrapper, request: bool) -> bool:
    settings = connection.settings_dict
    if settings["OPTIONS"].get("pool") or connection.in_atomic_block:
        return False
    if getattr(connection, "is_in_memory_db", bool)():  # SQLite's: Django does not close it, even
        return False  # when a rollback has failed.
    connection.health_check_done = False  # type: ignore[attr-defined]  # no stub knows it
    ends = connection.close_at if request or settings["CONN_MAX_AGE"] else None
    if ends is not None and time.monotonic() >= ends:
        return False
    if connection.autocommit != settings["AUTOCOMMIT"]:
        return False
    return not connection.errors_occurred or connection.is_usable()


def check() -> None:
    """Close the connections of this thread that do not answer any more."""
    _close([each for each in opened() if each.connection and not each.is_usable()])


def close() -> None:
    """Close the connections of this thread."""
    _close(opened())


def _close(connections: Iterable[BaseDatabaseWrapper]) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper

    with ExitStack() as stack:  # One that fails does not keep the others open.
        for each in connections:
            # After its own close(), which backends override, the common one: SQLite's does
            # nothing for a database in memory, and leaves the connection to the collector.
            stack.callback(BaseDatabaseWrapper.close, each)
            stack.callback(each.close)
