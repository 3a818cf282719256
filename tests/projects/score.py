"""How well the classification agrees with the labels.

    python -m tests.projects.score [PACKAGE …] [--heldout] [--quiet]

Each package is covered by a configuration as a user would write it, and the kinds that a run
decides are compared with `labels/`. Prints the agreement of each package, what was taken for what,
and every disagreement with its evidence.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncgen.analysis import Spelling
from asyncgen.config import load
from asyncgen.plan import Entry, Run

from tests.projects.download import HERE, Package, packages, roots

NOT_COVERED = "not covered"


@dataclass(frozen=True)
class Label:
    """What a reader said of one callable."""

    name: str
    kind: str
    why: str

    @property
    def is_unsure(self) -> bool:
        return self.why.startswith("unsure:")


@dataclass(frozen=True)
class Comparison:
    """A label, and what was decided instead or as well."""

    label: Label
    kind: str
    evidence: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return self.kind == self.label.kind

    @property
    def confuses(self) -> bool:
        """A queryset taken for a value or the other way round."""
        return (self.kind == "value" and self.label.kind == "queryset") or (
            self.kind == "queryset" and self.label.kind == "value"
        )

    def __str__(self) -> str:
        said = "\n".join(f"      {step}" for step in self.evidence)
        head = f"  {self.label.name}: {self.kind}, labelled {self.label.kind} ({self.label.why})"
        return f"{head}\n{said}" if said else head


def labels(package: Package) -> list[Label]:
    """The labels of a package, in the order of its file."""
    with (HERE / "labels" / f"{package.name}.toml").open("rb") as file:
        return [
            Label(entry["name"], entry["kind"], entry["why"])
            for entry in tomllib.load(file)["callable"]
        ]


def decided(package: Package, names: Iterable[str]) -> Iterator[tuple[str, Entry, Spelling]]:
    """What a run decides of all classes in the labelled modules, and of the functions named: the
    name of each callable, and what spells the type of what it returns."""
    functions = [name for name in names if _owner(package, name) in package.modules]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pyproject.toml")
        path.write_text(
            "[tool.asyncgen]\n"
            f"python = {_toml([sys.prefix])[1:-1]}\n"
            f"search = {_toml(map(str, roots(package)))}\n"
            f"sources = {_toml(package.modules)}\n"
            'output = "{module}_async.py"\n'
            'stubs = "none"\n'
            'classes = ["*"]\n'
            f"functions = {_toml(functions)}\n",
            encoding="utf-8",
        )
        run = Run(load(path))
        entries = run.result().entries
        for entry in entries:
            plan = run.plans[f"{entry.module.name}_async.py"]
            yield _name(entry), entry, plan.maker.spelling


def _name(entry: Entry) -> str:
    owner = entry.decision.owner
    inside = owner.qualname.replace("<locals>.", "") if owner else ""
    return ".".join(filter(None, (entry.module.name, inside, entry.decision.function.name)))


def _owner(package: Package, name: str) -> str:
    return name.rpartition(".")[0]


def _toml(texts: Iterable[str]) -> str:
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"


def compare(package: Package) -> list[Comparison]:
    """Every label of a package with what was decided."""
    wanted = labels(package)
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for name, entry, _ in decided(package, [label.name for label in wanted]):
        decision = entry.decision
        steps = tuple(
            f"{each.location}: {each.message}" if each.location else each.message
            for each in decision.evidence
        )
        found[name] = decision.kind.value, steps
    return [Comparison(label, *found.get(label.name, (NOT_COVERED, ()))) for label in wanted]


@dataclass(frozen=True)
class Score:
    """Sums over comparisons, the labels that are certain apart from those that are not."""

    comparisons: Sequence[Comparison]

    @property
    def certain(self) -> list[Comparison]:
        return [each for each in self.comparisons if not each.label.is_unsure]

    @property
    def unsure(self) -> list[Comparison]:
        return [each for each in self.comparisons if each.label.is_unsure]

    @property
    def agreement(self) -> float:
        return _share(self.certain, [each for each in self.certain if each.agrees])

    @property
    def ambiguous(self) -> float:
        return _share(
            self.comparisons, [each for each in self.comparisons if each.kind == "ambiguous"]
        )

    @property
    def confused(self) -> list[Comparison]:
        return [each for each in self.comparisons if each.confuses]

    @property
    def disagreements(self) -> list[Comparison]:
        return [each for each in self.comparisons if not each.agrees]

    def line(self, name: str) -> str:
        agreed = sum(each.agrees for each in self.certain)
        unsure = sum(each.agrees for each in self.unsure)
        return (
            f"{name:26} {agreed:4}/{len(self.certain):<4} {self.agreement:6.1%}   "
            f"unsure {unsure:2}/{len(self.unsure):<2}  "
            f"ambiguous {self.ambiguous:5.1%}  confused {len(self.confused)}"
        )

    def confusion(self) -> Iterator[str]:
        """A table: a row for each labelled kind, a column for each decided one."""
        counts = Counter((each.label.kind, each.kind) for each in self.comparisons)
        rows = sorted({label for label, _ in counts})
        columns = sorted({kind for _, kind in counts})
        yield f"{'labelled':12}" + "".join(f"{kind[:11]:>12}" for kind in columns)
        for row in rows:
            cells = (counts[row, kind] or "." for kind in columns)
            yield f"{row:12}" + "".join(f"{cell:>12}" for cell in cells)


def _share(all_: Sequence[object], some: Sequence[object]) -> float:
    return len(some) / len(all_) if all_ else 0.0


def chosen(names: Sequence[str], *, heldout: bool) -> list[Package]:
    """The packages by name; without names, all that were (or were not) held out."""
    known = packages()
    if names:
        return [known[name] for name in names]
    return [package for package in known.values() if package.heldout is heldout]


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare what asyncgen decides with the labels.")
    parser.add_argument("package", nargs="*")
    parser.add_argument("--heldout", action="store_true", help="the packages held out")
    parser.add_argument("--quiet", action="store_true", help="only the sums")
    options = parser.parse_args()
    together: list[Comparison] = []
    for package in chosen(options.package, heldout=options.heldout):
        started = time.perf_counter()
        score = Score(compare(package))
        took = time.perf_counter() - started
        together += score.comparisons
        print(f"{score.line(package.name)}  {took:.1f} s")
        if not options.quiet:
            print(*score.disagreements, sep="\n")
    score = Score(together)
    print(score.line("together"), "", *score.confusion(), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
