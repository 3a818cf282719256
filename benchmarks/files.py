"""Whole files of other people, one after the other, through the pipeline: what becomes of each.

    python benchmarks/files.py [--number 1500] [--every 1] [--after 0] [FOLDER …]

Without folders: the whole standard library, and --number files of the packages that are installed,
chosen by the seed that is printed. Every class and function is covered, what is written is
compiled. --every 10 takes each tenth file only; --after 600 goes on behind the first 600, where a
run was stopped. Prints what became of how many files, every hundred files as far as it has come,
every exception, the calls of a file that takes longer than ten minutes, and the slowest.
"""

from __future__ import annotations

import argparse
import faulthandler
import random
import sys
import sysconfig
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from asyncgen.config import Config, Source
from asyncgen.deep import deeply
from asyncgen.plan import Run, rendered
from asyncgen.problems import AsyncgenError
from asyncgen.read import Files
from asyncgen.source import Module

SEED = 20
SOURCE = Source(
    output="made/{stem}_async.py",
    stubs="made",
    managers="none",
    classes=("*",),
    functions=("*",),
    unwired=("*",),
)
PATIENCE = 600  # seconds for one file
EXPECTED = frozenset({"AG108", "AG207"})  # a file without classes, functions, or any of both


def files(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.rglob("*.py")) if path.is_file())
    return [path for path in found if "site-packages" not in path.relative_to(folder).parts]


@dataclass(frozen=True)
class Readings:
    """What is read once for all files."""

    known: dict[tuple[Path, str], Module] = field(default_factory=dict)
    files: Files = field(default_factory=Files)


def outcome(root: Path, path: Path, readings: Readings) -> Iterable[str]:
    """The codes of the problems; "written" where there are none."""
    source = replace(SOURCE, sources=(path.relative_to(root).as_posix(),))
    config = Config(root, root / "pyproject.toml", (source,), search=(root,))
    run = Run(config)
    run.known, run.files = readings.known, readings.files
    try:
        result = run.result()
    except AsyncgenError as error:
        return sorted({each.code for each in error.problems})
    codes = {each.code for each in result.errors} - EXPECTED
    if codes:
        return sorted(codes)
    for each in rendered(result, config):
        compile(each.text, each.path, "exec")
    return ["written" if result.entries else "nothing to write"]


def chosen(arguments: argparse.Namespace) -> Iterator[tuple[Path, list[Path]]]:
    if arguments.folders:
        yield from ((folder.resolve(), files(folder.resolve())) for folder in arguments.folders)
        return
    library, packages = (Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib"))
    yield library, files(library)
    installed = files(packages)
    random.Random(SEED).shuffle(installed)
    yield packages, installed[: arguments.number]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--number", type=int, default=1500)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--after", type=int, default=0)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"seed {SEED}, Python {sys.version.split()[0]}")
    skipped = 0
    for root, paths in chosen(arguments):
        paths = paths[:: arguments.every]
        after = min(max(arguments.after - skipped, 0), len(paths))
        skipped += after
        run(root, paths[after:])


def run(root: Path, paths: list[Path]) -> None:
    counts: Counter[str] = Counter()
    times: list[tuple[float, Path]] = []
    readings = Readings()
    for number, path in enumerate(paths, start=1):
        began = time.process_time()
        faulthandler.dump_traceback_later(PATIENCE)
        try:
            counts.update(outcome(root, path, readings))
        except Exception as error:
            counts["exception"] += 1
            print(f"{path}: {type(error).__name__}: {str(error)[:200]}", flush=True)
        times.append((time.process_time() - began, path))
        if number % 100 == 0 or number == len(paths):
            print(f"{root}: {number} files, {dict(counts.most_common())}", flush=True)
    faulthandler.cancel_dump_traceback_later()
    print(f"{sum(seconds for seconds, _ in times):.0f} s of CPU, of which the slowest took")
    for seconds, path in sorted(times, reverse=True)[:5]:
        print(f"  {seconds:.1f} s: {path.relative_to(root)}", flush=True)


if __name__ == "__main__":
    deeply(main)
