"""What `asyncgen init` proposes besides single files: globs, services, other people's classes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from asyncgen.choices import Choice
from asyncgen.header import bears_header
from asyncgen.resolve import Resolver
from asyncgen.source import Class

LEAST = 2  # so many files of one pattern are worth a glob
# Who calls a function that has such a first parameter, or decorator: Django, or a worker.
_PASSED = frozenset({"request", "sender"})
_CALLED_ELSEWHERE = frozenset({"receiver", "shared_task", "task", "periodic_task", "job"})


# The functions of each file that open transactions.
Services = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Sources, as they stand in the configuration, and what else to set; `foreign` are
    modules of other packages that the project's classes come from."""

    sources: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    services: Services = ()
    foreign: tuple[str, ...] = ()

    @property
    def has_services_alone(self) -> bool:
        return bool(self.services) and not self.sources


def globs(files: Sequence[str], is_harmless: Callable[[str], bool], root: Path) -> list[str]:
    """The files as few globs. A glob finds nothing but the files and what is harmless to read, and
    not much of that."""
    left = dict.fromkeys(files)
    found: list[str] = []
    for pattern in _patterns(files):
        depth = pattern.count("/")
        members = [
            each for each in left if each.count("/") == depth and PurePosixPath(each).match(pattern)
        ]
        if len(members) < LEAST or not _spreads(pattern, members):
            continue
        paths = (path for path in root.glob(pattern) if not bears_header(path))
        matched = {path.relative_to(root).as_posix() for path in paths}
        is_apt = len(members) * 2 >= len([each for each in matched if "__init__" not in each])
        if is_apt and all(each in files or is_harmless(each) for each in matched):
            found.append(pattern)
            for each in members:
                del left[each]
    return sorted([*found, *left])


def _spreads(pattern: str, members: Sequence[str]) -> bool:
    """Whether a `*` for a folder stands for more than one."""
    parts = pattern.split("/")
    if "*" not in parts:
        return True
    at = parts.index("*")
    return len({each.split("/")[at] for each in members}) > 1


def _patterns(files: Iterable[str]) -> list[str]:
    """The globs that could be: of files of one name in neighbouring folders, of files in
    neighbouring folders of one name, of files in one folder; the most general first."""
    named: dict[str, None] = {}
    foldered: dict[str, None] = {}
    single: dict[str, None] = {}
    for each in files:
        parts = each.split("/")
        if len(parts) > 1:
            named["/".join([*parts[:-2], "*", parts[-1]])] = None
            single["/".join([*parts[:-1], "*.py"])] = None
        if len(parts) > 2:
            foldered["/".join([*parts[:-3], "*", parts[-2], "*.py"])] = None
    return [*foldered, *named, *single]


def services(path: Path) -> tuple[str, ...]:
    """The public functions of a module that open a transaction, by how they are written; not those
    that answer a request or a signal, or that a worker runs."""
    with suppress(OSError, SyntaxError, ValueError):
        data = path.read_bytes()
        if b"atomic" in data:
            return tuple(
                each.name
                for each in ast.parse(data).body
                if isinstance(each, ast.FunctionDef)
                and not each.name.startswith("_")
                and not _is_called_elsewhere(each)
                and any(_names(one) == "atomic" for one in _entered(each))
            )
    return ()


def _is_called_elsewhere(function: ast.FunctionDef) -> bool:
    first = next((each.arg for each in function.args.args), "")
    decorators = map(_names, function.decorator_list)
    return first in _PASSED or not _CALLED_ELSEWHERE.isdisjoint(decorators)


def _entered(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """The decorators of a function, and what the `with` statements in it enter."""
    yield from function.decorator_list
    for node in ast.walk(function):
        if isinstance(node, ast.With):
            yield from (item.context_expr for item in node.items)


def _names(node: ast.expr) -> str:
    """The last name of what is called or named: `atomic` of `transaction.atomic(durable=True)`."""
    match node:
        case ast.Call(func=function):
            return _names(function)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def foreign(classes: Iterable[Class], resolver: Resolver, role: Callable[[Class], str]) -> set[str]:
    """The modules of other packages, Django aside, with querysets, managers or models that the
    classes inherit from."""
    return {
        base.module
        for each in classes
        for base in resolver.mro(each)
        if not base.module.startswith("django.") and role(base) and _is_installed(base, resolver)
    }


def _is_installed(cls: Class, resolver: Resolver) -> bool:
    path = resolver.find(cls.module)
    return path is not None and "site-packages" in path.parts
