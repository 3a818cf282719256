"""The sections of imports, and the comment that a project has above each, by what isort or ruff has
in its configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum

from asyncgen.config import Config
from asyncgen.formatters import isort_of_ruff, tables


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
    return {section: f"# {text}" for section, text in _texts(config) if text}


def _texts(config: Config) -> Iterator[tuple[Section, object]]:
    found = tables(config.path)
    if "isort" in found:
        for section, word in zip(Section, _ISORT, strict=True):
            yield section, found["isort"].get(f"import_heading_{word}")
        return
    table = isort_of_ruff(found.get("ruff", {})).get("import-heading")
    if isinstance(table, dict):
        for section, word in zip(Section, _RUFF, strict=True):
            yield section, table.get(word)
