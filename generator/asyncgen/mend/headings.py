"""The sections of imports, and the comment that a project has above each, by what isort or ruff has
in its configuration."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from contextlib import suppress
from enum import IntEnum
from pathlib import Path

from asyncgen.config import Config


class Section(IntEnum):
    """The sections of imports, in isort's order."""

    FUTURE = 0
    STANDARD = 1
    THIRD_PARTY = 2
    FIRST_PARTY = 3
    RELATIVE = 4


# The comment above each section that a project has one for: isort's `import_heading_…`.
Headings = Mapping[Section, str]


# The words of isort and of ruff: https://pycqa.github.io/isort/docs/configuration/options.html,
# https://docs.astral.sh/ruff/settings/#lint_isort_import-heading
_ISORT = ("future", "stdlib", "thirdparty", "firstparty", "localfolder")
_RUFF = ("future", "standard-library", "third-party", "first-party", "local-folder")


def headings(config: Config) -> Headings:
    """The comments above sections that isort or ruff has in its configuration."""
    texts = dict(_headings_of_files(config.root)) | dict(_headings_of_tables(config.path))
    return {section: f"# {text}" for section, text in texts.items() if text}


def _headings_of_tables(path: Path) -> Iterator[tuple[Section, str]]:
    tool: object = {}
    with suppress(OSError, ValueError):
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool")
    match tool:
        case {"isort": {**table}}:
            for section, word in zip(Section, _ISORT, strict=True):
                yield section, str(table.get(f"import_heading_{word}", ""))
        case {"ruff": {"lint": {"isort": {"import-heading": {**table}}}}}:
            for section, word in zip(Section, _RUFF, strict=True):
                yield section, str(table.get(word, ""))


def _headings_of_files(root: Path) -> Iterator[tuple[Section, str]]:
    parser = ConfigParser(interpolation=None)
    with suppress(Error, UnicodeDecodeError):
        parser.read([root / "setup.cfg", root / ".isort.cfg"], encoding="utf-8")
    for name in ("isort", "settings"):
        if parser.has_section(name):
            for section, word in zip(Section, _ISORT, strict=True):
                yield section, parser[name].get(f"import_heading_{word}", "")
