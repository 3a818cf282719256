"""How much of what an audit finds stands for itself, so that an edit elsewhere leaves it alone.

    python benchmarks/entries.py FOLDER [PYTHON]

Audits a project from nothing, and counts: the entry points that ask for an answer; those of which
all that was evaluated rests on nothing but bodies and other answers (see `fixpoint.Trace`); how
many answers there are, and how many there would be if each began anew.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from asyncgen.analysis.answers import Answers, Asked
from asyncgen.audit.engine import Engine
from asyncgen.audit.kept import held
from asyncgen.audit.project import Project
from asyncgen.audit.selection import selected
from asyncgen.audit.units import TWINS
from asyncgen.config import load
from asyncgen.deep import deeply


def reached(answers: Answers, asked: frozenset[int]) -> int:
    """How many answers some of them rest on, with these."""
    todo, seen = list(asked), set(asked)
    while todo:
        new = set(answers.answers[todo.pop()].asked) - seen
        seen |= new
        todo += new
    return len(seen)


def main(folder: Path, python: str | None) -> None:
    config = replace(load(folder / "pyproject.toml", is_optional=True), python=python)
    project = Project(config, selected(config, [folder]))
    engine = Engine(project)
    units, answers = held(Asked(engine.evaluator, project.reader.laters), engine.units())
    calling = [each for each in units if each.asked and each.unit.places[0][1] != TWINS]
    points = sum(len(each.unit.places) for each in calling)
    apart = sum(len(each.unit.places) for each in calling if each.is_apart)
    sums = sum(reached(answers, each.asked) for each in calling)
    print("| entry points | apart | answers | each for itself |")
    print("| ---: | ---: | ---: | ---: |")
    print(f"| {points} | {apart} | {len(answers.answers)} | {sums} |")


if __name__ == "__main__":
    deeply(lambda: main(Path(sys.argv[1]).resolve(), sys.argv[2] if sys.argv[2:] else None))
