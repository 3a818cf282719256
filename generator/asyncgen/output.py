"""Rendered files against those on disk: compare, diff, write, find what is no longer due."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asyncgen.config import Config
from asyncgen.header import head_of, is_generated, sources_in
from asyncgen.journal import Record, Step, carry_out, content, hash_of, ledger
from asyncgen.marks import is_marked, stripped
from asyncgen.problems import AsyncgenError, Location, Problem, Severity
from asyncgen.surface import Drift, DriftKind, Rendered


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Files that are no longer due: those that may be removed, and those that are only named; and
    sources without the twins that they should not have any more."""

    removable: tuple[str, ...] = ()
    cleared: tuple[Rendered, ...] = ()
    problems: tuple[Problem, ...] = ()


def drift(root: Path, rendered: Iterable[Rendered], removable: Iterable[str] = ()) -> list[Drift]:
    """What differs on disk from what was rendered, by path. Newlines are no difference.

    Raises AsyncgenError: AG401 a hand-written file is in the way, AG402 a path leads outside the
    project, AG403 a file cannot be read.
    """
    found: list[Drift] = []
    for each in rendered:
        known = current(root, each.path, is_source=each.is_source)
        if known != each.text:
            kind = DriftKind.MISSING if known is None else DriftKind.CHANGED
            found.append(Drift(each.path, kind, _diff(each.path, known or "", each.text)))
    found += [
        Drift(path, DriftKind.ORPHAN, _diff(path, current(root, path) or "", ""))
        for path in removable
    ]
    return sorted(found, key=lambda each: each.path)


def current(root: Path, path: str, *, is_source: bool = False) -> str | None:
    """The text of a generated file as it is now; None where there is none. That of a source, to
    the byte."""
    data = _content(root, path)
    if data is None:
        return None
    if is_source:
        return data.decode("utf-8", errors="surrogateescape")
    if data.strip() and not is_generated(data):
        raise AsyncgenError(
            Problem(
                "AG401",
                "a hand-written file is in the way: it does not bear asyncgen's header",
                "move the file, or set another `output` in [tool.asyncgen]",
                Location(path, 1),
            )
        )
    return data.decode("utf-8", errors="surrogateescape").replace("\r\n", "\n")


def _content(root: Path, path: str) -> bytes | None:
    try:
        return content(inside(root, path))
    except OSError as error:
        raise AsyncgenError(
            Problem(
                "AG403",
                f"cannot read the output: {error.strerror or error}",
                "check its mode",
                Location(path, 1),
            )
        ) from error


def inside(root: Path, path: str) -> Path:
    """The absolute path of an output, which must lie in the project."""
    target = Path(os.path.normpath(root / path))
    resolved = target.resolve()
    if not resolved.is_relative_to(root.resolve()) or not target.is_relative_to(root):
        raise AsyncgenError(
            Problem(
                "AG402",
                f"the output {path} lies outside the project",
                "set `output` in [tool.asyncgen] to a path below the pyproject.toml",
                Location(path, 1),
            )
        )
    return target


def _diff(path: str, before: str, after: str) -> str:
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), path, path
        )
    )


def write(configuration: Path, rendered: Sequence[Rendered], drifts: Sequence[Drift]) -> list[str]:
    """Bring the files that drifted in line, all or none, and note what the configuration wrote;
    the paths that changed. Raises AsyncgenError (AG402 to AG404)."""
    root = configuration.parent
    due = {each.path: each for each in rendered}
    steps = [_step(root, each.path, due.get(each.path)) for each in drifts]
    written = {path: hash_of(_bytes(due[path])) for path in sorted(due)}
    carry_out(root, steps, Record(configuration.name, written))
    return [each.path for each in drifts]


def _step(root: Path, path: str, rendered: Rendered | None) -> Step:
    """From the file as it is to the text, with the newlines that the file has. A source that is a
    symbolic link stays one."""
    data = _content(root, path)
    before = None if data is None else hash_of(data)
    after = _bytes(rendered) if rendered else None
    if rendered and rendered.is_source:
        return Step(str(inside(root, path).resolve()), before, after)
    if after and data and b"\r\n" in data:
        after = after.replace(b"\n", b"\r\n")
    return Step(path, before, after)


def _bytes(rendered: Rendered) -> bytes:
    return rendered.text.encode("utf-8", errors="surrogateescape")


def leftovers(
    config: Config, rendered: Sequence[Rendered], marked: Iterable[str] = ()
) -> Leftovers:
    """What is no longer due. Only what this very configuration wrote, as it wrote it, may be
    removed; any other file with our header is named where the source that it tells of is gone.
    Twins go from people's own files that this configuration put them into, and from `marked`."""
    due = {each.path for each in rendered}
    removable = []
    written = ledger(config.path)
    cleared = [
        _cleared(path, data)
        for path in sorted({*marked, *written} - due)
        if (data := _content(config.root, path)) and is_marked(data)
    ]
    for path, known in written.items():
        data = _content(config.root, path) if path not in due else None
        if data is not None and is_generated(data) and hash_of(data) == known:
            removable.append(path)
    folders = {inside(config.root, each.path).parent for each in rendered}
    problems = [
        Problem(
            "AG505",
            f"{path} was generated from {source}, which is not there any more",
            "remove it, or its header; build removes only what this configuration wrote and "
            "nobody changed",
            Location(path, 1),
            Severity.WARNING,
        )
        for path, source in _generated(config, folders)
        if path not in due and path not in removable and not _exists(config, source)
    ]
    return Leftovers(tuple(removable), tuple(cleared), tuple(problems))


def _cleared(path: str, data: bytes) -> Rendered:
    text = stripped(data, path).decode("utf-8", errors="surrogateescape")
    return Rendered(path, text, is_source=True)


def _generated(config: Config, folders: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """The files in some folders that bear our header, each with the first source that it names."""
    for folder in sorted(folders):
        for path in sorted((*folder.glob("*.py"), *folder.glob("*.pyi"))):
            with suppress(OSError):
                sources = sources_in(head_of(path)) if path.is_file() else ()
                if sources:
                    yield path.relative_to(config.root).as_posix(), sources[0]


def _exists(config: Config, source: str) -> bool:
    from asyncgen.environment import site_packages

    roots = (config.root, *config.search, *site_packages(config))
    return any((root / source).exists() for root in roots)
