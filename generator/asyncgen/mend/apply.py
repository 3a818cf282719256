"""`asyncgen apply`: the faults of a run's wiring, mended in people's own source."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import libcst as cst
from libcst import matchers

from asyncgen.config import Config
from asyncgen.mend.classes import NewBases, with_bases
from asyncgen.mend.imported import Place, local_names
from asyncgen.mend.imports import Importer, without
from asyncgen.problems import Problem
from asyncgen.surface import ImportLine
from asyncgen.wiring import Fault, FaultKind

# A class that inherits one of these may inherit nothing else that is a plain class.
_SEALED = frozenset({"NamedTuple", "TypedDict", "Protocol"})


@dataclass(frozen=True, slots=True)
class Change:
    """A file of the project, as it is and as it is to be."""

    path: str
    before: bytes
    after: bytes

    @property
    def diff(self) -> str:
        before, after = (
            data.decode("utf-8", errors="replace").splitlines(keepends=True)
            for data in (self.before, self.after)
        )
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(before, after, self.path, self.path)
        )


@dataclass(frozen=True, slots=True)
class Mended:
    """The files to change, and the problems that remain, each with the line to write."""

    changes: tuple[Change, ...]
    left: tuple[Problem, ...]


def mended(config: Config, faults: Sequence[Fault]) -> Mended:
    """Mend what can be mended safely. Nothing is written.

    A fault that is left says in its hint why, and what to write.
    """
    changes: list[Change] = []
    left: list[Problem] = []
    for path, module in sorted({(each.path, each.module) for each in faults}):
        before = (config.root / path).read_bytes()
        place = Place.of(module, Path(path), config)
        patient = _Patient(before, place, config.line_length)
        after = patient.mended([each for each in faults if each.path == path])
        if after != before:
            changes.append(Change(path, before, after))
        left += [
            replace(fault.problem(), hint=f"{why}; {fault.by_hand}")
            for fault, why in patient.refused.items()
        ]
    return Mended(tuple(changes), tuple(left))


@dataclass
class _Patient:
    """One file that is mended; `refused` are the faults that it keeps, and why."""

    before: bytes
    place: Place
    width: int
    refused: dict[Fault, str] = field(default_factory=dict)

    @cached_property
    def tree(self) -> cst.Module:
        return cst.parse_module(self.before)

    @cached_property
    def imported(self) -> dict[ImportLine, str]:
        """What the file imports, as it is."""
        return local_names(self.tree, self.place)

    @cached_property
    def bound(self) -> set[str]:
        """The names that it binds by itself."""
        return bound(self.tree)

    def mended(self, faults: Sequence[Fault]) -> bytes:
        """The file as it should be."""
        if self.tree.bytes != self.before:
            self.refused |= dict.fromkeys(faults, "the file cannot be written as it is read")
            return self.before
        self.refused |= {each: why for each in faults if (why := self.refusal(each))}
        tree, lines = with_bases(self.tree, self.bases(self.accepted(faults)), self.width)
        self.refused |= {
            each: "the class statement is not found"
            for each in self.accepted(faults)
            if each.owner and each.owner.location.line not in lines
        }
        stale = [each for each in self.accepted(faults) if each.kind is FaultKind.STALE]
        used = used_names(tree) if stale else set()
        self.refused |= {
            each: "the name is used in other places, or imported in a block"
            for each in stale
            if each.mixin not in self.imported or self.imported[each.mixin] in used
        }
        tree = without(tree, self.place, frozenset(each.mixin for each in self.accepted(stale)))
        wanted = dict.fromkeys(
            each.mixin
            for each in self.accepted(faults)
            if each.kind is not FaultKind.STALE and each.mixin not in self.imported
        )
        return Importer(self.place, self.width).added(tree, wanted, first_class(tree)).bytes

    def accepted(self, faults: Iterable[Fault]) -> list[Fault]:
        return [each for each in faults if each not in self.refused]

    def bases(self, faults: Iterable[Fault]) -> dict[int, NewBases]:
        """What each class is to inherit first, and what no more, by the line that it begins in."""
        wanted: dict[int, NewBases] = {}
        for each in faults:
            if each.owner is None:
                continue
            line = each.owner.location.line
            known = wanted.get(line, NewBases())
            dropped = known.dropped | ({each.text} if each.text else frozenset())
            first = known.first
            if each.kind is not FaultKind.STALE:
                name = self.imported.get(each.mixin, each.mixin.name or "")
                first = each.text or each.base.replace(each.mixin.name or "", name, 1)
            wanted[line] = NewBases(first, dropped)
        return wanted

    def refusal(self, fault: Fault) -> str:
        """Why the fault cannot be mended safely; empty where it can."""
        if fault.kind is FaultKind.STALE:
            return ""
        owner = fault.owner
        bases = owner.base_texts if owner else ()
        sealed = [each for each in bases if each.partition("[")[0].rpartition(".")[2] in _SEALED]
        if sealed:
            return f"a class that inherits {sealed[0]} may not inherit a mixin"
        if fault.kind is FaultKind.MISPLACED and not fault.text:
            return f"another base of the class inherits {fault.mixin.name} already"
        name = fault.mixin.name or ""
        if fault.mixin not in self.imported and name in self.bound:
            return f"the module has something else that is called {name}"
        return ""


def first_class(tree: cst.Module) -> int:
    """The number of the first statement with a class in it, before which imports stand."""
    for index, statement in enumerate(tree.body):
        if matchers.findall(statement, matchers.ClassDef()):
            return index
    return len(tree.body)


def bound(tree: cst.Module) -> set[str]:
    """The names that the module binds by itself."""
    found: set[str] = set()
    for node in matchers.findall(
        tree, matchers.ClassDef() | matchers.FunctionDef() | matchers.AssignTarget()
    ):
        match node:
            case (
                cst.ClassDef(name=cst.Name(value=name)) | cst.FunctionDef(name=cst.Name(value=name))
            ):
                found.add(name)
            case cst.AssignTarget(target=cst.Name(value=name)):
                found.add(name)
    return found


def used_names(tree: cst.Module) -> set[str]:
    """All names and strings outside of imports."""

    class Uses(cst.CSTVisitor):
        def visit_Import(self, node: cst.Import) -> bool:
            return False

        def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
            return False

        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

        def visit_SimpleString(self, node: cst.SimpleString) -> None:
            found.add(node.raw_value)

    found: set[str] = set()
    tree.visit(Uses())
    return found
