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
    r"""(?: \s | /\*.*?\*/ | --[^\n]*\n )* (?:
        set\s+(?!local\b|transaction\b|constraints\b|foreign_key_checks\b)
      | listen\b | load\b | attach\b | prepare\s+(?!transaction\b)
      | lock\s+tables?\b(?=.*\b(?:read|write)\b)
      | create\s+(?:(?:global|local)\s+)?temp | pragma\s+(?!foreign_keys\b)[\w.]+\s*=
    )""",
    re.VERBOSE | re.DOTALL,
)
# Nearly no statement has any of these, which is sooner seen than that it has no such call.
_PARTS = ("set_config", "advisory_lock", "get_lock")
_CALL = re.compile(
    r"\b(?:set_config|pg_(?:try_)?advisory_lock(?:_shared)?|get_lock)\s*"
    r"\((?P<arguments>(?:[^()]|\([^()]*\))*)\)?"
)
_LOCAL = re.compile(r",\s*true\s*\Z")  # of set_config(): for the transaction alone


def sets(sql: str) -> bool:
    """Tell whether a statement, or one of several, sets something that holds until the session
    ends."""
    text = sql.lower()
    if any(each in text for each in _PARTS) and _calls_what_sets(text):
        return True
    return any(map(_SETS.match, text.split(";")))


def _calls_what_sets(text: str) -> bool:
    return any(not _LOCAL.search(call["arguments"]) for call in _CALL.finditer(text))


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
