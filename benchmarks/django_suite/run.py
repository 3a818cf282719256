"""Run Django's own test suite with its sync calls routed through the generated twins.

    python benchmarks/django_suite/run.py PYTHON DJANGO_SOURCE RESULTS [FOLDER ...]

PYTHON has asyncgen-runtime and the Django of DJANGO_SOURCE, an unpacked source distribution, and
what its tests need (jinja2, docutils, argon2-cffi, pillow, tblib). Without folders all of the suite
runs, in chunks, a process each; `route.py` says what is routed. Folders with failures then run
again as they are, and what fails routed alone is printed: these are the differences. RESULTS is a
folder for outcomes, logs and counts; what it has from another run is not run again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
BAD = frozenset({"error", "fail", "suberror", "subfail", "xpass"})
# No tests, or tests of what is not there: PostGIS, a package that cannot be imported.
SKIPPED = ("import_error_package", "test_runner_apps", "gis_tests", "templates", "requirements")
CHUNK = 8
DEADLINE = 1200  # seconds, of a chunk

Outcomes = dict[str, tuple[str, str]]  # of each test how it ended, and the last line that says why


def run(python: str, source: Path, results: Path, mode: str, folders: Sequence[str]) -> Outcomes:
    """The outcomes of the tests of these folders."""
    name = f"{folders[0]}-{folders[-1]}"
    record = results / f"{mode}-{name}.jsonl"
    log = record.with_suffix(".log")
    if not record.exists():
        environment = {
            **os.environ,
            "DJANGO_TEST_PROCESSES": "1",
            "PYTHONPATH": str(HERE),
            "SUITE_CAP": "60",
            "SUITE_COUNTS": str(record.with_suffix(".counts.json")),
            "SUITE_MODE": mode,
            "SUITE_RECORD": str(record),
        }
        command = [
            os.path.abspath(python),
            "runtests.py",
            "--settings=suite_settings",
            "--parallel=1",
            "--noinput",
        ]
        with log.open("w", encoding="utf-8") as said:
            subprocess.run(
                [*command, *folders],
                cwd=source / "tests",
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


def main(python: str, source: str, results: str, *chosen: str) -> int:
    where = Path(source).resolve()
    target = Path(results).resolve()
    target.mkdir(parents=True, exist_ok=True)
    folders = list(chosen) or folders_of(where)
    routed: Outcomes = {}
    for start in range(0, len(folders), CHUNK):
        routed |= run(python, where, target, "route", folders[start : start + CHUNK])
    failed = {test for test, (how, _) in routed.items() if how in BAD}
    for folder in sorted({test.partition(".")[0] for test in failed}):
        plain = run(python, where, target, "base", [folder])
        failed -= {test for test, (how, _) in plain.items() if how in BAD}
    calls = Counter[str]()
    for path in target.glob("route-*.counts.json"):
        calls.update(json.loads(path.read_text(encoding="utf-8"))["routed"])
    print(f"{len(routed)} tests, {calls.total()} calls through {len(calls)} twins")
    print(f"{len(failed)} fail that do not fail as they are")
    for test in sorted(failed):
        print(f"  {test}: {routed[test][1]}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
