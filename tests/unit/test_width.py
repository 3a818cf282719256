"""What a source has many of takes calls by how many there are: a build of more has no more each."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from asyncgen.config import Config, Source
from asyncgen.plan import Run, rendered

HEAD = "from django.db import models\n\n"
CLASS = "class Books{0}(models.QuerySet):\n    def total(self):\n        return self.count()\n\n"
METHOD = "    def total_{0}(self, value):\n        return self.filter(pk=value).count() + {0}\n\n"
CALLING = "    def total_{0}(self):\n        return self.total_{1}()\n\n"
MODEL = """\
class Book{0}(models.Model):
    other = models.ForeignKey("Book{1}", models.CASCADE)

    def title(self):
        return str(self.other)

"""
SHAPES: dict[str, Callable[[int], str]] = {
    "methods": lambda many: CLASS.format("") + "".join(map(METHOD.format, range(many))),
    "methods that call each other": lambda many: (
        CLASS.format("") + "".join(CALLING.format(each, (each + 1) % many) for each in range(many))
    ),
    "classes": lambda many: "".join(map(CLASS.format, range(many))),
    "assignments": lambda many: (
        CLASS.format("") + "".join(f"x{each} = {each} + 1\n" for each in range(many))
    ),
    "models": lambda many: "".join(MODEL.format(each, (each + 1) % many) for each in range(many)),
    "statements": lambda many: (
        CLASS.format("")
        + "    def long(self, value):\n"
        + "".join(f"        value = self.filter(pk={each}).first()\n" for each in range(many))
        + "        return value\n"
    ),
}


def calls(root: Path, source: str) -> int:
    """How many calls a build makes."""
    root.mkdir()
    (root / "books.py").write_text(HEAD + source)
    made = Source(sources=("books.py",), output="{stem}_async.py", unwired=("*",))
    config = Config(root, root / "pyproject.toml", (made,), search=(root,))
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    threading.setprofile(counted)  # what is nested deeply has a thread of its own
    sys.setprofile(counted)
    try:
        assert list(rendered(Run(config).result(), config))
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_a_build_takes_as_many_calls_for_each(
    shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    calls(tmp_path / "first", SHAPES[shape](2))  # what is imported and compiled once
    few, twice, many, twice_as_many = (
        calls(tmp_path / str(number), SHAPES[shape](number)) for number in (5, 10, 20, 40)
    )
    assert twice_as_many - many <= 4.6 * (twice - few)  # a circle takes a little more
