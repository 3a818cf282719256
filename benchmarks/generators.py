"""asyncgen beside other generators: `python benchmarks/generators.py [rounds]`.

Each reads Django's query.py and writes what it makes of it, in whole processes that take turns.
asyncgen writes the surface of querysets and managers, and, apart, that of all of Django. The
environment is made under .cache/ from benchmarks/requirements.txt, with asyncgen as it is here.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from measure import ROOT, Command, Cost, environment, medians, table

DJANGO = "6.1.3"
QUERYSETS = '"django.db.models.query"'  # in the source of the QuerySet surface
PASS, CLICK = "`python -c pass`", '`python -c "import click"`'
UNASYNCD = ["query.py:query_sync.py"]
SYNCHRONICITY = """\
from django.db.models import query, utils
from synchronicity import Synchronizer

synchronizer = Synchronizer()
BlockingAltersData = synchronizer.create_blocking(utils.AltersData, "BlockingAltersData", __name__)
BlockingQuerySet = synchronizer.create_blocking(query.QuerySet, "BlockingQuerySet", __name__)
"""
UNASYNC = """\
import unasync
unasync.unasync_files(["./_async/query.py"], [unasync.Rule("/_async/", "/_sync/")])
"""


def configuration(named: str = "") -> str:
    """This project's own [tool.asyncgen], of one release: the sources whose text has `named`."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    common, *sources = text[text.index("\n[tool.asyncgen]\n") :].split("[[tool.asyncgen.source]]")
    lines = common.splitlines(keepends=True)
    one = [each for each in lines if 'name = "Django"' not in each or f'"{DJANGO}"' in each]
    return "[[tool.asyncgen.source]]".join(["".join(one), *(s for s in sources if named in s)])


def emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


class Scratch:
    """Folders for the commands to work in, each as its command needs it."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.asyncgen = binaries / "asyncgen"
        self.python = binaries / "python"
        self.binaries = binaries
        found = binaries.parent.glob("lib/python3*/site-packages/django/db/models/query.py")
        self.query = next(found).read_text(encoding="utf-8")

    def write(self, name: str, path: str, text: str) -> Path:
        """The folder `name`, with one file in it and nothing else."""
        folder = self.folder / name
        emptied(folder)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return folder

    def project(self, name: str, named: str) -> Path:
        return self.write(name, "pyproject.toml", configuration(named))

    def build(self, name: str, named: str, facts: Path | None = None) -> Command:
        """`asyncgen build` in a new project; with empty caches where there is no `facts` folder."""
        cache = facts or self.folder / f"{name}-facts"

        def prepare() -> None:
            self.project(name, named)
            if not facts:
                emptied(cache)

        variables = {"XDG_CACHE_HOME": str(cache)}
        return Command([self.asyncgen, "build"], self.folder / name, prepare, variables)

    def builds(self) -> dict[str, Command]:
        facts = self.folder / "facts"
        self.build("first", "", facts).run()
        return {
            "unasyncd": Command(
                [self.binaries / "unasyncd", *UNASYNCD],
                self.folder / "unasyncd",
                lambda: self.write("unasyncd", "query.py", self.query),
                statuses=(1,),  # a file was transformed
            ),
            "asyncgen, QuerySet surface, nothing cached": self.build("cold", QUERYSETS),
            "asyncgen, QuerySet surface, Django's facts kept": self.build("warm", QUERYSETS, facts),
            "asyncgen, all of Django, nothing cached": self.build("all-cold", ""),
            "asyncgen, all of Django, Django's facts kept": self.build("all-warm", "", facts),
            "mypy stubgen": Command(
                [self.binaries / "stubgen", "-q", "-o", "out", "query.py"],
                self.folder / "stubgen",
                lambda: self.write("stubgen", "query.py", self.query),
            ),
            "synchronicity": Command(
                [self.python, "-m", "synchronicity.type_stubs", "surface"],
                self.folder / "synchronicity",
                lambda: self.write("synchronicity", "surface.py", SYNCHRONICITY),
            ),
            "unasync": Command(
                [self.python, "-c", UNASYNC],
                self.folder / "unasync",
                lambda: self.write("unasync", "_async/query.py", self.query),
            ),
        }

    def checks(self) -> dict[str, Command]:
        facts = self.folder / "facts"
        querysets, everything = (
            self.build(name, named, facts) for name, named in (("same", QUERYSETS), ("all", ""))
        )
        querysets.run()
        everything.run()
        unasyncd = [self.binaries / "unasyncd", *UNASYNCD]
        folder = self.write("unasyncd-same", "query.py", self.query)
        for _ in range(2):  # its cache is complete after the second run
            Command(unasyncd, folder, statuses=(0, 1)).run()
        return {
            "asyncgen check, QuerySet surface": Command([self.asyncgen, "check"], querysets.folder),
            "asyncgen check, all of Django": Command([self.asyncgen, "check"], everything.folder),
            "unasyncd --check": Command([*unasyncd, "--check"], folder),
            CLICK: Command([self.python, "-c", "import click"], self.folder),
            PASS: Command([self.python, "-c", "pass"], self.folder),
        }


def rows(costs: Mapping[str, Cost], names: Iterable[str], *bases: str) -> list[list[str]]:
    """A row for each name: its costs, and their ratios in CPU time to those of the bases."""
    return [
        [
            name,
            f"{costs[name].cpu * 1e3:.0f} ms",
            f"{costs[name].wall * 1e3:.0f} ms",
            *(f"{costs[name].cpu / costs[base].cpu:.2f}" for base in bases),
        ]
        for name in names
    ]


def main(rounds: int) -> None:
    binaries = environment()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder), binaries)
        builds, checks = scratch.builds(), scratch.checks()
        costs = medians({**builds, **checks}, rounds)
    head = ["build", "CPU", "wall", "to unasyncd"]
    print(table(head, rows(costs, builds, "unasyncd")), end="\n\n")
    head = ["no change", "CPU", "wall", "to Python", "to `import click`"]
    print(table(head, rows(costs, checks, PASS, CLICK)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
