"""Every sample of the pages: Python is run in the bookshop, TOML is loaded.

Each page is run by itself.

A block that begins with the name of a file (`# settings.py`) or with `# before` stands for what
cannot be run here, and is compiled.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest
from asyncgen.cli import main
from asyncgen.config import load
from asyncgen.keys import AUDIT_KEYS, KEYS
from asyncgen.plan import Run
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    page
    for part in ("how-to", "reference", "explanation")
    for page in sorted((ROOT / "docs" / part).glob("*.md"))
]
# Pages whose samples tests of their own area run: they are about other classes than the bookshop's.
ELSEWHERE = {
    "adopting.md": "tests/adoption",
    "audit.md": "tests/audit",
    "django-surface.md": "tests/surface",
    "inline.md": "tests/golden",
    "native.md": "tests/native",
}
OWN = [path for path in PAGES if path.name not in ELSEWHERE]

SCRIPT = """\
import ast, asyncio, inspect, json, os, sys, unittest
import django
from io import StringIO

django.setup()
from django.core.management import call_command
from django.test.utils import setup_databases, teardown_databases
from django.test import TestCase

kept = setup_databases(verbosity=0, interactive=False)
call_command("seed", stdout=StringIO())
namespace = {}
suite = unittest.TestSuite()


async def run(samples):
    for sample in samples:
        code = compile(sample, "<sample>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, namespace)
        if inspect.iscoroutine(result):
            await result


asyncio.run(run(json.load(sys.stdin)))
for value in namespace.values():
    if isinstance(value, type) and issubclass(value, TestCase) and value is not TestCase:
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(value))
result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
print("tests", result.testsRun)
os._exit(0 if result.wasSuccessful() else 1)  # a worker thread may hold the database open
"""


def blocks(page: Path, language: str) -> list[str]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", page.read_text("utf-8"), re.S | re.M)
    return [dedent(each) for each in found]


def is_apart(sample: str) -> bool:
    return bool(re.match(r"# (before|[\w/]+\.py)\n", sample))


@pytest.mark.parametrize("page", OWN, ids=lambda page: page.stem)
def test_python_compiles_and_runs(page: Path, tmp_path: Path) -> None:
    samples = blocks(page, "python")
    for sample in samples:
        compile(sample, page.name, "exec", flags=0x2000)  # await is allowed at the top level
    runs = [sample for sample in samples if not is_apart(sample)]
    if not runs:
        return
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(runs),
        cwd=ROOT / "examples/bookshop",
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bookshop.settings",
            "BOOKSHOP_SQLITE": str(tmp_path / "shop.sqlite3"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert f"tests {sum(s.count('async def test_') for s in runs)}\n" in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_toml_has_keys_that_there_are(page: Path) -> None:
    for sample in blocks(page, "toml"):
        table = tomllib.loads(sample).get("tool", {}).get("asyncgen", {})
        for each in (table, *table.get("source", [])):
            for key, value in each.items():
                assert KEYS[key].accepts(value), f"{key} = {value!r}"
                assert not KEYS[key].choices or value in KEYS[key].choices
        assert table.get("audit", {}).keys() <= AUDIT_KEYS.keys()


def test_the_methods_of_the_example_are_judged_as_the_page_says(tmp_path: Path) -> None:
    page = ROOT / "docs/explanation/judging.md"
    (tmp_path / "querysets.py").write_text(blocks(page, "python")[0])
    (tmp_path / "pyproject.toml").write_text('[tool.asyncgen]\nsources = ["querysets.py"]\n')
    entries = Run(load(tmp_path / "pyproject.toml")).result().entries
    judged = {each.decision.function.name: each.decision.kind.value for each in entries}
    text = " ".join(page.read_text("utf-8").split())
    said = dict(re.findall(r"\* `(\w+)\(\)`(?:(?!\* `).)*?\*\*(\w+)\*\*:", text))
    assert judged == said
    assert len(said) == 3


def test_every_page_is_one_that_is_run_here_or_elsewhere() -> None:
    assert {path.name for path in PAGES} >= ELSEWHERE.keys()
    for folder in ELSEWHERE.values():
        assert (ROOT / folder).is_dir()
    assert sum(bool(blocks(page, "python")) for page in OWN) >= 6


def test_the_way_to_get_rid_of_it_all_leaves_nothing(tmp_path: Path) -> None:
    """The steps of the page on troubleshooting, on a project whose classes inherit mixins."""
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[tool.asyncgen]\nsources = ["*.py"]\n')
    source = tmp_path / "querysets.py"
    before = blocks(ROOT / "docs/explanation/judging.md", "python")[0]
    source.write_text(before)
    cli = ("--config", str(pyproject))
    for step in ("build", "apply"):
        assert CliRunner().invoke(main, [*cli, step]).exit_code == 0
    assert "BookQuerySetAsync" in source.read_text()
    pyproject.write_text(f'{pyproject.read_text()}exclude = ["*"]\n')
    built = CliRunner().invoke(main, [*cli, "build"])
    assert built.exit_code == 0
    last = "Next: `asyncgen apply` takes out base classes and imports that are gone"
    assert built.output.splitlines()[-1] == last
    assert CliRunner().invoke(main, [*cli, "apply"]).exit_code == 0
    assert source.read_text() == before
    left = {path.name for path in tmp_path.iterdir()} - {".asyncgen_cache"}
    assert left == {"pyproject.toml", "querysets.py"}
