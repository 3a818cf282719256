"""What somebody may have meant by a name that is nowhere; only looked for when there is one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from asyncgen.config import Config
from asyncgen.globs import Globber
from asyncgen.plan.own import every_file
from asyncgen.presets import PRESETS


def meant(name: str, known: Iterable[str]) -> str:
    """`did you mean …?`, with a space after it; empty where nothing is near."""
    close = get_close_matches(name, sorted(set(known)), n=1, cutoff=0.7)
    return f"did you mean {close[0]!r}? " if close else ""


def near_source(config: Config, entry: str) -> str:
    """What may help with a source that is nowhere: a file of a near name, a package to install."""
    for preset in PRESETS.values():
        if entry.partition(".")[0] == preset.package:
            return f"install {preset.distribution} in the project's environment; "
    path = entry.removesuffix(".py").replace(".", "/") + ".py"
    return meant(path, (each.relative_to(config.root).as_posix() for each in _files(config)))


def near_definition(config: Config, pattern: str) -> str:
    """Which module defines the last name of a pattern, where it is a name."""
    name = pattern.rpartition(".")[2]
    if name.isidentifier():
        definition = re.compile(rf"^(?:class|def) {name}\b".encode(), re.MULTILINE)
        for path in _files(config):
            data = path.read_bytes()
            if definition.search(data):
                return (
                    f"{path.relative_to(config.root).as_posix()} has it: name that in `sources`; "
                )
    return ""


def _files(config: Config) -> Iterator[Path]:
    return every_file(config.root, Globber())
