"""What is said after an edit is what is said from nothing; and most edits decide nothing again."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asyncgen.plan import Result as Planned
from asyncgen.plan import Run as Pipeline
from asyncgen.read.tree import read_source
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

SHOP = {
    "pyproject.toml": """\
        [tool.asyncgen]
        sources = ["shop/querysets.py", "shop/models.py"]
        unwired = ["*"]
        """,
    "shop/__init__.py": "",
    "shop/helpers.py": '''\
        """Functions of the shop."""
        import re


        def cleaned(text):
            """Without blanks."""
            found = re.sub(" ", "", text)
            return found


        def lowest(rows):
            first = rows.first()
            return first


        def asked_by_nobody(rows):
            found = rows.count()
            return found
        ''',
    "shop/querysets.py": '''\
        from django.db import models
        from shop.helpers import cleaned, lowest


        class BookQuerySet(models.QuerySet):
            """Books."""

            def titled(self, title):
                """Those with a title."""
                wanted = cleaned(title)
                return self.filter(title=wanted)

            def cheapest(self):
                rows = self.order_by("price")
                return lowest(rows)

            def total(self):
                found = self.titled("a")
                return found.count()
        ''',
    "shop/models.py": """\
        from django.db import models
        from shop.querysets import BookQuerySet


        class Book(models.Model):
            title = models.CharField(max_length=99)
            objects = BookQuerySet.as_manager()

            def siblings(self):
                rows = type(self).objects.titled(self.title)
                return rows

            def label(self):
                text = self.title
                return text
        """,
}
FILES = ("shop/helpers.py", "shop/querysets.py", "shop/models.py")
# What is put in place of what, back and forth.
CHANGES = (
    (".count()", ".all()"),
    (".filter(", ".get("),
    ("return found", "return found or None"),
    ("def label(self)", "def label(self, size=3)"),
    ("Those with a title.", "All that have a title."),
    ("return text", "return text.lower()"),
    ("rows.first()", "rows[:1]"),
    ("return lowest(rows)", "return rows"),
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ASYNCGEN_NO_CACHE", raising=False)


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[Pipeline]:
    """The runs that decided something."""
    runs: list[Pipeline] = []
    result = Pipeline.result

    def noted(self: Pipeline) -> Planned:
        runs.append(self)
        return result(self)

    monkeypatch.setattr(Pipeline, "result", noted)
    return runs


def edit(text: str, choice: random.Random) -> str:
    """The text with something else in it; it is a module all the same."""
    lines = text.splitlines(keepends=True)
    at = choice.randrange(len(lines))
    match choice.randrange(5):
        case 0:
            indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
            lines.insert(at, f"{indent.strip(chr(10))}# a note\n")
        case 1:
            lines.insert(at, "\n")
        case 2:
            lines[at] = lines[at].rstrip("\n") + "  # a note\n" * ('"' not in lines[at])
            lines[at] += "" if lines[at].endswith("\n") else "\n"
        case _:
            one, other = choice.choice(CHANGES)
            return text.replace(one, other) if one in text else text.replace(other, one)
    return "".join(lines)


def cold(root: Path, run: Run) -> Result:
    """The answer of a check that knows nothing of the last build."""
    (stamp,) = root.glob(".asyncgen_cache/*/stamp")
    aside = stamp.rename(stamp.with_name("aside"))
    answer = run("check")
    aside.rename(stamp)
    return answer


@pytest.mark.parametrize("seed", range(3))
def test_after_random_edits_the_answer_is_that_from_nothing(
    seed: int,
    project: Project,
    run: Run,
    decided: list[Pipeline],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root = project(SHOP)
    assert run("build").exit_code == 0
    choice = random.Random(seed)
    skipped = 0
    for _ in range(8):
        path = root / choice.choice(FILES)
        path.write_text(edit(path.read_text(), choice))
        read_source(path.read_text(), "m", "m.py")  # it is a module
        expected = cold(root, run)
        before = len(decided)
        found = run("check")
        skipped += len(decided) == before
        assert (found.exit_code, found.output) == (expected.exit_code, expected.output)
        if choice.randrange(3) == 0:
            run("build")
            assert cold(root, run).exit_code == 0
    assert skipped
    run("build")
    monkeypatch.setenv("ASYNCGEN_NO_CACHE", "1")  # nor of anything that was ever read
    assert cold(root, run).exit_code == 0


def notes(text: str) -> Iterator[str]:
    """The text with a comment at each of its lines in turn."""
    lines = text.splitlines(keepends=True)
    for at, line in enumerate(lines):
        indent = re.match(" *", line)
        assert indent
        if line.strip():
            yield "".join([*lines[:at], f"{indent[0]}# a note\n", *lines[at:]])


def test_a_comment_decides_nothing_again(
    project: Project, run: Run, decided: list[Pipeline]
) -> None:
    root = project(SHOP)
    assert run("build").exit_code == 0
    before = len(decided)
    for name in FILES:
        path = root / name
        text = path.read_text()
        for changed in notes(text):
            path.write_text(changed)
            assert run("check").output == "asyncgen: in sync\n"
        path.write_text(f"{text}\n# the end\n")
        assert run("build").exit_code == 0
    assert len(decided) == before


def test_a_body_that_nobody_asked_for_decides_nothing_again(
    project: Project, run: Run, decided: list[Pipeline]
) -> None:
    root = project(SHOP)
    assert run("build").exit_code == 0
    before = len(decided)
    path = root / "shop/helpers.py"
    path.write_text(path.read_text().replace("rows.count()", "rows.exists()"))
    assert run("check").exit_code == 0
    assert len(decided) == before
    path.write_text(path.read_text().replace("rows.first()", "rows[:1]"))
    assert run("check").exit_code == 1  # now a queryset
    assert len(decided) == before + 1


def test_an_edit_after_a_look_is_seen(project: Project, run: Run) -> None:
    """A build that decided nothing stamps what it looked at, not what is there when it is done."""
    root = project(SHOP)
    assert run("build").exit_code == 0
    path = root / "shop/querysets.py"
    path.write_text(f"{path.read_text()}\n# the end\n")
    assert run("build").exit_code == 0
    path.write_text(path.read_text().replace("return lowest(rows)", "return rows"))
    assert run("check").exit_code == 1
