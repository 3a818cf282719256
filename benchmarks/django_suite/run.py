"""Run Django's own test suite with its sync calls routed through the generated twins, or natively.

    python benchmarks/django_suite/run.py PYTHON DJANGO_SOURCE RESULTS [--mode route] [FOLDER ...]

PYTHON has asyncgen-runtime and the Django of DJANGO_SOURCE, an unpacked source distribution, and
what its tests need (jinja2, docutils, argon2-cffi, pillow, tblib). Without folders all of the suite
runs, in chunks, a process each: `route.py` says what is routed, `native.py` how it runs natively,
`suite_settings.py` where the server of --database is. Folders with failures then run again as they
are, and what fails otherwise alone is printed: these are the differences. RESULTS is a folder for
outcomes, logs and counts; what it has from another run is not run again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BAD = frozenset({"error", "fail", "suberror", "subfail", "xpass"})
# No tests, or tests of what is not there: PostGIS, a package that cannot be imported.
SKIPPED = ("import_error_package", "test_runner_apps", "gis_tests", "templates", "requirements")
CHUNK = 8
DEADLINE = 3600  # seconds, of a chunk: what did not run by then is missing
SCRIPTS = {"native": str(HERE / "native.py")}

Outcomes = dict[str, tuple[str, str]]  # of each test how it ended, and the last line that says why


@dataclass(frozen=True)
class Suite:
    """What runs the tests, and where what comes of it is kept."""

    python: str
    source: Path
    results: Path
    database: str

    def run(self, mode: str, folders: Sequence[str]) -> Outcomes:
        """The outcomes of the tests of these folders."""
        name = f"{folders[0]}-{folders[-1]}"
        record = self.results / f"{mode}-{self.database}-{name}.jsonl"
        log = record.with_suffix(".log")
        if not record.exists():
            script = SCRIPTS.get(mode, "runtests.py")
            options = ["--settings=suite_settings", "--parallel=1", "--noinput"]
            environment = {
                **os.environ,
                "DJANGO_TEST_PROCESSES": "1",
                "PYTHONPATH": str(HERE),
                "SUITE_CAP": "60",
                "SUITE_COUNTS": str(record.with_suffix(".counts.json")),
                "SUITE_DATABASE": self.database,
                "SUITE_MODE": mode,
                "SUITE_RECORD": str(record),
            }
            with log.open("w", encoding="utf-8") as said, suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [os.path.abspath(self.python), script, *options, *folders],
                    cwd=self.source / "tests",
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    timeout=DEADLINE,
                )
        if not record.exists():
            raise SystemExit(f"no test of {name} ran: see {log}")
        return dict(outcomes(record))


def outcomes(record: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Of each test the worst that is said of it."""
    found: dict[str, tuple[str, str]] = {}
    for line in record.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if found.get(row["test"], ("", ""))[0] not in BAD:
            why = (row["why"] or "").strip().splitlines() or [""]
            found[row["test"]] = row["how"], why[-1]
    yield from found.items()


def folders_of(source: Path) -> list[str]:
    return sorted(
        path.parent.name
        for path in (source / "tests").glob("*/__init__.py")
        if path.parent.name not in SKIPPED
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("source", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--mode", choices=("route", "native"), default="route")
    parser.add_argument("--database", choices=("sqlite3", "postgresql", "mysql"), default="sqlite3")
    parser.add_argument("folders", nargs="*")
    given = parser.parse_intermixed_args()
    given.results.mkdir(parents=True, exist_ok=True)
    suite = Suite(given.python, given.source.resolve(), given.results.resolve(), given.database)
    folders = given.folders or folders_of(suite.source)
    found: Outcomes = {}
    for start in range(0, len(folders), CHUNK):
        found |= suite.run(given.mode, folders[start : start + CHUNK])
    bad = {test for test, (how, _) in found.items() if how in BAD}
    plain: Outcomes = {}
    for folder in sorted({test.partition(".")[0] for test in bad} & set(folders)):
        plain |= suite.run("base", [folder])
    alone = bad - {test for test, (how, _) in plain.items() if how in BAD}
    calls = Counter[str]()
    for path in suite.results.glob(f"{given.mode}-{given.database}-*.counts.json"):
        calls.update(json.loads(path.read_text(encoding="utf-8"))["routed"])
    print(f"{len(found)} tests; {summary(given.mode, calls)}")
    print(f"{len(bad)} fail, {len(alone)} of them do not fail as they are")
    for test in sorted(alone):
        print(f"  {test}: {found[test][1]}")
    return bool(alone)


def summary(mode: str, calls: Counter[str]) -> str:
    if mode == "native":
        return f"statements: {', '.join(f'{count} {where}' for where, count in calls.items())}"
    return f"{calls.total()} calls through {len(calls)} twins"


if __name__ == "__main__":
    sys.exit(main())
