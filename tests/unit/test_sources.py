"""Several sources: each is built as it says, and all are looked at together."""

from __future__ import annotations

import venv
from dataclasses import replace
from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.plan import Run, rendered
from asyncgen.problems import AsyncgenError

SHOP = """
from django.db import models

class Author(models.Model):
    def number(self):
        return self.volumes.count()
"""

LIBRARY = """
from django.db import models

class Book(models.Model):
    author = models.ForeignKey("shop.Author", models.CASCADE, related_name="volumes")

    def author_name(self):
        return self.author.name
"""

TABLES = """
[tool.asyncgen]
[[tool.asyncgen.source]]
sources = ["shop/models.py"]
[[tool.asyncgen.source]]
sources = ["library/models.py"]
prefix = "async_"
"""


def project(root: Path, tables: str = TABLES, shop: str = SHOP) -> Path:
    for name, text in {"shop": shop, "library": LIBRARY}.items():
        (root / name).mkdir()
        (root / name / "__init__.py").touch()
        (root / name / "models.py").write_text(text, encoding="utf-8")
    path = root / "pyproject.toml"
    path.write_text(tables, encoding="utf-8")
    return path


def built(path: Path) -> dict[str, str]:
    config = load(path)
    return {each.path: each.text for each in rendered(Run(config).result(), config)}


def test_a_source_knows_the_models_of_the_others(tmp_path: Path) -> None:
    texts = built(project(tmp_path))
    assert "async def anumber(self) -> int: ..." in texts["shop/models_async.pyi"]


def test_each_source_has_its_own_settings(tmp_path: Path) -> None:
    texts = built(project(tmp_path))
    assert "async def async_author_name(" in texts["library/models_async.py"]
    assert "async_" not in texts["shop/models_async.py"]


def test_a_module_may_stand_in_two_sources(tmp_path: Path) -> None:
    again = """
[[tool.asyncgen.source]]
sources = ["library/models.py"]
output = "{directory}/{stem}_other.py"
"""
    texts = built(project(tmp_path, TABLES + again))
    assert "async def async_author_name(" in texts["library/models_async.py"]
    assert "async def aauthor_name(" in texts["library/models_other.py"]


def test_a_manager_has_the_mixin_and_not_that_of_the_subclass(tmp_path: Path) -> None:
    tables = """
[tool.asyncgen]
[[tool.asyncgen.source]]
sources = ["shop/models.py"]
[[tool.asyncgen.source]]
sources = ["shop.models"]
style = "subclass"
output = "made/shop.py"
"""
    shop = """
from django.db import models

class BookQuerySet(models.QuerySet):
    def total(self):
        return self.count()
"""
    texts = built(project(tmp_path, tables, shop))
    assert "class AsyncBookQuerySet(" in texts["made/shop.py"]
    assert "from shop.models_async import BookQuerySetAsync" in texts["shop/models_managers.py"]


def test_a_pattern_of_one_source_is_not_matched_by_another(tmp_path: Path) -> None:
    tables = TABLES.replace('prefix = "async_"', 'exclude = ["Author.number"]')
    (problem,) = Run(load(project(tmp_path, tables))).result().problems
    assert problem.code == "AG108"
    assert "'Author.number'" in problem.message
    assert problem.location
    assert problem.location.line == tables[: tables.rindex("[[")].count("\n") + 1


def test_a_file_that_cannot_be_read_is_said_once(tmp_path: Path) -> None:
    again = '[[tool.asyncgen.source]]\nsources = ["shop/models.py"]\nprefix = "b"\n'
    path = project(tmp_path, TABLES + again, shop="def (:\n")
    problems = Run(load(path)).result().problems
    assert [each.code for each in problems] == ["AG303"]


def test_without_django_nothing_is_built(tmp_path: Path) -> None:
    venv.create(tmp_path / "empty")
    config = replace(load(project(tmp_path)), python=str(tmp_path / "empty"))
    with pytest.raises(AsyncgenError) as raised:
        Run(config).result()
    (problem,) = raised.value.problems
    assert problem.code == "AG204"
    assert problem.location == config.sources[0].location


def test_what_no_import_can_name_is_no_module(tmp_path: Path) -> None:
    """Of what a glob finds it is passed over; what is written for it would be no Python."""
    table = '[tool.asyncgen]\nsources = ["{}"]\n'
    path = project(tmp_path, table.format("shop/*.py"))
    for name in ("my-script", "class"):
        (tmp_path / f"shop/{name}.py").write_text(SHOP)
    assert {each for each in built(path) if each.endswith(".py")} == {"shop/models_async.py"}
    for name in ("shop/my-script.py", "shop/cl*.py"):
        path.write_text(table.format(name))
        with pytest.raises(AsyncgenError, match="nothing can import") as caught:
            built(path)
        assert caught.value.problems[0].code == "AG201"
