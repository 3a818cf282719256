"""Whole files of other people, one after the other, through the pipeline: what becomes of each.

    python benchmarks/files.py [--number 1500] [--every 1] [--processes 2] [--record FILE] [FOLDER]

Without folders: the whole standard library, and --number files of the packages that are installed,
chosen by the seed that is printed. Every class and function is covered, what is written is
compiled. --every 10 takes each tenth file only. What became of each file is a line of the record;
a run that was stopped goes on where it was when it is started again. Prints every exception, the
calls of a file that takes longer than ten minutes of CPU, what became of how many files, and the
slowest.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import multiprocessing
import random
import signal
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import partial
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
PATIENCE = 600  # seconds of CPU for one file
EXPECTED = frozenset({"AG108", "AG207"})  # a file without classes, functions, or any of both


class TooLong(Exception):
    """One file has had its seconds."""


@dataclass(frozen=True)
class Readings:
    """What is read once for all files."""

    known: dict[tuple[Path, str], Module] = field(default_factory=dict)
    files: Files = field(default_factory=Files)


@dataclass(frozen=True)
class Outcome:
    """What became of a file: the codes of its problems, or a word."""

    root: str
    path: str
    codes: tuple[str, ...]
    seconds: float  # of CPU


@dataclass(frozen=True)
class Record:
    """A line for each file that was run."""

    path: Path

    def read(self) -> list[Outcome]:
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        return [Outcome(**json.loads(line)) for line in lines]

    def add(self, outcome: Outcome) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")


def files(folder: Path) -> list[Path]:
    found = (path for path in sorted(folder.rglob("*.py")) if path.is_file())
    return [path for path in found if "site-packages" not in path.relative_to(folder).parts]


def chosen(arguments: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Each file, after the folder that it is named from."""
    every: int = arguments.every
    for folder in map(Path.resolve, arguments.folders):
        yield from ((folder, path) for path in files(folder)[::every])
    if arguments.folders:
        return
    library, packages = (Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib"))
    yield from ((library, path) for path in files(library)[::every])
    installed = files(packages)
    random.Random(SEED).shuffle(installed)
    yield from ((packages, path) for path in installed[: arguments.number : every])


def written(root: Path, path: Path, readings: Readings) -> tuple[str, ...]:
    """The codes of the problems; "written" where there are none."""
    source = replace(SOURCE, sources=(path.relative_to(root).as_posix(),))
    config = Config(root, root / "pyproject.toml", (source,), search=(root,))
    run = Run(config)
    run.known, run.files = readings.known, readings.files
    try:
        result = run.result()
    except AsyncgenError as error:
        return tuple(sorted({each.code for each in error.problems}))
    codes = {each.code for each in result.errors} - EXPECTED
    if codes:
        return tuple(sorted(codes))
    for each in rendered(result, config):
        compile(each.text, each.path, "exec")
    return ("written" if result.entries else "nothing to write",)


def outcome(root: Path, path: Path, readings: Readings) -> Outcome:
    began = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        codes = written(root, path, readings)
    except Exception as error:
        codes = ("hang" if isinstance(error, TooLong) else "exception",)
        lines = traceback.format_exception(error, limit=-40)
        print(f"{path}: {''.join(lines)}", flush=True)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    seconds = round(time.process_time() - began, 2)
    return Outcome(str(root), path.relative_to(root).as_posix(), codes, seconds)


def run(record: Record, paths: list[tuple[Path, Path]]) -> None:
    """Run files in this thread. The main thread waits for it, and ends what takes too long: the
    signal is left to that."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGVTALRM])
    here = ctypes.c_ulong(threading.get_ident())
    raised = ctypes.py_object(TooLong)
    interrupt = partial(ctypes.pythonapi.PyThreadState_SetAsyncExc, here, raised)
    _on_alarm.append(interrupt)
    readings = Readings()
    for root, path in paths:
        record.add(outcome(root, path, readings))


_on_alarm: list[partial[int]] = []


def process(record: Record, paths: list[tuple[Path, Path]]) -> None:
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGVTALRM, lambda *_: [each() for each in _on_alarm])
    deeply(partial(run, record, paths))


def summary(outcomes: list[Outcome], root: Path) -> None:
    of_root = [each for each in outcomes if each.root == str(root)]
    counts = Counter(code for each in of_root for code in each.codes)
    seconds = sum(each.seconds for each in of_root)
    print(f"{root}: {len(of_root)} files, {dict(counts.most_common())}, {seconds:.0f} s of CPU")
    for each in sorted(of_root, key=lambda each: each.seconds, reverse=True)[:5]:
        print(f"  {each.seconds:.1f} s: {each.path}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--number", type=int, default=1500)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--record", type=Path, default=Path(".cache/files.jsonl"))
    arguments = parser.parse_args()
    print(f"seed {SEED}, Python {sys.version.split()[0]}", flush=True)
    record = Record(arguments.record)
    paths = list(chosen(arguments))
    done = {str(Path(each.root, each.path)) for each in record.read()}
    left = [each for each in paths if str(each[1]) not in done]
    shares = (left[number :: arguments.processes] for number in range(arguments.processes))
    processes = [multiprocessing.Process(target=process, args=(record, each)) for each in shares]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
    for root in dict.fromkeys(root for root, _ in paths):
        summary(record.read(), root)


if __name__ == "__main__":
    main()
