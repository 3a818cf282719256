"""Querysets and managers in the body of a model: covered, named, and kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.plan import Run, rendered
from asyncgen.plan.result import Result

MODELS = """
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=9)

    class Rows(models.QuerySet):
        def total(self):
            return self.count()

    class Sold(Rows):
        def revenue(self):
            return self.total() * 2

    class Keeper(models.Manager):
        def longest(self):
            return max(self.values_list("title", flat=True), key=len)

        class Notes:
            pass

    objects = Keeper.from_queryset(Rows)()
    sold = Sold.as_manager()

    class Meta:
        ordering = ["title"]

    @classmethod
    def best(cls):
        return cls.objects.longest()

    def others(self):
        return type(self).sold.revenue()

class Author(models.Model):
    class Rows(models.QuerySet):
        def eldest(self):
            return self.first()

    objects = Rows.as_manager()
"""


def result(root: Path, keys: str = "") -> tuple[Result, dict[str, str]]:
    (root / "shop").mkdir()
    (root / "shop" / "__init__.py").touch()
    (root / "shop" / "models.py").write_text(MODELS, encoding="utf-8")
    path = root / "pyproject.toml"
    path.write_text(f'[tool.asyncgen]\nsources = ["shop/models.py"]\n{keys}\n', encoding="utf-8")
    config = load(path)
    made = Run(config).result()
    return made, {each.path: each.text for each in rendered(made, config)}


def names(made: Result) -> list[str]:
    return [made.name for surface in made.surfaces for made in surface.classes]


def test_each_has_a_mixin_named_after_the_classes_around_it(tmp_path: Path) -> None:
    made, texts = result(tmp_path)
    expected = ["BookAsync", "BookRowsAsync", "BookSoldAsync", "BookKeeperAsync", "AuthorRowsAsync"]
    assert names(made) == expected
    compile(texts["shop/models_async.py"], "models_async.py", "exec")
    assert "async def atotal(self) -> int: ..." in texts["shop/models_async.pyi"]


def test_names_of_the_class_body_are_known(tmp_path: Path) -> None:
    made, _ = result(tmp_path)
    kinds = {each.decision.function.name: each.decision.kind.value for each in made.entries}
    assert kinds["revenue"] == kinds["best"] == kinds["others"] == "value"


@pytest.mark.parametrize("pattern", ["Book.Rows", "shop.models.Book.Rows", "*.Book.Rows"])
def test_one_can_be_named(pattern: str, tmp_path: Path) -> None:
    made, _ = result(tmp_path, f'classes = ["{pattern}"]')
    assert names(made) == ["BookRowsAsync"]


@pytest.mark.parametrize("pattern", ["Book.Rows.total", "Rows.total", "total", "Book.Rows.*"])
def test_a_method_of_one_can_be_named(pattern: str, tmp_path: Path) -> None:
    made, _ = result(tmp_path, f'exclude = ["{pattern}"]')
    assert "BookRowsAsync" not in names(made)
