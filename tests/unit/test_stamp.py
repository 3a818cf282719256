"""What an unchanged check still says, and what counts as a change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from asyncgen.config import load
from asyncgen.stamp import warnings
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

SHOP = {
    "pyproject.toml": """\
        [tool.asyncgen]
        sources = ["shop/*.py"]
        stubs = "none"
        unwired = ["*"]
        """,
    "shop/__init__.py": "",
    "shop/querysets.py": """\
        from django.db import models
        from shelves import ShelfQuerySet


        class BookQuerySet(ShelfQuerySet, models.QuerySet):
            def total(self):
                return self.count()
        """,
}


def test_an_unchanged_check_gives_the_warnings_of_the_build_again(
    project: Project, run: Run
) -> None:
    root = project(SHOP)
    built, checked = run("build"), run("check")
    assert checked.exit_code == 0
    assert "which cannot be found [AG203]" in built.stderr
    assert checked.stderr == built.stderr
    (warning,) = warnings(load(root / "pyproject.toml")) or ()
    assert (warning.code, str(warning.location)) == ("AG203", "shop/querysets.py:5")


def test_a_module_that_was_missing_and_is_there_now_is_a_change(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    project(
        {
            "shelves.py": """\
                from django.db import models


                class ShelfQuerySet(models.QuerySet):
                    def total(self):
                        return self.filter(shelf=1)
                """
        }
    )
    assert warnings(load(root / "pyproject.toml")) is None
    assert run("check").stderr == ""
