"""What an earlier audit found, given again for as long as all that it depends on is as it was.

Of most files an audit only asks whether something asynchronous, a model or a receiver is in them:
of these the answer is kept, so that an edit which does not change it changes nothing. Where bodies
of functions are others now, what rests on them is audited again (see `again`). Whatever else is
another has everything audited again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import asyncgen.audit.data as data
from asyncgen import conditions, memory
from asyncgen.audit.finding import Audit
from asyncgen.audit.glance import glance
from asyncgen.audit.settings import is_settings
from asyncgen.config import Config
from asyncgen.files import regular_bytes

if TYPE_CHECKING:
    from asyncgen.analysis.answers import Asked
    from asyncgen.audit.data import Row
    from asyncgen.audit.kept import Kept
    from asyncgen.audit.project import Project
    from asyncgen.audit.units import Unit
    from asyncgen.conditions import Condition

_FILE = "file"  # a condition: what a file says
_UNITS = "-units"
_GLANCE = "glance"  # a condition: the hash of a file that was not read, and what it told


def recalled(config: Config, paths: Sequence[Path], possible: bool) -> Audit | None:
    """What an audit of these paths finds, from what the last one found; None where everything is to
    be audited again."""
    kept = memory.recall(_key(config, paths, possible), dict)
    if kept is None:
        return None
    others = [each for each in kept["conditions"] if not _holds(each, config.python)]
    if not others:
        return data.audit(kept["audit"])
    if any(kind != _FILE for kind, _, _ in others):
        return None
    edited = frozenset(path for _, path, _ in others)
    return _after(config, paths, possible, kept["conditions"], edited)


def _after(
    config: Config,
    paths: Sequence[Path],
    possible: bool,
    conditions_before: Iterable[Row],
    edited: frozenset[str],
) -> Audit | None:
    """What an audit finds after these files were edited."""
    from asyncgen.audit.again import again
    from asyncgen.audit.project import Project
    from asyncgen.audit.units import told

    before = _units(config, paths, possible)
    if before is None:
        return None
    project = Project(config, paths)
    try:
        found = again(project, before, edited)
    finally:
        project.reader.keep()
    if found is None:
        return None
    now, absent = found
    audit = told((each.unit for each in now.units), possible, ())
    known = {(kind, subject): state for kind, subject, state in conditions_before}
    _write(project, absent, possible, audit, now, known)
    return audit


def keep(
    project: Project, asked: Asked, units: Iterable[Unit], possible: bool, audit: Audit
) -> None:
    """Keep what an audit found, with all that it depends on."""
    from asyncgen.audit.kept import Kept, held, modules_of

    made, answers = held(asked, units)
    modules = tuple(modules_of(project))
    glances = {each.path: glance(project.texts[Path(each.path)]) for each in modules}
    kept = Kept(made, answers, modules, glances)
    _write(project, asked.evaluator.resolver.absent(), possible, audit, kept, {})


def _write(
    project: Project,
    absent: Iterable[Path],
    possible: bool,
    audit: Audit,
    kept: Kept,
    known: Mapping[Condition, str],
) -> None:
    """Keep it; `known` are the conditions of before, where only some of it was audited again."""
    config = project.config
    held = {(kind, subject): state for kind, subject, state in _files(project)}
    if known:  # what is asked of a file by one who reads it is more than what a glance tells
        held = {
            (kind, subject): state
            for (kind, subject), state in held.items()
            if kind != _GLANCE or (_FILE, subject) not in known
        }
    besides = {
        each: conditions.now(*each, config.python)
        for each in dict.fromkeys(_besides(project, absent))
        if each not in known
    }
    rows = tuple((*each, state) for each, state in ({**known, **held, **besides}).items())
    key = _key(config, project.paths, possible)
    memory.keep(f"{key}{_UNITS}", kept.as_text())
    memory.keep(key, {"conditions": rows, "audit": data.of_audit(audit)})


def _units(config: Config, paths: Sequence[Path], possible: bool) -> Kept | None:
    """The units of the last audit."""
    from asyncgen.audit.kept import Kept

    text = memory.recall(f"{_key(config, paths, possible)}{_UNITS}", str)
    try:
        return Kept.from_text(text) if text else None
    except (LookupError, TypeError, ValueError):
        return None


def _key(config: Config, paths: Sequence[Path], possible: bool) -> str:
    options = (str(config.path), str(config.root), config.python or "", str(possible))
    return memory.digest("audit", *options, *map(str, paths))


# -- what it depends on ----------------------------------------------------------------------------


def _holds(condition: Row, python: str | None) -> bool:
    kind, subject, known = map(str, condition)
    if kind != _GLANCE:
        return conditions.holds(kind, subject, known, python)
    try:
        text = regular_bytes(subject)
    except OSError:
        return False
    hash_, _, told = known.partition(" ")
    return _hash(text) == hash_ or glance(text) == told


def _files(project: Project) -> Iterator[tuple[str, str, str]]:
    """The files that were read, as they were then, and the project's own that were looked at."""
    hashes = {**project.roots.read, **project.hashes}
    for path, text in project.texts.items():
        if path in hashes or is_settings(path):
            hashes[path] = _hash(text)
        else:
            yield _GLANCE, str(path), f"{_hash(text)} {glance(text)}"
    yield from ((_FILE, str(path), hash_) for path, hash_ in hashes.items())


def _besides(project: Project, absent: Iterable[Path]) -> Iterator[Condition]:
    """What it depends on besides. A file that is new comes into one of the folders."""
    yield from conditions.of_environment(project.config)
    yield from map(conditions.of_folder, project.roots.globber.folders)
    yield from conditions.of_absent([*project.absent, *absent])


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
