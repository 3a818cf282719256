"""Whether anything changed since the last build, told by content and without reading Python.

The stamp of a configuration holds all that its last build depended on, and the warnings, to be
given again. It only ever says "nothing changed", and any difference, or none to be found, means
that everything is read again; so a stale stamp cannot hide drift.

Comparing needs neither the configuration, whose file is one of those that did not change, nor
anything that takes long to import. Each line of a stamp is one condition: its kind, its subject,
and what held at the build.
"""

from __future__ import annotations

import hashlib
import os
import sys

from asyncgen.files import (
    CACHE,
    JOURNAL,
    hash_of_file,
    private_bytes,
    state_of_file,
    write_private,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from asyncgen.config import Config
    from asyncgen.plan import Result

NAME = "stamp"
_WARNING = "warning"
_ANSWERS = "answers"  # beside the stamp: what callables came to (see `analysis.answers`)
_MODULE = "module"  # how to find the facts that the build had of a file
_ASIDE = (_ANSWERS, _MODULE)  # these are no conditions
_LOOK = "look"


def warnings(configuration: str, python: str | None) -> list[str] | None:
    """The warnings of the last build, each as JSON; None when what it depended on has changed.

    `configuration` is the absolute path of its file, `python` what `--python` says.
    """
    found = []
    for kind, subject, known in _lines(configuration) or [("", "", "")]:
        if kind == _WARNING:
            found.append(known)
        elif kind not in _ASIDE and (kind == "" or not _holds(kind, subject, known, python)):
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
        if kind in _CONDITIONS and not _holds(kind, subject, known, python):
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
    return text if text and kept == [_hash(text)] else None


def depends_on(configuration: str, kind: str) -> frozenset[str]:
    """All subjects of one kind that the last build depended on."""
    return frozenset(subject for each, subject, _ in _lines(configuration) or () if each == kind)


def missing(paths: Iterable[Path]) -> set[str]:
    """What is looked for where these are not there."""
    there: dict[Path, bool] = {}
    return {str(_topmost_missing(path, there)) for path in paths}


def _lines(configuration: str) -> list[tuple[str, str, str]] | None:
    """The stamp of a configuration: kind, subject and what held; None where there is none."""
    stamp = _path(configuration)
    data = private_bytes(stamp)
    is_pending = os.path.exists(os.path.join(os.path.dirname(stamp), os.pardir, JOURNAL))
    if data is None or is_pending:
        return None
    text, _, checksum = data.decode("utf-8", "surrogateescape").rpartition("\n")
    if checksum != _hash(text):
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
    known |= {(_LOOK, str(path)): found for path, found in result.looks.items()}
    lines = [
        f"{kind}\t{subject}\t{known.get((kind, subject)) or _CONDITIONS[kind](subject, python)}"
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
        lines.append(f"{_ANSWERS}\t\t{_hash(answers)}")
    if all(line.count("\t") == 2 and "\n" not in line for line in lines):
        try:
            path = _path(configuration)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if answers:
                write_private(f"{path}.{_ANSWERS}", answers)
            text = "\n".join(lines)
            write_private(path, f"{text}\n{_hash(text)}")
        except OSError:
            return


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _path(configuration: str) -> str:
    folder, name = os.path.split(configuration)
    return os.path.join(folder, CACHE, name, NAME)


# -- conditions ------------------------------------------------------------------------------------


def _option(subject: str, python: str | None) -> str:
    """What `--python` says."""
    return python or ""


def _variable(subject: str, python: str | None) -> str:
    return os.environ.get(subject, "")


def _interpreter(subject: str, python: str | None) -> str:
    """The interpreter that runs asyncgen: the last environment in which modules are found."""
    return f"{sys.prefix} {sys.version_info[:3]}"


def _file(path: str, python: str | None) -> str:
    """What a file says."""
    return hash_of_file(path)


def _folder(path: str, python: str | None) -> str:
    """The names in a folder of what may be imported, or lead to it, or is a template."""
    try:
        with os.scandir(path) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.name.endswith((".py", ".pyi", ".pth", ".jinja"))
                or (entry.name[0] != "." and entry.name != "__pycache__" and entry.is_dir())
            )
    except OSError:
        return ""
    return _hash("\0".join(names))


def _presence(path: str, python: str | None) -> str:
    """Whether there is anything: of what was looked for in vain."""
    return "there" if os.path.lexists(path) else ""


def _look(path: str, python: str | None) -> str:
    """What a file that no source names looks like, and then its state when it was looked at."""
    from asyncgen.looks import look_of

    return look_of(path)


_CONDITIONS: Mapping[str, Callable[[str, str | None], str]] = {
    "option": _option,
    "variable": _variable,
    "interpreter": _interpreter,
    "file": _file,
    "folder": _folder,
    "presence": _presence,
    _LOOK: _look,
}


def _holds(kind: str, subject: str, known: str, python: str | None) -> bool:
    """Whether a condition is as it was. Nobody looks again at a file whose state is the same."""
    if kind != _LOOK:
        return _CONDITIONS[kind](subject, python) == known
    look, _, state = known.partition(" ")
    return state == state_of_file(subject) or look == _look(subject, python).partition(" ")[0]


def _conditions(
    config: Config, result: Result, written: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """All that a build depends on, as (kind, subject)."""
    from asyncgen import formatters
    from asyncgen.environment import dependencies
    from asyncgen.kept import VARIABLES

    yield from (("option", "python"), ("interpreter", ""))
    yield from (("variable", name) for name in VARIABLES)
    files = [*_own_files(), config.path, *config.own_templates, *formatters.files(config.path)]
    files += [*result.read, *(config.root / each for each in written)]
    for folder in dependencies(config):
        yield from _of_folder(folder)
        files += sorted(folder.glob("*.pth"))
    for folder in (*result.folders, *_template_folders(config)):
        yield from _of_folder(folder)
    yield from (("file", str(path)) for path in files)
    yield from ((_LOOK, str(path)) for path in result.looks)
    there: dict[Path, bool] = {}
    for path in result.absent:
        yield "presence", str(_topmost_missing(path, there))


def _template_folders(config: Config) -> Iterator[Path]:
    """The folders where a template of the project's own may come to be."""
    if config.templates:
        yield config.templates
        yield from sorted(path for path in config.templates.rglob("*") if path.is_dir())


def _of_folder(folder: Path) -> Iterator[tuple[str, str]]:
    if folder.is_dir():
        yield "folder", str(folder)
    else:
        yield "presence", str(_topmost_missing(folder, {}))


def _topmost_missing(path: Path, there: dict[Path, bool]) -> Path:
    """The path, or that folder on the way to it which is the first that is not there: what comes
    to be below it cannot come before it. `there` has the folders that were asked for before."""
    while path.parent != path:
        if path.parent not in there:
            there[path.parent] = path.parent.is_dir()
        if there[path.parent]:
            break
        path = path.parent
    return path


def _own_files() -> Iterator[Path]:
    """asyncgen's own code and templates: a change there is a change of what it writes."""
    from importlib import resources
    from pathlib import Path

    for package in ("asyncgen", "asyncgen_templates"):
        folder = Path(str(resources.files(package)))
        yield from sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".jinja"))
