"""The imports that a module has, and what they look like from there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import libcst as cst

from asyncgen.config import Config
from asyncgen.environment import is_own_package
from asyncgen.mend.headings import Headings, Section, headings
from asyncgen.surface import ImportLine

FirstParty = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Place:
    """A module as its own imports see it: its package, which packages are near, and what stands
    above the sections of its imports."""

    package: str
    is_first_party: FirstParty
    headings: Headings = field(default_factory=dict)

    @classmethod
    def of(cls, module: str, path: Path, config: Config) -> Place:
        is_package = path.stem == "__init__"
        return cls(
            module if is_package else module.rpartition(".")[0],
            partial(is_own_package, config),
            headings(config),
        )

    def absolute(self, node: cst.ImportFrom) -> str:
        """The full name of the module that a statement imports from."""
        name = dotted(node.module)
        level = len(node.relative)
        if not level:
            return name
        parts = self.package.split(".")
        return ".".join(filter(None, [*parts[: len(parts) - level + 1], name]))

    def relative(self, module: str) -> str:
        """The module's name with leading dots, seen from here."""
        own, other = self.package.split("."), module.split(".")
        common = 0
        while common < min(len(own), len(other) - 1) and own[common] == other[common]:
            common += 1
        if not common:
            return module
        return "." * (len(own) - common + 1) + ".".join(other[common:])

    def section(self, name: str) -> Section:
        top = name.partition(".")[0]
        if not top:
            return Section.RELATIVE
        if top == "__future__":
            return Section.FUTURE
        if top in sys.stdlib_module_names:
            return Section.STANDARD
        return Section.FIRST_PARTY if self.is_first_party(top) else Section.THIRD_PARTY

    def heading(self, name: str) -> str:
        """The comment above the imports of the module's section; empty where there is none."""
        return self.headings.get(self.section(name), "")


@dataclass(frozen=True, slots=True)
class Statement:
    """An import that stands alone in its line, at the outermost level of a module."""

    index: int  # among the statements
    line: cst.SimpleStatementLine
    node: cst.Import | cst.ImportFrom
    name: str  # of the module, with leading dots, as it is written

    @property
    def starts_group(self) -> bool:
        """Whether a blank line sets it apart; before a comment isort puts one in any case."""
        lines = self.line.leading_lines
        return bool(lines) and all(each.comment is None for each in lines)

    @property
    def level(self) -> int:
        return len(self.name) - len(self.name.lstrip("."))

    @property
    def order(self) -> Order:
        aliases = aliases_of(self.node)
        first = dotted(aliases[0].name) if aliases else ""
        return Order(isinstance(self.node, cst.ImportFrom), self.name, member_key(first))


Natural = tuple[str | int, ...]
MemberKey = tuple[int, Natural]


@dataclass(frozen=True, slots=True)
class Order:
    """What an import is sorted by: whether it is a `from`, its module, and its first name."""

    is_from: bool
    name: str
    member: MemberKey

    @property
    def module(self) -> tuple[int, Natural]:
        name = self.name.lstrip(".")
        return len(name) - len(self.name), _natural(name)

    def by_form(self) -> tuple[object, ...]:
        """As isort and ruff sort a section: `import x` before `from x import y`."""
        return self.is_from, self.module, self.member

    def by_name(self) -> tuple[object, ...]:
        """With their `force_sort_within_sections`."""
        return self.module, self.is_from, self.member


def _natural(name: str) -> Natural:
    return tuple(int(each) if each.isdigit() else each for each in re.split(r"(\d+)", name.lower()))


def member_key(name: str) -> MemberKey:
    """Constants, classes, the rest."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, _natural(name)


def statements_of(body: Sequence[cst.BaseStatement], before: int) -> list[Statement]:
    found: list[Statement] = []
    for index, line in enumerate(body[:before]):
        match line:
            case cst.SimpleStatementLine(body=[cst.Import() as node]):
                found.append(Statement(index, line, node, dotted(node.names[0].name)))
            case cst.SimpleStatementLine(body=[cst.ImportFrom() as node]):
                name = "." * len(node.relative) + dotted(node.module)
                found.append(Statement(index, line, node, name))
    return found


def dotted(node: cst.BaseExpression | None) -> str:
    """The dotted name as it is written; empty for any other expression."""
    match node:
        case cst.Name(value=value):
            return value
        case cst.Attribute(value=value, attr=attribute):
            return f"{dotted(value)}.{attribute.value}"
    return ""


def local_names(tree: cst.Module, place: Place) -> dict[ImportLine, str]:
    """What the module imports at its outermost level, and what it calls that; of `import a.b` it is
    the whole name, for none other means that module alone."""
    return {
        imported(statement.node, alias, place): local_name(alias)
        for statement in statements_of(tree.body, len(tree.body))
        for alias in aliases_of(statement.node)
    }


def imported(node: cst.Import | cst.ImportFrom, alias: cst.ImportAlias, place: Place) -> ImportLine:
    """What one name of a statement imports."""
    name = dotted(alias.name)
    if isinstance(node, cst.Import):
        return ImportLine(name, None)
    return ImportLine(place.absolute(node), name)


def aliases_of(node: cst.Import | cst.ImportFrom) -> Sequence[cst.ImportAlias]:
    return () if isinstance(node.names, cst.ImportStar) else node.names


def local_name(alias: cst.ImportAlias) -> str:
    return dotted(alias.asname.name if alias.asname else alias.name)
