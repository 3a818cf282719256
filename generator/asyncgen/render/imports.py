"""Import statements in isort's order."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator

from asyncgen.surface import ImportLine

IsFirstParty = Callable[[str], bool]


def grouped(lines: Iterable[ImportLine], is_first_party: IsFirstParty) -> list[list[str]]:
    """The imports in isort's groups: the future, the standard library, others', the project's."""
    groups: list[set[ImportLine]] = [set(), set(), set(), set()]
    for line in lines:
        groups[_group(line, is_first_party)].add(line)
    return [_statements(group) for group in groups if group]


def _group(line: ImportLine, is_first_party: IsFirstParty) -> int:
    root = line.module.partition(".")[0]
    if root == "__future__":
        return 0
    if is_first_party(root):
        return 3
    return 1 if root in sys.stdlib_module_names else 2


def _statements(lines: set[ImportLine]) -> list[str]:
    """Plain imports first, then by module and name; what is renamed has a statement of its own."""
    plain = sorted(
        f"import {line.module} as {line.alias}" if line.alias else f"import {line.module}"
        for line in lines
        if line.name is None
    )
    return [*plain, *(f"from {module} import {names}" for module, names in _members(lines))]


def _members(lines: set[ImportLine]) -> Iterator[tuple[str, str]]:
    """Each module with names that one statement imports: what is renamed has one of its own."""
    for module in sorted({line.module for line in lines if line.name}, key=str.lower):
        found = [line for line in lines if line.name and line.module == module]
        plain = isorted({str(line.name) for line in found if not line.alias})
        renamed = {f"{line.name} as {line.alias}" for line in found if line.alias}
        for names in sorted([", ".join(plain), *renamed], key=_key):
            if names:
                yield module, names


def isorted(names: Iterable[str]) -> list[str]:
    """Constants, then classes, then the rest, as isort's order-by-type has it."""
    return sorted(names, key=_key)


def _key(name: str) -> tuple[int, str, str]:
    bare = re.split("[ ,]", name, maxsplit=1)[0]
    if bare.isupper() and len(bare) > 1:
        order = 0
    elif bare[:1].isupper():
        order = 1
    else:
        order = 2
    return order, bare.lower(), bare
