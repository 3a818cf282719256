"""Where modules stand below the search roots, and what stands in them.

Nothing is imported: a module is read when a name leads there.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from asyncgen.facts import Block, Define, walk
from asyncgen.problems import AsyncgenError
from asyncgen.source import Class, Function, Later, Module

OUTER_LIMIT = 60  # how many files of a package are looked at
# An import, also by import_module("django.db"); not a word about Django in a comment.
_IMPORTS_DJANGO = re.compile(rb"\b(?:from|import)\s+django\b|import_module\(.django\b")


@dataclass
class Modules(ABC):
    """Finds and reads modules below `roots`; the first root that has one wins.

    `outputs` are modules that this build writes: they are never read.
    """

    roots: Sequence[Path]
    read: Callable[[Path, str], Module]
    outputs: frozenset[str] = frozenset()
    _modules: dict[str, Module | None] = field(default_factory=dict)
    _paths: dict[str, Path | None] = field(default_factory=dict)
    _folders: dict[str, bool] = field(default_factory=dict)
    _of_django: dict[str, bool] = field(default_factory=dict)

    @abstractmethod
    def decided(self, module: Module) -> Module:
        """The module as it is once what its decorators do is told."""

    def find(self, dotted: str) -> Path | None:
        """The file of the module named `dotted`, below the first root that has one."""
        if dotted not in self._paths:
            self._paths[dotted] = self._find(dotted)
        return self._paths[dotted]

    def _find(self, dotted: str) -> Path | None:
        return next((each for each in self._candidates(dotted) if each.is_file()), None)

    def _candidates(self, dotted: str) -> Iterator[Path]:
        """Where the module may stand, the first that is there wins."""
        parts = dotted.split(".")
        for root in self.roots:
            base = root.joinpath(*parts)
            yield from (base / "__init__.py", base.with_name(base.name + ".py"))

    def is_there(self, dotted: str) -> bool:
        """Whether it is a module, or a folder in one of the roots, which is a namespace package.
        https://docs.python.org/3/reference/import.html#namespace-packages"""
        if self.find(dotted):
            return True
        if dotted not in self._folders:
            outer = dotted.rpartition(".")[0]
            parts = dotted.split(".")
            self._folders[dotted] = (not outer or self.is_there(outer)) and any(
                root.joinpath(*parts).is_dir() for root in self.roots
            )
        return self._folders[dotted]

    def absent(self) -> Iterator[Path]:
        """What was looked for in vain: were it there, other modules would have been found."""
        for dotted, found in self._paths.items():
            for path in self._candidates(dotted):
                if path == found:
                    break
                yield path

    def knows_django(self, dotted: str) -> bool:
        """Whether the top-level package of a module has anything to do with Django: it is part of
        the project, or one of its outer files imports it. Nothing else is read for what it does."""
        top = dotted.partition(".")[0]
        if top not in self._of_django:
            path = self.find(top)
            self._of_django[top] = (
                path is None
                or "site-packages" not in path.parts
                or any(map(_imports_django, _outer_files(path)))
            )
        return self._of_django[top]

    def module(self, dotted: str) -> Module | None:
        """The module named `dotted`, read now if it was not; None if it is not below the roots."""
        if dotted not in self._modules:
            path = None if dotted in self.outputs else self.find(dotted)
            self._modules[dotted] = self.decided(self.read(path, dotted)) if path else None
        return self._modules[dotted]

    def add(self, module: Module) -> None:
        self._modules[module.name] = module

    @property
    def known(self) -> tuple[Module, ...]:
        """The modules read so far."""
        return tuple(module for module in self._modules.values() if module)

    def readable(self, dotted: str) -> Module | None:
        """Like `module`, but a dependency that cannot be read counts as not there."""
        try:
            return self.module(dotted)
        except AsyncgenError:
            self._modules[dotted] = None
            return None


def _outer_files(path: Path) -> Iterator[Path]:
    """A module's own file, or the files of a package and of the packages right in it."""
    yield path
    if path.stem == "__init__":
        yield from islice(path.parent.glob("*.py"), OUTER_LIMIT)
        yield from islice(path.parent.glob("*/*.py"), OUTER_LIMIT)


def _imports_django(path: Path) -> bool:
    try:
        return path.is_file() and _IMPORTS_DJANGO.search(path.read_bytes()) is not None
    except OSError:
        return False


def every_class(module: Module) -> Iterator[Class]:
    """The classes that the module has at run time, those in the bodies of classes and functions
    too."""

    def nested(cls: Class) -> Iterator[Class]:
        if not cls.is_type_only:
            yield cls
            for each in cls.classes.values():
                yield from nested(each)

    def inside(block: Block) -> Iterator[Class]:
        for statement in walk(block):
            match statement:
                case Define(definition=Class() as cls):
                    yield from nested(cls)
                case Define(definition=Function() as function):
                    yield from inside(function.body)

    for cls in module.classes.values():
        yield from nested(cls)
    for function in module.functions.values():
        if not isinstance(function.block, Later):  # what is read later has no class in it
            yield from inside(function.body)
