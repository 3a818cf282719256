"""Whether anything changed since the last build, told by content and without reading Python.

The stamp of a configuration holds all that its last build depended on, and the warnings, to be
given again. It only ever says "nothing changed", and any difference, or none to be found, means
that everything is read again; so a stale stamp cannot hide drift.

Comparing needs neither the configuration, whose file is one of those that did not change, nor
anything that takes long to import. Each line of a stamp is one condition (see `conditions`): its
kind, its subject, and what held at the build.
"""

from __future__ import annotations

import os
from contextlib import suppress

from asyncgen.conditions import LOOK, hash_of, holds, now, of_absent, of_environment, of_folder
from asyncgen.files import CACHE, JOURNAL, private_bytes, write_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from asyncgen.conditions import Condition
    from asyncgen.config import Config
    from asyncgen.plan import Result

NAME = "stamp"
_WARNING = "warning"
_ANSWERS = "answers"  # beside the stamp: what callables came to (see `analysis.answers`)
_MODULE = "module"  # how to find the facts that the build had of a file
_ASIDE = (_ANSWERS, _MODULE)  # these are no conditions


def warnings(configuration: str, python: str | None) -> list[str] | None:
    """The warnings of the last build, each as JSON; None when what it depended on has changed.

    `configuration` is the absolute path of its file, `python` what `--python` says.
    """
    found = []
    for kind, subject, known in _lines(configuration) or [("", "", "")]:
        if kind == _WARNING:
            found.append(known)
        elif kind not in _ASIDE and (kind == "" or not holds(kind, subject, known, python)):
            return None
    return found


def edited(configuration: str, python: str | None) -> tuple[list[list[str]], list[str]] | None:
    """The modules whose files alone have changed since the last build, and its warnings as JSON;
    None where anything else has changed. Of a module: the path, the key of its facts, its name, and
    how the path is shown."""
    lines = _lines(configuration) or ()
    modules: dict[str, list[str]] = {}
    for kind, subject, known in lines:
        if kind == _MODULE:
            modules.setdefault(subject, []).append(known)
    changed = []
    for kind, subject, known in lines:
        if kind not in (_WARNING, *_ASIDE) and not holds(kind, subject, known, python):
            if kind != "file" or subject not in modules:
                return None
            changed.append(subject)
    found = [[path, *known.split(" ", 2)] for path in changed for known in modules[path]]
    said = [known for kind, _, known in lines if kind == _WARNING]
    return (found, said) if found else None


def renew(
    configuration: str,
    modules: Iterable[tuple[str, str, str, str, str]],
    said: Iterable[str],
    answers: str | None,
) -> None:
    """Stamp modules as they are now, after a look at what was edited, with the warnings and answers
    as they are now. Of each module: the path, the key of its facts, its name, how the path is
    shown, and the hash of what was looked at."""
    found = list(modules)
    hashes = {path: hash_ for path, _, _, _, hash_ in found}
    lines = [
        (kind, subject, hashes.get(subject, known) if kind == "file" else known)
        for kind, subject, known in _lines(configuration) or ()
        if kind not in (_WARNING, _ANSWERS) and (kind != _MODULE or subject not in hashes)
    ]
    lines += [(_MODULE, path, f"{key} {name} {shown}") for path, key, name, shown, _ in found]
    lines += [(_WARNING, "", each) for each in said]
    _write(configuration, ["\t".join(line) for line in lines], answers)


def answers(configuration: str) -> str | None:
    """What callables came to at the last build; None where that is not known."""
    data = private_bytes(f"{_path(configuration)}.{_ANSWERS}")
    kept = [known for kind, _, known in _lines(configuration) or () if kind == _ANSWERS]
    text = (data or b"").decode("utf-8", "surrogateescape")
    return text if text and kept == [hash_of(text)] else None


def depends_on(configuration: str, kind: str) -> frozenset[str]:
    """All subjects of one kind that the last build depended on."""
    return frozenset(subject for each, subject, _ in _lines(configuration) or () if each == kind)


def missing(paths: Iterable[Path]) -> set[str]:
    """What is looked for where these are not there."""
    return {subject for _, subject in of_absent(paths)}


def _lines(configuration: str) -> list[tuple[str, str, str]] | None:
    """The stamp of a configuration: kind, subject and what held; None where there is none."""
    stamp = _path(configuration)
    data = private_bytes(stamp)
    is_pending = os.path.exists(os.path.join(os.path.dirname(stamp), os.pardir, JOURNAL))
    if data is None or is_pending:
        return None
    text, _, checksum = data.decode("utf-8", "surrogateescape").rpartition("\n")
    if checksum != hash_of(text):
        return None  # damaged
    if f"file\t{configuration}\t" not in text:
        return None  # of another folder, which this one was copied from
    return [(kind, subject, known) for kind, subject, known in map(_split, text.split("\n"))]


def _split(line: str) -> list[str]:
    return line.split("\t")


def remember(
    config: Config, python: str | None, result: Result, written: Sequence[str], said: Iterable[str]
) -> None:
    """Stamp the state after a build that `said` warnings, given as JSON. A folder that cannot be
    written to is left alone."""
    conditions = dict.fromkeys(_conditions(config, result, written))
    known = {("file", str(path)): found for path, found in result.read.items()}
    known |= {(LOOK, str(path)): found for path, found in result.looks.items()}
    lines = [
        f"{kind}\t{subject}\t{known.get((kind, subject)) or now(kind, subject, python)}"
        for kind, subject in conditions
    ]
    lines += [f"{_WARNING}\t\t{each}" for each in said]
    ours = {str(config.root / each) for each in written}
    lines += [
        f"{_MODULE}\t{path}\t{key} {module.name} {module.path}"
        for path, module, key in result.modules
        if str(path) not in ours and "site-packages" not in path.parts
    ]
    answers = result.asked.answers().as_text() if result.asked else None
    _write(str(config.path), lines, answers)


def _write(configuration: str, lines: list[str], answers: str | None) -> None:
    """Write a stamp, and beside it what callables came to."""
    if answers:
        lines.append(f"{_ANSWERS}\t\t{hash_of(answers)}")
    if not all(line.count("\t") == 2 and "\n" not in line for line in lines):
        return
    from asyncgen.journal import locked

    path = _path(configuration)
    text = "\n".join(lines)
    with suppress(OSError), locked(os.path.dirname(configuration)):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if answers:
            write_private(f"{path}.{_ANSWERS}", answers)
        write_private(path, f"{text}\n{hash_of(text)}")


def _path(configuration: str) -> str:
    folder, name = os.path.split(configuration)
    return os.path.join(folder, CACHE, name, NAME)


def _conditions(config: Config, result: Result, written: Iterable[str]) -> Iterator[Condition]:
    """All that a build depends on."""
    from asyncgen import formatters

    yield from of_environment(config)
    files = (
        *config.own_templates,
        *formatters.files(config.path),
        *result.read,
        *(config.root / each for each in written),
    )
    yield from (("file", str(path)) for path in files)
    yield from map(of_folder, (*result.folders, *_template_folders(config)))
    yield from ((LOOK, str(path)) for path in result.looks)
    yield from of_absent(result.absent)


def _template_folders(config: Config) -> Iterator[Path]:
    """The folders where a template of the project's own may come to be."""
    if config.templates:
        yield config.templates
        yield from sorted(path for path in config.templates.rglob("*") if path.is_dir())
