"""What type checkers say of the cases in `tests/cases/types`: sources, and uses of what is written.

The files of a case are a package of its name. All of them are built as one project, and each
checker runs once over all.

* A line that ends with `# error` must be an error in every checker, one with `# error: ty, mypy` in
  these alone: why, is said beside it. No other line may be one, be it of the source, of what is
  written, or of `uses.py`.
* `settings.toml` has keys of the case's `[[tool.asyncgen.source]]`.
* `models.py` is `MODELS`, where a case has none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import checkers

from tests.support.building import build
from tests.support.cases import SOURCE, Case

_ERROR = re.compile(r"# error(?:: (?P<checkers>[\w, ]+))?$")
_PLACE = re.compile(r"(?P<case>\w+)/(?P<file>\w+\.pyi?):(?P<line>\d+)")
_SETTINGS = "settings.toml"

MODELS = """\
from __future__ import annotations

from django.db import models

from .querysets_managers import BookManager


class Book(models.Model):
    id: int
    title: models.CharField[str, str] = models.CharField(max_length=100)
    objects = BookManager()
"""

Place = tuple[str, int]  # a file of a case, and a line of it


def expected(case: Case, checker: str) -> set[Place]:
    """The lines that `checker` has to call errors."""
    return {
        (name, number)
        for name, text in case.files.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (error := _ERROR.search(line))
        and checker in (error["checkers"] or ", ".join(checkers.CHECKERS)).split(", ")
    }


def built(cases: Iterable[Case], folder: Path, programs: Path) -> checkers.Place:
    """The cases as one project in `folder`, with what asyncgen writes for it."""
    cases = list(cases)
    project = ["[tool.asyncgen]", f'python = "{programs.parent}"']
    for case in cases:
        package = folder / case.name
        package.mkdir()
        (package / "__init__.py").touch()
        files = {"models.py": MODELS, **case.files}
        del files[SOURCE]
        settings = files.pop(_SETTINGS, "")
        for name, text in files.items():
            (package / name).write_text(text, encoding="utf-8")
        names = [f"{case.name}/{name}" for name in files if name != checkers.USES]
        project += ["[[tool.asyncgen.source]]", f"sources = {names}", settings]
    apps = ["django.contrib.contenttypes", "django.contrib.auth", *(case.name for case in cases)]
    (folder / "settings.py").write_text(f'SECRET_KEY = "typing"\nINSTALLED_APPS = {apps}\n')
    (folder / "pyproject.toml").write_text("\n".join(project))
    build(folder / "pyproject.toml", warnings=True).write()
    return checkers.configured(folder, programs / "python", "settings", lenient=True)


def findings(checker: str, place: checkers.Place, programs: Path) -> dict[str, dict[Place, str]]:
    """What the checker calls errors, by case and place."""
    packages = [str(path.parent.name) for path in sorted(place.folder.glob("*/__init__.py"))]
    found: dict[str, dict[Place, str]] = {}
    for line in checkers.said(checker, place, programs, packages).splitlines():
        match = _PLACE.search(line)
        if match and checkers.is_error(line):
            key = (match["file"], int(match["line"]))
            found.setdefault(match["case"], {})[key] = line
    return found
