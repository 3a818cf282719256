"""How results print: names of twins, colours, JSON, what `explain` finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from asyncgen.cli import main
from asyncgen.cli.console import meanings
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

BOOKS = """\
from django.db import models


class BookQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published=True)

    def total(self):
        return self.count()

    def prices(self, least=0):
        return list(self.filter(price__gte=least))


class Book(models.Model):
    name = models.CharField(max_length=9)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
"""
VIEWS = """\
import time


async def view(request):
    time.sleep(1)
"""
SHOP = {
    "pyproject.toml": '[tool.asyncgen]\nsources = ["shop/*.py"]\nstubs = "none"\nunwired = ["*"]\n',
    "shop/__init__.py": "",
    "shop/books.py": BOOKS,
}


def test_check_names_the_twins_that_a_build_changes(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    changed = BOOKS.replace("def total", "def grand_total").replace("least=0", "least=1")
    (root / "shop/books.py").write_text(changed)
    what = (
        "adds BookQuerySetAsync.agrand_total; removes BookQuerySetAsync.atotal; changes "
        "BookQuerySetAsync.aprices"
    )
    said = f"shop/books_async.py is out of date: `asyncgen build` {what} [AG501]"
    assert said in run("check").stderr
    shown = run("diff")
    assert shown.stderr == f"asyncgen: in shop/books_async.py a build {what}\n"
    assert shown.stdout.startswith("--- shop/books_async.py\n")
    assert json.loads(run("diff", "--output-format", "json").stdout)["twins"] == what


def test_an_output_that_is_no_python_any_more_is_out_of_date(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    output = root / "shop/books_async.py"
    output.write_text(output.read_text() + "\ndef (:\n")
    assert "shop/books_async.py is out of date [AG501]" in run("check").stderr


def test_with_json_nothing_else_is_on_standard_output(project: Project, run: Run) -> None:
    root = project(SHOP)
    options = ("--output-format", "json")
    assert [json.loads(each)["code"] for each in run("check", *options).stdout.splitlines()] == [
        "AG501"
    ]
    assert json.loads(run("diff", *options).stdout)["file"] == "shop/books_async.py"
    for verb in ("build", "check", "diff", "apply"):
        answer = run(verb, *options)
        assert (answer.exit_code, answer.stdout) == (0, ""), verb
    (root / "pyproject.toml").write_text(SHOP["pyproject.toml"].replace('unwired = ["*"]\n', ""))
    shown = json.loads(run("apply", "--diff", *options).stdout)
    assert shown["file"] == "shop/books.py"
    assert "+class Book(BookAsync, models.Model):" in shown["diff"]


VERBS = (
    *(
        "check",
        "diff",
        "apply --check",
        "apply --diff",
        "explain",
        "explain Book",
        "explain atotal",
    ),
    *("explain AG305", "explain asyncgen_django.everywhere", "explain nothing", "rule AG703"),
    *("rule AG999", "audit", "audit --possible --statistics", "audit --diff", "audit --fix"),
    *("-v check", "-q check", "check --python nowhere", "init", "build", "-v build", "apply"),
)


def test_with_json_every_line_of_every_verb_is_an_object(project: Project, run: Run) -> None:
    """Before anything is written, after it, and where there is drift; verbs that end well too."""
    root = project({**SHOP, "shop/views.py": VIEWS})
    root.joinpath("pyproject.toml").write_text('[tool.asyncgen]\nsources = ["shop/books.py"]\n')
    said = json.loads(run("--output-format", "json", "rule", "AG305").stdout)
    assert (said["code"], said["severity"]) == ("AG305", "warning")
    assert set(VERBS) >= {each for each in main.commands if each != "help"} - {"explain", "rule"}
    for _ in range(2):
        for verb in VERBS:
            answer = run("--output-format", "json", *verb.split())
            for line in answer.stdout.splitlines():
                assert isinstance(json.loads(line), dict), (verb, line)
            assert answer.exit_code in (0, 1, 2), verb
    changed = BOOKS.replace("total", "grand_total")
    (root / "shop/books.py").write_text(changed)
    lines = run("check", "--output-format", "json").stdout.splitlines()
    assert "AG501" in {json.loads(each)["code"] for each in lines}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
@pytest.mark.parametrize("variable", ["", "NO_COLOR"])
def test_a_terminal_has_colours_unless_somebody_says_no(project: Project, variable: str) -> None:
    root = project(SHOP)
    shown = on_a_terminal(root, "diff", {variable: "1"} if variable else {})
    assert "class BookQuerySetAsync" in shown
    assert ("\x1b[32m+class BookQuerySetAsync" in shown) is not bool(variable)
    said = on_a_terminal(root, "check", {variable: "1"} if variable else {})
    assert ("\x1b[31m\x1b[1merror\x1b[0m: " in said) is not bool(variable)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals on Windows")
def test_a_terminal_is_told_once_how_to_read_about_codes(project: Project, run: Run) -> None:
    root = project(SHOP)
    last = on_a_terminal(root, "check").splitlines()[-1]
    assert last == "asyncgen: what a code means: asyncgen rule AG501"
    for options in (["-q"], ["--output-format", "github"], ["--output-format", "json"]):
        assert "asyncgen rule" not in on_a_terminal(root, "check", {}, *options), options
    assert "what a code means" not in on_a_terminal(root, "diff")  # nothing has a code there
    assert "what a code means" not in run("check").stderr  # no terminal
    (root / "shop/views.py").write_text("import time\n\nasync def view():\n    time.sleep(1)\n")
    found = on_a_terminal(root, "audit").splitlines()
    assert found[-1] == "asyncgen: what a code means: asyncgen rule AG720", found


def test_each_code_is_named_once() -> None:
    assert meanings(["AG704", "AG501", "AG703"]) == "asyncgen rule AG501 (also AG703, AG704)"


def on_a_terminal(
    root: Path, verb: str, variables: Mapping[str, str] | None = None, *options: str
) -> str:
    """What a verb prints on a terminal."""
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    environment |= {"TERM": "xterm", **(variables or {})}
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "asyncgen", verb, *options]
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 4096):
            shown += data
    except OSError:  # what Linux says where the other end is closed
        pass
    os.close(ours)
    assert process.wait() == 1
    return shown.decode()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("total", ["BookQuerySet.total: value"]),
        ("atotal", ["BookQuerySet.total: value"]),
        ("BookQuerySet.atotal", ["BookQuerySet.total: value"]),
        ("shop/books.py:8", ["BookQuerySet.total: value"]),
        ("shop/books.py:9", ["BookQuerySet.total: value"]),
        ("save", ["Book.save: value"]),
    ],
)
def test_explain_finds_a_callable(
    project: Project, run: Run, name: str, expected: list[str]
) -> None:
    project(SHOP)
    shown = run("explain", name).stdout
    assert [line for line in shown.splitlines() if line.startswith("shop.books.")] == [
        f"shop.books.{each}" for each in expected
    ]


@pytest.mark.parametrize("name", ["BookQuerySet", "shop.books.BookQuerySet"])
def test_explain_shows_a_class_as_a_tree(project: Project, run: Run, name: str) -> None:
    project(SHOP)
    assert run("explain", name).stdout == (
        "shop/books.py:4: shop.books.BookQuerySet\n"
        "  queryset  published\n"
        "  value     total -> atotal\n"
        "  value     prices -> aprices\n"
    )


@pytest.mark.parametrize("name", ["nothing", "shop/books.py:1", "shop/other.py:9"])
def test_explain_of_nothing_says_what_to_do(project: Project, run: Run, name: str) -> None:
    project(SHOP)
    answer = run("explain", name)
    assert answer.exit_code == 2
    assert f"covers nothing that is called {name} [AG205]" in answer.stderr


ASKED = """\
from django.db import models
from third.party import fetch


class Book(models.Model):
    @property
    def sisters(self):
        return list(Book.objects.all())

    @property
    def double(self):
        return 2

    def fetched(self):
        return fetch(1)

    def run(self, handler):
        return handler()
"""


def test_explain_has_properties_that_query_to_paste(project: Project, run: Run) -> None:
    root = project({**SHOP, "shop/books.py": ASKED})
    tree = run("explain", "Book").stdout
    assert "  skipped  sisters, a property that queries\n  skipped  double\n" in tree
    pasted = tree.splitlines()[-1].partition(": ")[2]
    assert pasted == 'include = ["Book.sisters"]'
    assert f"it queries; for a twin: {pasted}" in run("explain", "sisters").stdout
    assert "include" not in run("explain", "double").stdout
    table = root / "pyproject.toml"
    table.write_text(f"{table.read_text()}{pasted}\n")
    assert "  value    sisters -> asisters\n" in run("explain", "Book").stdout


def test_explain_says_why_what_is_not_known_counts(project: Project, run: Run) -> None:
    root = project({**SHOP, "shop/books.py": ASKED})
    said = "third.party.fetch is not known to be free of queries: if it is, list it in `pure`"
    assert said in run("explain", "fetched").stdout
    assert "list it in `pure`" not in run("explain", "run").stdout
    table = root / "pyproject.toml"
    table.write_text(f'{table.read_text()}pure = ["third.party.fetch"]\n')
    shown = run("explain", "fetched").stdout
    assert shown.startswith("shop.books.Book.fetched: pure\n")
    assert said not in shown
