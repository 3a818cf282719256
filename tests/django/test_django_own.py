"""Django's own tests, run with models whose managers are the generated ones.

The tests come from the source distribution of the series that is installed, and run as Django runs
them, by its `runtests.py`, in a process of their own; `own/asyncgen_own_settings.py` says how the
models come by their managers. Tables are in `own/own.toml`.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import django
import pytest
from asyncgen_django import ManagerAsync, QuerySetAsync

from tests.support.django_source import django_tests
from tests.support.servers import require, unavailable

HERE = Path(__file__).resolve().parent
TABLE = tomllib.loads((HERE / "own" / "own.toml").read_text(encoding="utf-8"))

# What is said of each way to install the surface project-wide.
INSTALLED = {
    "everywhere": "asyncgen_django.everywhere installed",
    "coherent": "asyncgen_django.everywhere installed, all of its twins in use",
}


@cache
def unpacked() -> Path:
    """Django's `tests/`, from the pinned source distribution of the installed series."""
    series = "{}.{}".format(*django.VERSION)
    (version,) = (each for each in TABLE["sdists"] if each.startswith(f"{series}."))
    return django_tests(version, TABLE["sdists"][version])


# -- which tests --------------------------------------------------------------------------------


@cache
def async_tests() -> dict[str, set[str]]:
    """The names of Django's async tests, by folder."""
    found: dict[str, set[str]] = {}
    root = unpacked()
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "async def test_" not in text:
            continue
        found.setdefault(path.relative_to(root).parts[0], set()).update(
            node.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_")
        )
    return found


def folders(names: list[str]) -> list[str]:
    """Those of the named folders that this Django has."""
    return [name for name in names if (unpacked() / name).is_dir()]


def departures(kind: str, database: str) -> set[str]:
    series = django.VERSION[:2]
    return {
        row["test"]
        for row in TABLE["departure"]
        if kind in row["kinds"]
        and database in row.get("databases", [database])
        and tuple(map(int, row.get("since", "0.0").split("."))) <= series
        and tuple(map(int, row.get("until", "99.0").split("."))) > series
    }


# -- running ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    ran: int
    failed: frozenset[str]
    skipped: dict[str, str]
    generated: dict[str, int]
    by_hand: dict[str, int]
    output: str


def run(
    database: str,
    labels: list[str],
    patterns: list[str],
    scratch: Path,
    surface: str = "generated",
) -> Outcome:
    require(database)
    counts = scratch / "counts.json"
    command = [sys.executable, "runtests.py", "--settings=asyncgen_own_settings", "--parallel=1"]
    command += ["--noinput", "-v2", *labels]
    for pattern in patterns:
        command += ["-k", pattern]
    done = subprocess.run(
        command,
        cwd=unpacked(),
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE / "own"), os.environ.get("PYTHONPATH", "")]),
            "ASYNCGEN_TEST_DATABASE": database,
            "ASYNCGEN_SURFACE": surface,
            "ASYNCGEN_TWIN_COUNTS": str(counts),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    output = done.stdout
    ran = re.search(r"^Ran (\d+) tests? in", output, re.MULTILINE)
    assert ran, output
    counted = json.loads(counts.read_text(encoding="utf-8"))
    outcome = Outcome(
        int(ran[1]),
        frozenset(re.findall(r"^(?:ERROR|FAIL|UNEXPECTED SUCCESS): \S+ \((.+?)\)", output, re.M)),
        dict(re.findall(r"^\S+ \(([\w.]+)\)(?:\n[^\n]*?)? \.\.\. skipped '(.+)'$", output, re.M)),
        counted["generated"],
        counted["by hand"],
        output,
    )
    assert bool(done.returncode) is bool(outcome.failed), output
    return outcome


def summary(database: str, outcome: Outcome) -> str:
    """What is worth knowing of a run that passed; shown below pytest's own summary."""
    first = (
        f"Django {django.get_version()} on {database}: {outcome.ran} tests, "
        f"{len(outcome.failed)} listed departures, {len(outcome.skipped)} skipped by Django, "
        f"{sum(outcome.generated.values())} calls of generated twins, "
        f"{sum(outcome.by_hand.values())} of twins written by hand"
    )
    skipped = (f"  skipped {name}: {why}" for name, why in sorted(outcome.skipped.items()))
    return "\n".join([first, *skipped])


def judge(outcome: Outcome, expected: set[str]) -> None:
    """Nothing fails but what is listed, and that all does."""
    assert outcome.failed - expected == set(), outcome.output
    assert expected - outcome.failed == set(), "listed in own.toml, but passes"


# -- the tests ----------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite", "postgres", "mariadb"])
def test_djangos_async_tests(database: str, tmp_path: Path, told: Callable[[str], None]) -> None:
    labels = folders(TABLE["async"]["run"])
    names = sorted({name for label in labels for name in async_tests().get(label, ())})
    outcome = run(database, labels, [f"*.{name}" for name in names], tmp_path)
    told(summary(database, outcome))
    judge(outcome, departures("async", database))
    assert outcome.ran >= len(names)
    # What ran were the generated twins: each of them but for a few that Django has no test of,
    # and next to none of those written by hand.
    called = {name.partition(".")[2] for name in outcome.generated}
    public = {
        name
        for mixin in (ManagerAsync, QuerySetAsync)
        for name in vars(mixin)
        if not name.startswith("_")
    }
    assert {*public, "__aiter__"} - called == set(TABLE["async"]["never_called"])
    assert outcome.by_hand.keys() <= TABLE["by_hand"].keys()
    assert sum(outcome.by_hand.values()) <= 2
    assert len(outcome.skipped) <= 5, outcome.skipped


@pytest.mark.parametrize("surface", ["everywhere", "coherent"])
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_as_many_pass_with_the_surface_installed_project_wide_as_without_it(
    database: str, surface: str, tmp_path: Path, told: Callable[[str], None]
) -> None:
    labels = folders(TABLE["async"]["run"])
    names = sorted({name for label in labels for name in async_tests().get(label, ())})
    patterns = [f"*.{name}" for name in names]
    plain = run(database, labels, patterns, tmp_path, "plain")
    installed = run(database, labels, patterns, tmp_path, surface)
    told(summary(f"{database}, {INSTALLED[surface]}", installed))
    assert not plain.generated
    assert not plain.failed, plain.output
    assert (installed.ran, installed.skipped) == (plain.ran, plain.skipped)
    judge(installed, departures(surface, database))
    assert not installed.by_hand  # none of Django's querysets
    called = {name.partition(".")[0] for name in installed.generated}
    assert called >= {"QuerySetAsync", "ManagerAsync"}
    # Of all parts of the surface, where every class is taken for one that overrides something.
    if surface == "coherent":
        assert called >= {
            "ModelAsync",
            "ModelBackendAsync",
            "UserManagerAsync",
            "SessionStoreAsync",
        }


def test_djangos_sync_tests_of_managers_and_querysets(
    tmp_path: Path, told: Callable[[str], None]
) -> None:
    outcome = run("sqlite", folders(TABLE["sync"]["run"]), [], tmp_path)
    told(summary("sqlite", outcome))
    judge(outcome, departures("sync", "sqlite"))
    assert outcome.ran > 500


def test_every_folder_with_async_tests_is_run_or_left_out_for_a_reason() -> None:
    try:
        found = async_tests()
    except OSError as error:
        unavailable(str(error))
    listed = {*TABLE["async"]["run"], *TABLE["async"]["left_out"]}
    assert found.keys() - listed == set()
    assert {"async", "generic_relations", "auth_tests", "sessions_tests"} <= found.keys()


@pytest.mark.skipif(
    "ASYNCGEN_TEST_DATABASE" in os.environ, reason="ASYNCGEN_TEST_DATABASE asks for one database"
)
@pytest.mark.parametrize("database", ["postgres", "mariadb"])
def test_the_surface_on(database: str) -> None:
    """The behaviour tests beside this file once more, on the other databases."""
    require(database)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--color=no", HERE / "test_surface.py"],
        env={**os.environ, "ASYNCGEN_TEST_DATABASE": database},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
