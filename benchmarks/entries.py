"""How much of what an audit finds out serves more than one entry point, and what rests on more.

    python benchmarks/entries.py FOLDER [PYTHON]

Audits a project from nothing, and counts: the functions that the event loop begins with and that
call something; those of which all that was evaluated rests on nothing but bodies and other answers
(see `fixpoint.Trace`); how many answers there are, and how many there would be if each began anew.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from asyncgen.audit.engine import Engine
from asyncgen.audit.entries import Entry
from asyncgen.audit.project import Project
from asyncgen.audit.selection import selected
from asyncgen.config import load
from asyncgen.deep import deeply


@dataclass
class Counted(Engine):
    """Notes of each entry point whether it rests on nothing else, and how many answers it has."""

    counts: list[tuple[bool, int]] = field(default_factory=list)

    def enter(self, entry: Entry) -> None:
        outcomes = self.evaluator.outcomes
        first = outcomes.first
        first.asked.clear()
        first.is_apart = True
        super().enter(entry)
        todo, is_apart = list(first.asked), first.is_apart
        seen = set(todo)
        while todo:
            trace = outcomes.traces.get(todo.pop())
            is_apart &= trace is not None and trace.is_apart
            new = set(trace.asked) - seen if trace else set()
            seen |= new
            todo += new
        self.counts.append((is_apart, len(seen)))


def main(folder: Path, python: str | None) -> None:
    config = replace(load(folder / "pyproject.toml", is_optional=True), python=python)
    engine = Counted(Project(config, selected(config, [folder])))
    engine.audit(False)
    calling = [each for each in engine.counts if each[1]]
    print("| entry points | apart | answers | each for itself |")
    print("| ---: | ---: | ---: | ---: |")
    apart, sums = sum(one for one, _ in calling), sum(answers for _, answers in calling)
    print(f"| {len(calling)} | {apart} | {len(engine.evaluator.outcomes.traces)} | {sums} |")


if __name__ == "__main__":
    deeply(lambda: main(Path(sys.argv[1]).resolve(), sys.argv[2] if sys.argv[2:] else None))
