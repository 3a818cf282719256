"""From which folder the dotted name of a file starts: from where the project imports it.

Python knows by `sys.path`, which is made when a project runs. What the project's files say of it is
read, the surest first: the roots that `search` names; what an AppConfig is called; and where
several folders could be meant, what the files import, and which apps settings install.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from asyncgen.config import Config
from asyncgen.files import hash_of_file, regular_bytes
from asyncgen.globs import Globber
from asyncgen.plan.own import every_file

# What stands in a folder that a program, or an installer, starts from.
_STARTS = ("pyproject.toml", "manage.py")
_INSTALLERS = ("pyproject.toml", "setup.py", "setup.cfg")
_APP_NAME = re.compile(rb"""^\s+name\s*(?::\s*\w+\s*)?=\s*["']([\w.]+)["']""", re.MULTILINE)
_IMPORTED = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)
_NAMED = re.compile(rb"""["']([A-Za-z_][\w.]*)["']""")
_FOLDERS = re.compile(rb"""["']([\w./-]+)["']|(?<=[\s=:,])([\w./-]+)(?=[\s,]|$)""")
_SETTINGS = re.compile(rb"""DJANGO_SETTINGS_MODULE["'\s,=:\])]+([\w.]+)""")
# How a tool is told where packages stand, in a line of its configuration.
_TOLD = re.compile(
    rb"^.*(?:python_?paths?|mypy_path|package[-_]dir|\bwhere|\bfrom)[\"']?\s*=.*$", re.MULTILINE
)
_TOOLS = ("pyproject.toml", "setup.cfg", "setup.py", "pytest.ini", "tox.ini", "mypy.ini")
_AN_APP = 1000  # as many imports: Django loads an app's models by the name that is installed


@dataclass
class Roots:
    """What modules are called, by their files. `read` has what it rests on, with hashes; a file
    that it would rest on comes into one of the `globber`'s folders."""

    config: Config
    globber: Globber = field(default_factory=Globber)
    read: dict[Path, str] = field(default_factory=dict)
    _known: dict[Path, Path] = field(default_factory=dict)
    _told: dict[Path, frozenset[Path]] = field(default_factory=dict)

    def module_name(self, path: Path) -> str:
        """The dotted name by which the project imports a file."""
        parts = path.relative_to(self.of(path.parent)).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def of(self, folder: Path) -> Path:
        """The folder from which the names of the modules in `folder` start."""
        if folder not in self._known:
            self._known[folder] = self._found(folder)
        return self._known[folder]

    def _found(self, folder: Path) -> Path:
        said = [each for each in self.config.search if folder.is_relative_to(each)]
        if said and self.config.search != self.config.default_search:
            return max(said, key=lambda each: len(each.parts))
        if not folder.is_relative_to(self.config.root) or "site-packages" in folder.parts:
            return _outermost(folder, self.config.search.__contains__)
        around = [
            each for each in (folder, *folder.parents) if each.is_relative_to(self.config.root)
        ]
        return self._of_app(around) or self._of_program(around)

    def _of_app(self, around: Sequence[Path]) -> Path | None:
        """By the name of the nearest AppConfig, where that is one of its folder's: Django imports
        the app by it."""
        for app in around:
            data = self._read(app / "apps.py")
            for name in _APP_NAME.findall(data) if b"AppConfig" in data else ():
                parts = tuple(name.decode().split("."))
                if app.parts[-len(parts) :] == parts:
                    return app.parents[len(parts) - 1]
        return None

    def _of_program(self, around: Sequence[Path]) -> Path:
        """The folder that a program starts from, unless imports start from another one."""
        start = next(filter(self._is_start, around), self.config.root)
        top = _outermost(around[0], start.__eq__)
        told = self._told_by(start)
        possible = [
            each
            for each in around
            if each == start or each in told or _is_between(each, top, start, around[0])
        ]
        if len(possible) == 1:
            return start
        votes = self._votes(around[0], possible)
        if votes:
            return max(possible, key=lambda each: votes[each])
        return next((each for each in possible if each in told), start)

    def _is_start(self, folder: Path) -> bool:
        self.globber.folders[folder] = None
        if folder in self.config.search or any((folder / name).is_file() for name in _STARTS):
            return True
        installed = folder.parent if folder.name == "src" else folder
        is_package = (folder / "__init__.py").is_file()
        return not is_package and any((installed / name).is_file() for name in _INSTALLERS)

    def _told_by(self, start: Path) -> frozenset[Path]:
        """The folders that `sys.path` is given where programs and tests start, and in settings;
        and those that tools are told of."""
        if start not in self._told:
            manage = self._read(start / "manage.py")
            texts = [manage, self._read(start / "conftest.py")]
            for name in _SETTINGS.findall(manage):
                place = start.joinpath(*name.decode().split("."))
                folder = place if place.is_dir() else place.parent
                texts += [self._read(each) for each in self.globber.files(folder, "*.py")]
            said = [each for each in texts if b"sys.path" in each]
            for name in _TOOLS:
                said += _TOLD.findall(self._read(start / name))
            self._told[start] = frozenset(each for text in said for each in _folders(text, start))
        return self._told[start]

    def _votes(self, folder: Path, possible: Sequence[Path]) -> Counter[Path]:
        """How often the project's files name what stands on the way to the folder, from each root:
        by an import, or as an installed app. What more than one root has says nothing, but in the
        files of one of them, which mean their own."""
        deepest = max(possible, key=lambda each: len(each.parts))
        below = folder.relative_to(deepest).parts
        head = deepest / below[0] if below else deepest
        votes: Counter[Path] = Counter()
        for name, places in self._mentions.items():
            parts = name.split(".")
            if below and head.name not in parts:
                continue
            found = [each for each in possible if _is_module(each.joinpath(*parts))]
            meant = [each for each in found if each.joinpath(*parts).is_relative_to(head)]
            for place, count in places if meant else ():
                if len(found) == 1 or place.is_relative_to(head):
                    votes[meant[0]] += count
        return votes

    @cached_property
    def _mentions(self) -> Mapping[str, Sequence[tuple[Path, int]]]:
        """What the project's files import, and which apps they install: for each name the folders
        of the files that say it, and how much that counts."""
        found: defaultdict[str, list[tuple[Path, int]]] = defaultdict(list)
        for path in every_file(self.config.root, self.globber):
            data = self._read(path)
            for name in _IMPORTED.findall(data):
                found[name.decode()].append((path.parent, 1))
            for name in _NAMED.findall(data) if b"INSTALLED_APPS" in data else ():
                app = name.decode()
                found[app.rpartition(".apps.")[0] or app].append((path.parent, _AN_APP))
        return found

    def _read(self, path: Path) -> bytes:
        """What a file says; nothing where it is not there."""
        self.globber.folders[path.parent] = None
        try:
            data = regular_bytes(path)
        except OSError:
            return b""
        self.read.setdefault(path, hash_of_file(path))
        return data


def _outermost(folder: Path, is_start: Callable[[Path], bool]) -> Path:
    """The folder of the outermost package that the folder is in; itself where it is none."""
    while (folder / "__init__.py").is_file() and not is_start(folder):
        folder = folder.parent
    return folder


def _is_between(folder: Path, top: Path, start: Path, innermost: Path) -> bool:
    """Whether nothing but `sys.path` says that names do not start there: it is no package and holds
    one; or a program starts in a package, which may be in another."""
    if start.is_relative_to(folder):
        return (start / "__init__.py").is_file()
    return top.is_relative_to(folder) and folder != innermost


def _is_module(path: Path) -> bool:
    return path.is_dir() or path.with_name(f"{path.name}.py").is_file()


def _folders(text: bytes, start: Path) -> Iterator[Path]:
    """The folders below `start` that a text names, by one string or by several in a row."""
    names = [(one or other).decode() for one, other in _FOLDERS.findall(text)]
    for first, name in enumerate(names):
        folder = start / name
        for following in (None, *names[first + 1 : first + 3]):
            folder = folder / following if following else folder
            if folder.is_dir() and folder != start:
                yield folder
