"""Which statements set something in the session of a database, which outlives their transaction.

A connection on which one has run is not fit for others. What PgBouncer says of session state is the
list: https://www.pgbouncer.org/features.html
"""

from __future__ import annotations

import re
from typing import Any, TypeVar, cast

from django.db.backends.utils import CursorWrapper

C = TypeVar("C", bound=CursorWrapper)

# Checks of foreign keys are not among them: Django itself switches them off, and on again.
_SETS = re.compile(
    r"""\s*(?:
        SET\s+(?!LOCAL\b|TRANSACTION\b|CONSTRAINTS\b|foreign_key_checks\b)
      | LISTEN\b | LOAD\b | PREPARE\b | ATTACH\b | LOCK\s+TABLES?\b(?=.*\b(?:READ|WRITE)\b)
      | CREATE\s+(?:(?:GLOBAL|LOCAL)\s+)?TEMP | PRAGMA\s+(?!foreign_keys\b)[\w.]+\s*=
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_CALLS = ("set_config", "advisory_lock", "get_lock", "GET_LOCK")
_LOCAL = re.compile(r"\bset_config\s*\((?:[^()]|\([^()]*\))*,\s*true\s*\)", re.IGNORECASE)


def sets(sql: str) -> bool:
    """Tell whether a statement sets something that holds until the session ends."""
    if any(each in sql for each in _CALLS):
        return not _LOCAL.search(sql)
    return _SETS.match(sql) is not None


def telling(cls: type[C]) -> type[C]:
    """Return a class as `cls`, one of Django's cursors, that tells its wrapper of statements."""
    if cls not in _telling:
        _telling[cls] = type(cls.__name__, (_Telling, cls), {})
    return cast("type[C]", _telling[cls])


_telling: dict[type[CursorWrapper], type[CursorWrapper]] = {}


class _Telling(CursorWrapper):
    def _execute(self, sql: Any, params: Any, *ignored: Any) -> Any:
        __traceback_hide__ = True
        self.db.note_statement(sql if isinstance(sql, str) else _text(sql))
        return super()._execute(sql, params, *ignored)  # type: ignore[misc]  # no stub has it


def _text(sql: Any) -> str:
    """Return the text of what psycopg takes as well: bytes, and `psycopg.sql.Composable`."""
    return sql.decode(errors="replace") if isinstance(sql, bytes) else str(sql.as_string())
