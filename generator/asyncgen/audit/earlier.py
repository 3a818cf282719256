"""What an earlier audit found, given again for as long as all that it depends on is as it was.

Of most files an audit only asks whether something asynchronous, a model or a receiver is in them:
of these the answer is kept, so that an edit which does not change it changes nothing. Whatever else
is another now has everything audited again: what is kept never decides anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncgen import conditions, memory
from asyncgen.audit.finding import Audit, Finding, Fix, Level, Link
from asyncgen.audit.glance import glance
from asyncgen.audit.settings import is_settings
from asyncgen.config import Config
from asyncgen.files import regular_bytes

if TYPE_CHECKING:
    from asyncgen.audit.project import Project
    from asyncgen.conditions import Condition

_GLANCE = "glance"  # a condition: the hash of a file that was not read, and what it told
Row = tuple[Any, ...]  # of scalars and rows; only what we wrote has the checksum of `memory`


def recalled(config: Config, paths: Sequence[Path], possible: bool) -> Audit | None:
    """What the last audit of these paths found, where another would find the same."""
    kept = memory.recall(_key(config, paths, possible), dict)
    if kept is None or not all(_holds(each, config.python) for each in kept["conditions"]):
        return None
    findings, functions, entries, untold, problems = kept["audit"]
    return Audit(
        tuple(map(_finding, findings)), functions, entries, tuple(map(_link, untold)), problems
    )


def keep(project: Project, absent: Iterable[Path], possible: bool, audit: Audit) -> None:
    """Keep what an audit found, with all that it depends on; `absent` are the
    files of modules that were looked for in vain."""
    config = project.config
    held = [
        (*each, conditions.now(*each, config.python))
        for each in dict.fromkeys(_besides(project, absent))
    ]
    kept = {"conditions": (*_files(project), *held), "audit": _row(audit)}
    memory.keep(_key(config, project.paths, possible), kept)


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
    yield from (("file", str(path), hash_) for path, hash_ in hashes.items())


def _besides(project: Project, absent: Iterable[Path]) -> Iterator[Condition]:
    """What it depends on besides. A file that is new comes into one of the folders."""
    yield from conditions.of_environment(project.config)
    yield from map(conditions.of_folder, project.roots.globber.folders)
    yield from conditions.of_absent([*project.absent, *absent])


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


# -- findings as rows ------------------------------------------------------------------------------


def _row(audit: Audit) -> Row:
    return (
        tuple(map(_of_finding, audit.findings)),
        audit.functions,
        audit.entries,
        tuple(map(_of_link, audit.untold)),
        audit.problems,
    )


def _of_finding(finding: Finding) -> Row:
    fix = finding.fix
    way = (fix.kind, fix.text, fix.safe, fix.imports) if fix else None
    return (
        str(finding.path),
        *(finding.line, finding.column, finding.end_line, finding.end_column),
        *(finding.code, finding.level.value, finding.message),
        *(finding.function, finding.statement),
        tuple(map(_of_link, finding.chain)),
        way,
    )


def _finding(row: Row) -> Finding:
    path, line, column, end_line, end_column, code, level, *texts, chain, way = row
    message, function, statement = texts
    return Finding(
        Path(path),
        line,
        column,
        end_line,
        end_column,
        code,
        Level(level),
        message,
        function,
        statement,
        tuple(map(_link, chain)),
        Fix(*way) if way else None,
    )


def _of_link(link: Link) -> Row:
    return str(link.path), link.line, link.text


def _link(row: Row) -> Link:
    path, line, text = row
    return Link(Path(path), line, text)
