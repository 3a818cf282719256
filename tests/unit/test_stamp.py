"""What an unchanged check still says, and what counts as a change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asyncgen.problems import from_json
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
PLAIN_SOURCE = (
    SHOP["shop/querysets.py"]
    .replace("ShelfQuerySet, ", "")
    .replace("        from shelves import ShelfQuerySet\n", "")
)


def test_a_copy_of_the_project_is_not_told_of_by_the_first_ones_stamp(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SHOP["shop/querysets.py"].replace("ShelfQuerySet, ", "")
    root = project({**SHOP, "shop/querysets.py": text})
    assert run("build").exit_code == 0
    copy = root.with_name(f"{root.name}-copy")
    shutil.copytree(root, copy)
    source = copy / "shop" / "querysets.py"
    source.write_text(source.read_text().replace("def total", "def grand_total"))
    monkeypatch.chdir(copy)
    assert run("check").exit_code == 1


def test_an_unchanged_check_gives_the_warnings_of_the_build_again(
    project: Project, run: Run
) -> None:
    root = project(SHOP)
    built, checked = run("build"), run("check")
    assert checked.exit_code == 0
    assert "which cannot be found [AG203]" in built.stderr
    assert checked.stderr == built.stderr
    (warning,) = map(from_json, warnings(str(root / "pyproject.toml"), None) or ())
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
    assert warnings(str(root / "pyproject.toml"), None) is None
    checked = run("check")
    assert checked.exit_code == 0
    assert "no source names shelves.py" in checked.stderr


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("from django.db import models\n\n\nclass Shelf(models.Model):\n    pass\n", True),
        ("from django.db import models\n\n\nclass ShelfManager(models.Manager): ...\n", True),
        ('from django import forms\n\nTEXT = """\nclass Shelf(models.Model):\n"""\n', False),
        ("from django import forms\n\n\nclass ShelfForm(forms.Form):\n    pass\n", False),
    ],
)
def test_an_edit_of_what_no_source_names_is_looked_at(
    text: str, is_told: bool, project: Project, run: Run
) -> None:
    """It matters once it has what a source could name; any other edit changes nothing."""
    root = project({**SHOP, "shop/querysets.py": PLAIN_SOURCE, "blog/views.py": "import json\n"})
    assert run("build").exit_code == 0
    (root / "blog/views.py").write_text(text)
    assert is_known(root) != is_told
    checked = run("check")
    assert checked.exit_code == 0
    assert ("no source names blog/views.py" in checked.stderr) == is_told
    assert run("build").exit_code == 0
    assert is_known(root)
    assert run("check").stderr == checked.stderr


def test_an_edit_of_the_same_length_at_the_same_time_is_looked_at(
    project: Project, run: Run
) -> None:
    root = project({**SHOP, "shop/querysets.py": PLAIN_SOURCE, "blog/views.py": PLAIN_SOURCE})
    views = root / "blog/views.py"
    views.write_text(views.read_text().replace("models.QuerySet", "models.Anything"))
    assert run("build").exit_code == 0
    before = views.stat()
    views.write_text(views.read_text().replace("models.Anything", "models.QuerySet"))
    os.utime(views, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert views.stat().st_size == before.st_size
    assert not is_known(root)


def test_a_file_that_nobody_touched_is_not_read_again(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project({**SHOP, "shop/querysets.py": PLAIN_SOURCE, "blog/views.py": "import json\n"})
    assert run("build").exit_code == 0
    read: list[str] = []

    def look_of(path: str) -> str:
        read.append(path)
        return "other"

    monkeypatch.setattr("asyncgen.looks.look_of", look_of)
    assert is_known(root)
    assert read == []
    os.utime(root / "blog/views.py")
    assert is_known(root)
    assert read == [str(root / "blog/views.py")]


def test_a_stamp_is_of_one_configuration(project: Project, run: Run) -> None:
    """Two in one folder: a build of one says nothing about the other."""
    both = {
        f"{name}.toml": f'[tool.asyncgen]\nsources = ["shop/{name}.py"]\n{PLAIN}'
        for name in ("first", "second")
    }
    source = SHOP["shop/querysets.py"]
    project({**both, "shop/__init__.py": "", "shop/first.py": source, "shop/second.py": source})
    assert run("--config", "first.toml", "build").exit_code == 0
    assert run("--config", "second.toml", "check").exit_code == 1
    assert "wrote shop/second_async.py" in run("--config", "second.toml", "build").stdout
    for name in both:
        assert run("--config", name, "check").exit_code == 0


PLAIN = 'stubs = "none"\nunwired = ["*"]\n'
MISSING = """\
    from django.db import models
    from shop.base import Base


    class BookQuerySet(Base):
        def total(self):
            return self.count()
    """
BASE = """\
    from django.db import models


    class Base(models.QuerySet):
        pass
    """


@pytest.mark.parametrize("place", ["shop/base.py", "shop/base/__init__.py", "src/shop/base.py"])
def test_what_was_looked_for_in_vain_is_a_change_when_it_comes(
    place: str, project: Project, run: Run
) -> None:
    root = project({**SHOP, "shop/querysets.py": MISSING})
    run("build")
    assert is_known(root)
    project({place: BASE, **({"src/shop/__init__.py": ""} if "src" in place else {})})
    assert not is_known(root)


def test_a_folder_that_becomes_a_package_is_a_change(project: Project, run: Run) -> None:
    root = project({**SHOP, "shop/more/books.py": SHOP["shop/querysets.py"]})
    (root / "pyproject.toml").write_text(f'[tool.asyncgen]\nsources = ["shop/more/*.py"]\n{PLAIN}')
    run("build")
    assert is_known(root)
    (root / "shop/more/__init__.py").touch()
    assert not is_known(root)


@pytest.mark.parametrize("pattern", ["shop/*.py", "*/querysets.py", "**/querysets.py", "shop"])
def test_a_file_that_a_pattern_would_find_is_a_change(
    pattern: str, project: Project, run: Run
) -> None:
    root = project(SHOP)
    (root / "pyproject.toml").write_text(f'[tool.asyncgen]\nsources = ["{pattern}"]\n{PLAIN}')
    assert run("build").exit_code == 0
    assert is_known(root)
    name = "shop/more.py" if pattern.startswith("shop") else "blog/querysets.py"
    project({name: SHOP["shop/querysets.py"]})
    assert run("check").exit_code == 1


def test_a_template_that_comes_or_changes_is_a_change(project: Project, run: Run) -> None:
    root = project({**SHOP, "mine/twins/.keep": ""})
    said = f'[tool.asyncgen]\nsources = ["shop/*.py"]\ntemplates = "mine"\n{PLAIN}'
    (root / "pyproject.toml").write_text(said)
    own = root / "mine/twins/value.py.jinja"
    for text in ("    return 1\n", "    return 2\n"):
        assert run("build").exit_code == 0
        assert is_known(root)
        own.write_text(text)
        assert not is_known(root)


def is_known(root: Path, python: str | None = None) -> bool:
    return warnings(str(root / "pyproject.toml"), python) is not None


def test_another_environment_is_a_change(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(SHOP)
    run("build")
    assert is_known(root)
    assert not is_known(root, "elsewhere/bin/python")
    monkeypatch.setenv("VIRTUAL_ENV", str(root / "elsewhere"))
    assert not is_known(root)
    monkeypatch.undo()
    (root / ".venv/lib/python3.12/site-packages").mkdir(parents=True)
    assert not is_known(root)


def test_what_was_edited_while_it_was_read_is_a_change(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(SHOP)
    edited = root / "shop/querysets.py"
    from asyncgen.read import Files

    read = Files.read

    def slow(files: Files, path: Path, *arguments: Any) -> Any:
        found = read(files, path, *arguments)
        if path == edited:
            path.write_text(path.read_text() + "\n    def other(self):\n        self.count()\n")
        return found

    monkeypatch.setattr(Files, "read", slow)
    assert run("build").exit_code == 0
    assert not is_known(root)
    monkeypatch.undo()
    monkeypatch.chdir(root)
    assert run("check").exit_code == 1


@pytest.mark.parametrize("damage", ["", "end", "file\tx\n", "what\tis\tthis\n", "\0\0\0"])
def test_a_damaged_stamp_is_none(damage: str, project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    (root / ".asyncgen_cache/pyproject.toml/stamp").write_text(damage)
    assert not is_known(root)
    assert run("check").exit_code == 0


def test_a_stamp_that_others_could_have_written_is_none(project: Project, run: Run) -> None:
    """As one that was committed and checked out would be."""
    root = project(SHOP)
    run("build")
    assert is_known(root)
    (root / ".asyncgen_cache/pyproject.toml/stamp").chmod(0o644)
    assert not is_known(root)


def test_an_unchanged_check_imports_no_more_than_it_needs(project: Project, run: Run) -> None:
    root = project(SHOP)
    project({"shop/querysets.py": BASE.replace("pass", "def total(self): return self.count()")})
    assert run("build").exit_code == 0
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom asyncgen.start import main\n"
        "sys.argv = ['asyncgen', 'check']\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    said, imported = finished.stdout.splitlines()
    assert said == "asyncgen: in sync"
    slow = {"click", "json", "re", "enum", "typing", "pathlib", "tomllib", "dataclasses"}
    assert not slow & set(imported.split())
    assert "asyncgen.stamp" in imported
