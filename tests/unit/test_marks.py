"""Attributes that Django looks for on a callable are those of its twin, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asyncgen.annotate import COPIED_MARKS

from tests.support.building import build

CONFIGURATION = '[tool.asyncgen]\nsources = ["shop.py"]\nstubs = "none"\nunwired = ["*"]\n'
SOURCE = """\
from django.db import models


class Book(models.Model):
    def natural_key(self):
        return (self.author.name,)

    natural_key.{0} = {1!r}
    natural_key.other = 1
    author = models.ForeignKey("Book", models.CASCADE)
"""
# https://docs.djangoproject.com/en/stable/topics/serialization/#dependencies-during-serialization
VALUES = {"dependencies": ["shop.author", "shop.shelf"]}


@pytest.mark.parametrize("mark", COPIED_MARKS)
def test_a_twin_has_the_marks_of_its_callable(mark: str, tmp_path: Path) -> None:
    value = VALUES.get(mark, True)
    (tmp_path / "shop.py").write_text(SOURCE.format(mark, value))
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    namespace: dict[str, Any] = {"__name__": "shop_async"}
    (text,) = build(tmp_path / "pyproject.toml").texts.values()
    exec(text, namespace)  # what was generated
    assert vars(namespace["BookAsync"].anatural_key)[mark] == value
    assert "other" not in vars(namespace["BookAsync"].anatural_key)
