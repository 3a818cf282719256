"""What `check` says of classes and the mixins that were written for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

SHOP = {
    "pyproject.toml": '[tool.asyncgen]\nsources = ["shop/*.py"]\nstubs = "none"\n',
    "shop/__init__.py": "",
}
BOOKS = """\
from django.db import models

from shop.books_async import {imported}


class BookQuerySet({bases}):
    def total(self):
        return self.count()
"""


def books(bases: str, imported: str = "BookQuerySetAsync") -> dict[str, str]:
    return {**SHOP, "shop/books.py": BOOKS.format(bases=bases, imported=imported)}


def found(run: Run) -> list[tuple[str, int, str]]:
    """The code, line and message of each problem of a check after a build."""
    assert run("build", "-q").exit_code == 0
    lines = [
        json.loads(each)
        for each in run("check", "-q", "--output-format", "json").stdout.splitlines()
    ]
    return [(each["code"], each["line"], each["message"]) for each in lines]


@pytest.mark.parametrize(
    ("bases", "code", "said"),
    [
        ("BookQuerySetAsync, models.QuerySet", "", ""),
        ("models.QuerySet, BookQuerySetAsync", "", ""),  # it has no twin of QuerySet's own
        ("models.QuerySet", "AG502", "does not inherit BookQuerySetAsync, so it has no atotal"),
    ],
)
def test_a_class_has_its_mixin_or_not(
    project: Project, run: Run, bases: str, code: str, said: str
) -> None:
    project(books(bases))
    problems = found(run)
    assert [each[0] for each in problems] == ([code] if code else [])
    if code:
        assert problems == [(code, 6, f"BookQuerySet {said}")]
    assert run("check").exit_code == bool(code)


def test_a_project_that_uses_no_mixin_yet_is_warned(project: Project, run: Run) -> None:
    source = "from django.db import models\n\n\nclass {name}QuerySet({bases}models.QuerySet):\n"
    source += "    def total(self):\n        return self.count()\n"
    root = project({**SHOP, "shop/books.py": source.format(name="Book", bases="")})
    run("build")
    for _ in range(2):  # the second reads nothing
        checked = run("check")
        assert checked.exit_code == 0
        assert "warning: BookQuerySet does not inherit BookQuerySetAsync" in checked.stderr
    mixin = "from shop.pens_async import PenQuerySetAsync\n"
    wired = mixin + source.format(name="Pen", bases="PenQuerySetAsync, ")
    (root / "shop/pens.py").write_text(wired)
    run("build")
    assert run("check").exit_code == 1


OVERRIDE = """\
from django.db import models

from shop.books_async import BookAsync


class Book({bases}):
    name = models.CharField(max_length=9)

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
"""


def test_a_mixin_behind_a_base_of_djangos_loses(project: Project, run: Run) -> None:
    project({**SHOP, "shop/books.py": OVERRIDE.format(bases="models.Model, BookAsync")})
    said = "Book inherits BookAsync behind Model, whose asave wins"
    assert found(run) == [("AG503", 6, said)]


def test_an_inherited_twin_skips_an_override_without_the_mixin(project: Project, run: Run) -> None:
    project({**SHOP, "shop/books.py": OVERRIDE.format(bases="models.Model")})
    ((code, line, message),) = found(run)
    assert (code, line) == ("AG502", 6)
    assert "its asave is that of Model, which need not run what Book overrides" in message


def test_another_mixin_before_the_own_one_wins(project: Project, run: Run) -> None:
    source = OVERRIDE.format(bases="BookAsync, models.Model") + (
        "\n\nclass Comic(BookAsync, ComicAsync, Book):\n"
        "    def save(self, *args, **kwargs):\n        super().save(*args, **kwargs)\n"
    )
    source = source.replace("import BookAsync", "import BookAsync, ComicAsync")
    project(
        {
            **SHOP,
            "shop/books.py": source.replace(
                "class Comic(BookAsync, ComicAsync, Book)", "class Comic(Book, ComicAsync)"
            ),
        }
    )
    assert found(run) == [
        ("AG503", 13, "Comic inherits ComicAsync behind BookAsync, whose asave wins")
    ]


def test_what_is_not_written_any_more_is_stale(project: Project, run: Run) -> None:
    project(
        books(
            "BookQuerySetAsync, NovelQuerySetAsync, models.QuerySet",
            "BookQuerySetAsync, NovelQuerySetAsync, agone",
        )
    )
    assert found(run) == [
        ("AG504", 1, "the module imports agone, which shop.books_async does not have"),
        (
            "AG504",
            6,
            "BookQuerySet inherits NovelQuerySetAsync, which shop.books_async does not have",
        ),
    ]


def test_a_mixin_of_a_module_that_is_there_no_more_is_stale(project: Project, run: Run) -> None:
    root = project(books("BookQuerySetAsync, models.QuerySet"))
    assert found(run) == []
    (root / "shop/books.py").rename(root / "shop/novels.py")
    said = "BookQuerySet inherits BookQuerySetAsync, which shop.books_async does not have"
    assert ("AG504", 6, said) in found(run)
    assert not (root / "shop/books_async.py").exists()


def test_a_module_that_no_source_covers_any_more_is_looked_at(project: Project, run: Run) -> None:
    files = books("BookQuerySetAsync, models.QuerySet")
    other = files["shop/books.py"].replace("books_async", "other_async")
    sources = 'sources = ["shop/books.py", "shop/other.py"]'
    table = files["pyproject.toml"].replace('sources = ["shop/*.py"]', sources)
    root = project({**files, "shop/other.py": other, "pyproject.toml": table})
    assert found(run) == []
    (root / "pyproject.toml").write_text(files["pyproject.toml"].replace("*", "books"))
    said = "BookQuerySet inherits BookQuerySetAsync, which shop.other_async does not have"
    for _ in range(2):  # the second reads nothing
        assert found(run) == [("AG504", 6, said)]
    assert run("apply").exit_code == 0
    assert "Async" not in (root / "shop/other.py").read_text()
    assert found(run) == []


@pytest.mark.parametrize("how", ["comment", "name", "dotted", "all"])
def test_a_class_may_stay_as_it_is(project: Project, run: Run, how: str) -> None:
    files = books("models.QuerySet").copy()
    files["shop/books.py"] = files["shop/books.py"].replace(
        "from shop.books_async import BookQuerySetAsync\n", ""
    )
    if how == "comment":
        files["shop/books.py"] = files["shop/books.py"].replace(
            "class Book", "# asyncgen: unwired\nclass Book"
        )
    else:
        pattern = {"name": "BookQuery*", "dotted": "shop.books.BookQuerySet", "all": "*"}[how]
        files["pyproject.toml"] += f'unwired = ["{pattern}"]\n'
    project(files)
    assert found(run) == []


def test_a_pattern_for_a_class_that_is_not_there_is_an_error(project: Project, run: Run) -> None:
    files = books("models.QuerySet")
    project({**files, "pyproject.toml": files["pyproject.toml"] + 'unwired = ["Bok*"]\n'})
    answer = run("build")
    assert answer.exit_code == 2
    assert "unwired has 'Bok*', which matches nothing" in answer.stderr


def test_classes_of_other_packages_are_not_wired(project: Project, run: Run) -> None:
    project(
        {
            "pyproject.toml": '[tool.asyncgen]\nsources = ["django.contrib.sites.models"]\n'
            'output = "sites_async.py"\n'
        }
    )
    assert found(run) == []


def test_build_says_what_is_next_once_and_if_something_is_to_do(project: Project, run: Run) -> None:
    root = project(books("models.QuerySet"))
    said = "Next: `asyncgen apply` joins 1 class with what is written; `asyncgen check` lists it"
    for _ in range(2):  # the second reads nothing
        assert run("build").stdout.count(said) == 1
    assert run("build", "-q").output == ""
    assert run("apply").exit_code == 0
    assert (
        "BookQuerySet(BookQuerySetAsync, models.QuerySet)" in (root / "shop/books.py").read_text()
    )
    assert "Next" not in run("build").stdout
    assert run("check").exit_code == 0


def test_an_unchanged_check_says_it_again(project: Project, run: Run) -> None:
    project(books("models.QuerySet"))
    run("build")
    first, second = run("check"), run("check", "-v")  # -v reads everything
    assert first.exit_code == second.exit_code == 1
    assert first.stderr == second.stderr
    assert "[AG502]" in first.stderr


@pytest.mark.parametrize("has_it", [False, True])
def test_build_says_that_the_runtime_is_to_be_installed(
    project: Project, run: Run, has_it: bool
) -> None:
    packages = ".venv/lib/python3.12/site-packages"
    files = books("BookQuerySetAsync, models.QuerySet")
    files["shop/books.py"] += "\n    def names(self):\n        yield from self.iterator()\n"
    runtime = {f"{packages}/asyncgen_runtime/__init__.py": ""} if has_it else {}
    project({**files, f"{packages}/other/__init__.py": "", **runtime})
    said = "Next: install asyncgen-runtime in the project's environment"
    assert (said in run("build").stdout) is not has_it


def test_what_needs_no_runtime_is_not_told_of_it(project: Project, run: Run) -> None:
    files = books("BookQuerySetAsync, models.QuerySet")
    project({**files, ".venv/lib/python3.12/site-packages/other/__init__.py": ""})
    assert "install" not in run("build").stdout
