"""The project's own Python files, whether a source names them or not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from asyncgen.globs import Globber
from asyncgen.header import bears_header

# Folders, and files without their suffix, that hold nothing that a project runs.
ASIDE = re.compile(
    r"\..*|docs?|examples?|build|dist|node_modules|site-packages|__pycache__"
    r"|migrations|\w+_migrations|conftest|tests?|testing|testapps?|testprojects?|test_\w+|\w+_tests?"
)
# Folders whose files are nobody's: what a build, a package manager or Python put there.
_FOREIGN = re.compile(r"\..*|build|dist|node_modules|site-packages|__pycache__")
_ATTRIBUTE = re.compile(rb"\.\s*(\w+)")


def own_files(root: Path, globber: Globber, *, aside: re.Pattern[str] = ASIDE) -> Iterator[Path]:
    """The files below `root` that people wrote and that can be read, but for those with a part of
    their path that is `aside`: by default, those that test or migrate. None of an environment."""

    def is_own(folder: Path) -> bool:
        return not aside.fullmatch(folder.name) and not (folder / "pyvenv.cfg").exists()

    for path in globber.files(root, "**/*.py", is_own):
        if aside.fullmatch(path.stem) or not os.access(path, os.R_OK):
            continue
        if not bears_header(path):
            yield path


def every_file(root: Path, globber: Globber) -> Iterator[Path]:
    """The same, tests and migrations among them."""
    return own_files(root, globber, aside=_FOREIGN)


def attribute_names(data: bytes) -> frozenset[str]:
    """The names after a dot in a file's text: whatever of them is called is among these."""
    return frozenset(name.decode("ascii", "replace") for name in _ATTRIBUTE.findall(data))
