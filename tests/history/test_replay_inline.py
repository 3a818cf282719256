"""Django 4.0 with twins written into its own source, run through the async tests of Django 4.1."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import django
import pytest
from asyncgen.cli import main
from asyncgen.marks import without
from click.testing import CliRunner
from test_replay import PUBLISHED_BY_4_1, TABLE, release_root, unavailable_offline

from tests.support.django_source import django_tests

INSTALLED = Path(django.__file__).parents[1]
QUERY = "django/db/models/query.py"
RELATED = "django/db/models/fields/related_descriptors.py"
TABLE_OF_4_0 = f"""\
[tool.asyncgen]
sources = ["{QUERY}", "{RELATED}"]
search = ["."]
style = "inline"
placement = "below"
docstrings = "none"
classes = ["QuerySet", "RawQuerySet", "*RelatedManager"]
exclude = ["RawQuerySet.*", "*RelatedManager.[!cgu]*", "*RelatedManager.[cg]*[!e]"]
"""
TESTS = ("async.test_async_queryset", "async.test_async_related_managers")
# Django 4.1 refuses to prefetch for aiterator(); the sync iterator() of 4.0 does without, silently.
DEPARTURES = {"async.test_async_queryset.AsyncQuerySetTest.test_aiterator_prefetch_related"}


@pytest.fixture(scope="module")
def django_4_0(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Django 4.0, with twins in it."""
    folder = tmp_path_factory.mktemp("inline")
    with unavailable_offline():
        shutil.copytree(release_root("4.0.10") / "django", folder / "django")
    (folder / "pyproject.toml").write_text(TABLE_OF_4_0)
    arguments = ["build", "-q", "--config", str(folder / "pyproject.toml")]
    built = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert built.exit_code == 0, built.output
    return folder


def test_query_py_has_the_nineteen_twins_of_django_4_1(django_4_0: Path) -> None:
    tree = ast.parse((django_4_0 / QUERY).read_text())
    (queryset,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "QuerySet")
    twins = [each.name for each in queryset.body if isinstance(each, ast.AsyncFunctionDef)]
    assert twins == ["__aiter__", "alist", *PUBLISHED_BY_4_1]
    functions = [
        n.name for n in queryset.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    places = {name: functions.index(name) for name in functions}
    assert all(places[name] == places[name[1:]] + 1 for name in PUBLISHED_BY_4_1)


def test_they_are_ordinary_code_and_the_rest_is_as_it_was(django_4_0: Path) -> None:
    before = (release_root("4.0.10") / QUERY).read_text()
    after = (django_4_0 / QUERY).read_text()
    assert "asyncgen_runtime" not in after
    imports = {
        "from itertools import chain\n": "from itertools import chain, islice\n",
        "\nimport django\n": "\nfrom asgiref.sync import sync_to_async\n\nimport django\n",
    }
    for old, new in imports.items():
        before = before.replace(old, new, 1)
    assert without(after, QUERY) == before


@pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="Django 4.0 imports cgi, gone in Python 3.13"
)
def test_djangos_own_async_tests_pass(django_4_0: Path) -> None:
    sources = django_tests("4.1.13", TABLE["sdists"]["4.1.13"])
    shutil.copytree(sources, django_4_0 / "tests")
    # A release lies there with its modules alone, and Django does not start without a catalogue.
    catalogue = "django/conf/locale/en/LC_MESSAGES"
    shutil.copytree(INSTALLED / catalogue, django_4_0 / catalogue, dirs_exist_ok=True)
    command = [sys.executable, "runtests.py", "--parallel=1", "--noinput", *TESTS]
    done = subprocess.run(
        command,
        cwd=django_4_0 / "tests",
        env={"PYTHONPATH": str(django_4_0), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert f"installed in '{django_4_0}" in done.stdout
    ran = re.search(r"^Ran (\d+) tests? in", done.stdout, re.MULTILINE)
    assert ran, done.stdout
    assert int(ran[1]) == 31, done.stdout
    assert set(re.findall(r"^(?:ERROR|FAIL): \S+ \((.+?)\)", done.stdout, re.M)) == DEPARTURES, (
        done.stdout
    )
