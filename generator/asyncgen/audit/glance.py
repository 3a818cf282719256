"""What a glance at a file tells: of most files of a project an audit asks no more."""

from __future__ import annotations

import re
from collections.abc import Mapping

# What a module that runs on the loop has somewhere, or one whose sync code is called there.
ON_LOOP = re.compile(rb"\basync\s+(def|with|for)\b|\bstrawberry\b|\bgraphene\b|\bcall_soon\b")
# What others need to be read for.
MODELS = re.compile(
    rb"\b(ForeignKey|OneToOneField|ManyToManyField|models\.Model|Manager|QuerySet)\b"
)
RECEIVERS = re.compile(rb"@receiver\(|\.connect\(")
# What serves a library's schemas on the loop, and what in threads, as text of a project: where it
# has the first (or that is None) and not the second, the loop calls what is not asynchronous.
SERVERS: Mapping[str, tuple[re.Pattern[bytes] | None, re.Pattern[bytes]]] = {
    # https://docs.graphene-python.org/en/latest/execution/execute/
    "graphene": (re.compile(rb"\bexecute_async\("), re.compile(rb"\bgraphene_django\.views\b")),
    "strawberry": (
        None,
        re.compile(rb"\bstrawberry\.(django\.)?views\b[^\n]*\bGraphQLView\b|execute_sync\("),
    ),
}
_ALL = (ON_LOOP, MODELS, RECEIVERS, *(each for pair in SERVERS.values() for each in pair if each))


def glance(text: bytes) -> str:
    """All that is told of a file that is not read: which of these are in it."""
    return "".join("01"[pattern.search(text) is not None] for pattern in _ALL)
