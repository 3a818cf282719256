"""Every change of a stub is noticed: by mypy, which sees a twin and its sync callable, by what
uses.py asserts of a callable without annotations, or by stubtest, which sees the program."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import checkers
import pytest
from mutants import UNCHANGED, Mutant, mutants, plant, refused
from signatures import Signature, Stubbed, agrees, mypy, revealed, signatures, stubbed
from test_stubtest import modules, stubtest

# Which changes no check notices, and why none could.
EQUIVALENT = {
    "a positional-only parameter's name, which no caller can use": re.compile(
        r"\.a?between: (self|low|high): another name|\.aregister: title: another name"
        r"|\.(select_related|prefetch_related|defer): overload 1, clear: another name"
    ),
    "the name of what takes a ParamSpec's arguments, which no caller can use": re.compile(
        r"\.a?apply: (args|kwargs): another name"
    ),
}


_ASSERTED = re.compile(
    r" +assert_type\((await )?(books|novels|authors|OwnedQuerySet)\.(?P<name>\w+)\("
)


@pytest.fixture(scope="module")
def functions(project: Path) -> list[Stubbed]:
    return list(dict.fromkeys(stubbed(project)))


def test_a_stub_has_the_signatures_of_the_sync_callables(
    functions: list[Stubbed], project: Path, programs: Path
) -> None:
    known = signatures(functions, project, programs)
    different = [each for each in functions if not agrees(each, known[each.expression], known)]
    assert different == []


def test_every_change_is_noticed(
    functions: list[Stubbed], project: Path, programs: Path, tmp_path: Path
) -> None:
    every = list(mutants(project))
    known = signatures(functions, project, programs)
    noticed = by_signatures(every, known, shutil.copytree(project, tmp_path / "all"), programs)
    left = [each for each in every if each not in noticed]
    noticed |= by_uses(left, tmp_path / "all", programs)
    left = [each for each in left if each not in noticed]
    noticed |= by_stubtest(left, shutil.copytree(project, tmp_path / "left"), programs)
    left = [each for each in left if each not in noticed]

    unchanged = {each for each in every if each.change == UNCHANGED}
    assert len(unchanged) == len(functions)
    assert [str(each) for each in unchanged & noticed] == []
    assert len(every) > 10 * len(functions)
    survivors = [str(each) for each in left if each not in unchanged]
    assert [s for s in survivors if not any(p.search(s) for p in EQUIVALENT.values())] == []


def by_signatures(
    every: Iterable[Mutant], known: Mapping[str, Signature | None], folder: Path, programs: Path
) -> set[Mutant]:
    """Those that no longer have the signature of their sync callable, or that mypy refuses."""
    every = list(every)
    plant(every, folder)
    found, said = revealed((each.expression for each in every), folder, programs)
    wrong = refused(folder, said)
    return {
        each
        for each in every
        if each.key in wrong or not agrees(each.function, found[each.expression], known)
    }


def by_stubtest(every: Iterable[Mutant], folder: Path, programs: Path) -> set[Mutant]:
    """Those that stubtest says differ from the callable at run time."""
    every = list(every)
    plant(every, folder)
    run = stubtest(folder, programs, *modules(folder))
    assert "not checking" not in run.stdout, run.stdout
    assert not run.stderr, run.stderr
    named = set(re.findall(r"^error: (\S+)", run.stdout, re.MULTILINE))
    return {each for each in every if ".".join(filter(None, ("library", *each.key))) in named}


def by_uses(every: Iterable[Mutant], folder: Path, programs: Path) -> set[Mutant]:
    """Those of mixins that contradict what uses.py asserts; `folder` has them planted."""
    mixins: dict[str, list[Mutant]] = {}
    for each in every:
        if not each.function.is_manager:
            mixins.setdefault(each.function.name, []).append(each)
    lines: list[str] = []
    asserted: dict[int, Mutant] = {}
    for line in (checkers.PROJECT / "uses.py").read_text().splitlines():
        lines.append(line)
        match = _ASSERTED.match(line)
        for each in mixins.get(match["name"], ()) if match else ():
            lines.append(line.replace(f".{each.function.name}(", f".{each.name}(", 1))
            asserted[len(lines)] = each
    (folder / "copied_uses.py").write_text("\n".join(lines) + "\n")
    said = mypy(folder, programs, "copied_uses.py")
    numbers = {int(n) for n in re.findall(r"^copied_uses\.py:(\d+): error", said, re.MULTILINE)}
    return {each for number, each in asserted.items() if number in numbers}
