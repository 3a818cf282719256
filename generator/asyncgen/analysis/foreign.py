"""What is known, by name, of modules that are not read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from asyncgen import declared, effects, knowledge
from asyncgen.analysis.values import Level


@cache
def is_pure(dotted: str) -> bool:
    """Whether calling it is known never to reach the database."""
    root, _, rest = dotted.partition(".")
    if dotted.startswith("pathlib.Path()") and rest.rpartition(".")[2] in effects.PATH_METHODS:
        return True
    if _begins(dotted, effects.BLOCKING):
        return False
    if root in effects.PURE_PACKAGES or dotted in effects.HARMLESS_TO_MAKE:
        return True
    if root == "builtins":
        return True
    if root in knowledge.STANDARD_LIBRARY:
        return _begins(dotted, (*effects.QUIET_STANDARD, *effects.COMPUTING_STANDARD))
    if dotted.startswith("django.db.models."):
        first = rest.removeprefix("db.models.").partition(".")[0].partition("(")[0]
        if first in declared.expressions() | effects.PURE_DB_MODELS or first.endswith("Field"):
            return True
    if dotted.rpartition(".")[2] in effects.IMPURE_METHODS:
        return False
    return _begins(dotted, (*effects.PURE_MODULES, *declared.harmless()))


@cache
def may_wait(dotted: str) -> bool:
    """Whether calling it may wait, or take long, for something else than a database, although it
    is known whether it queries."""
    root, _, name = dotted.partition(".")
    if root == "builtins":
        return name in effects.WAITING_BUILTINS
    if root in knowledge.STANDARD_LIBRARY:
        return not _begins(dotted, effects.QUIET_STANDARD)
    if dotted.startswith(effects.REACHING):
        return not dotted.startswith(effects.QUERYING)
    return _begins(dotted, effects.BLOCKING)


def _begins(dotted: str, prefixes: Iterable[str]) -> bool:
    """Whether the name is one of the prefixes, or of something in one of them."""
    return any(
        dotted == prefix or dotted.startswith((f"{prefix}.", f"{prefix}(")) for prefix in prefixes
    )


def is_setting(dotted: str) -> bool:
    """Whether it is what a setting, or an item of one, names: calling that may do anything."""
    owner, _, name = dotted.removesuffix("()").rpartition(".")
    return owner == knowledge.SETTINGS and name.isupper()


@cache
def is_known(dotted: str) -> bool:
    """Whether nothing would be learned from reading the module that has the name."""
    if is_pure(dotted) or dotted in knowledge.CONTEXT_MANAGERS:
        return True
    if dotted.startswith((*effects.REACHING, *effects.BLOCKING)):
        return True
    return (
        dotted.startswith("django.")
        and not dotted.startswith(effects.FOLLOWED_DJANGO)
        and dotted not in effects.FOLLOWED_NAMES
    )


def is_package_path(dotted: str) -> bool:
    """Whether the name is a Django package on the way to something that matters."""
    return f"{dotted}." in effects.PACKAGE_PATHS


def foreign_level(dotted: str) -> Level:
    """What calling or entering something that is not pure does."""
    if not dotted.startswith(effects.REACHING):
        return Level.DOUBT
    harmless = any(part in dotted for part in effects.HARMLESS_PARTS)
    return Level.CLEAN if harmless else Level.REACHES
