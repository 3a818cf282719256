"""Names of twins that could not stand as they are."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.building import build


def test_a_twin_whose_name_would_be_a_keyword_ends_with_an_underscore(tmp_path: Path) -> None:
    (tmp_path / "queues.py").write_text(
        "from django.db import models\n\n\n"
        "class QueueQuerySet(models.QuerySet):\n"
        "    def wait(self):\n"
        "        return self.count()\n",
        encoding="utf-8",
    )
    (tmp_path / "pyproject.toml").write_text(
        f"[tool.asyncgen]\nsources = ['queues.py']\npython = '{sys.prefix}'\nstubs = 'none'\n",
        encoding="utf-8",
    )
    ((path, text),) = build(tmp_path / "pyproject.toml").texts.items()
    compile(text, path, "exec")
    assert "    async def await_(self):" in text
