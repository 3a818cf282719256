"""The command line: what it writes, says and answers, on small real projects."""

from __future__ import annotations

import builtins
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Files = dict[str, str]
Project = Callable[[Files], Path]
Run = Callable[..., Result]

QUERYSETS = """\
from django.db import models


class BookQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published=True)

    def total(self):
        return self.count()
"""
PYPROJECT = '[tool.asyncgen]\nsources = ["shop/*.py"]\nstubs = "none"\nunwired = ["*"]\n'
SHOP = {"pyproject.toml": PYPROJECT, "shop/__init__.py": "", "shop/querysets.py": QUERYSETS}
OUTPUT = "shop/querysets_async.py"


def tree(root: Path) -> dict[str, bytes]:
    """Every file of the project but asyncgen's own cache, with its content."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".asyncgen_cache" not in path.parts
    }


# -- the walk ------------------------------------------------------------------------------------


def test_write_check_edit_drift_build(project: Project, run: Run) -> None:
    root = project(SHOP)
    assert run("check").exit_code == 1
    assert not (root / OUTPUT).exists()

    built = run("build")
    assert built.exit_code == 0
    assert "wrote shop/querysets_async.py" in built.stdout
    assert "2 callables read in 1 file, 1 twin; none for 1 queryset; 1 file changed" in built.stdout
    assert "async def atotal" in (root / OUTPUT).read_text()
    assert run("check").exit_code == 0
    assert run("diff").stdout == ""

    source = root / "shop/querysets.py"
    source.write_text(source.read_text().replace("def total", "def grand_total"))
    before = tree(root)
    drifted = run("check")
    assert drifted.exit_code == 1
    assert (
        "shop/querysets_async.py:1: error: shop/querysets_async.py is out of date" in drifted.stderr
    )
    difference = run("diff")
    assert difference.exit_code == 1
    assert "-    async def atotal(self):" in difference.stdout
    assert "+    async def agrand_total(self):" in difference.stdout
    assert tree(root) == before, "check and diff write nothing"

    assert run("build", "--fail-on-change").exit_code == 1
    assert run("build", "--fail-on-change").exit_code == 0
    assert run("check").exit_code == 0


def test_an_edited_output_is_drift_although_nothing_else_changed(
    project: Project, run: Run
) -> None:
    root = project(SHOP)
    run("build")
    output = root / OUTPUT
    output.write_text(output.read_text() + "\nx = 1\n")
    assert run("check").exit_code == 1
    assert run("build").exit_code == 0
    assert "x = 1" not in output.read_text()


def test_a_new_file_that_a_glob_finds_is_drift(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    (root / "shop/more.py").write_text(QUERYSETS)
    assert run("check").exit_code == 1


def test_an_orphan_is_drift_and_is_removed(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    (root / "shop/querysets.py").rename(root / "shop/books.py")
    checked = run("check")
    assert checked.exit_code == 1
    assert "is generated, but from nothing any more" in checked.stderr
    assert "removed shop/querysets_async.py" in run("build").stdout
    assert not (root / OUTPUT).exists()
    assert (root / "shop/books_async.py").exists()


def test_check_works_on_a_tree_that_cannot_be_written(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    for path in [root, *root.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert run("check").exit_code == 0
        assert run("diff").exit_code == 0
    finally:
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_the_output_is_the_same_whatever_the_hash_seed(project: Project) -> None:
    root = project(SHOP)
    texts = set()
    for seed in ("1", "2", "3"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "asyncgen", "build"]
        subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True)
        texts.add((root / OUTPUT).read_bytes())
        (root / OUTPUT).unlink()
    assert len(texts) == 1


def test_kinds_say_what_a_comment_would(project: Project, run: Run) -> None:
    root = project({**SHOP, "pyproject.toml": PYPROJECT + 'kinds = { "*.published" = "eager" }\n'})
    assert run("build").exit_code == 0
    assert "async def apublished" in (root / OUTPUT).read_text()
    assert "`kinds` says that '*.published' is eager" in run("explain", "published").stdout
    (root / "pyproject.toml").write_text(PYPROJECT + 'kinds = { "*.publish" = "eager" }\n')
    assert "kinds has '*.publish', which matches nothing" in run("build").stderr


def test_a_package_installed_in_editable_mode_is_found(project: Project, run: Run) -> None:
    root = project(
        {
            "pyproject.toml": """
                [tool.asyncgen]
                sources = ["vendor.querysets"]
                output = "shop/vendor_async.py"
                stubs = "none"
                """,
            "elsewhere/vendor/__init__.py": "",
            "elsewhere/vendor/querysets.py": QUERYSETS,
            ".venv/lib/python3.12/site-packages/vendor.pth": "# a comment\nimport os\n",
        }
    )
    assert "no source is called 'vendor.querysets'" in run("build").stderr
    linked = root / ".venv/lib/python3.12/site-packages/vendor.pth"
    linked.write_text(f"{root / 'elsewhere'}\n")
    assert run("build").exit_code == 0
    assert "async def atotal" in (root / "shop/vendor_async.py").read_text()


# -- bad input -----------------------------------------------------------------------------------

BAD: dict[str, tuple[Files, int, str, str]] = {
    "unknown key": (
        {**SHOP, "pyproject.toml": PYPROJECT + 'exlude = ["a"]\n'},
        2,
        "pyproject.toml:5: error: unknown key 'exlude' in [tool.asyncgen] [AG103]",
        "did you mean 'exclude'?",
    ),
    "wrong type": (
        {**SHOP, "pyproject.toml": '[tool.asyncgen]\nsources = "shop"\n'},
        2,
        "pyproject.toml:2: error: sources must be a list of strings [AG104]",
        "it is 'shop'",
    ),
    "wrong choice": (
        {**SHOP, "pyproject.toml": PYPROJECT + 'style = "mixed"\n'},
        2,
        "pyproject.toml:5: error: style is 'mixed' [AG104]",
        "mixin, subclass",
    ),
    "not TOML": (
        {**SHOP, "pyproject.toml": "[tool.asyncgen]\nsources = \n"},
        2,
        "pyproject.toml:2: error: not valid TOML",
        "correct the file",
    ),
    "no table": (
        {"pyproject.toml": "[project]\n"},
        2,
        "error: there is no [tool.asyncgen] table [AG101]",
        "asyncgen init",
    ),
    "missing module": (
        {**SHOP, "pyproject.toml": '[tool.asyncgen]\nsources = ["shop.nothing"]\n'},
        2,
        "pyproject.toml:2: error: no source is called 'shop.nothing' [AG201]",
        "--python",
    ),
    "pattern without a match": (
        {**SHOP, "pyproject.toml": PYPROJECT + 'exclude = ["BookQuerySet.nothing"]\n'},
        2,
        "exclude has 'BookQuerySet.nothing', which matches nothing [AG108]",
        "correct the pattern",
    ),
    "syntax error": (
        {**SHOP, "shop/broken.py": "class Book:\n    def f(self:\n        pass\n"},
        3,
        "shop/broken.py:2: error: syntax error",
        "correct the source",
    ),
    "output outside the project": (
        {**SHOP, "pyproject.toml": PYPROJECT + 'output = "../{stem}_async.py"\n'},
        3,
        "lies outside the project [AG402]",
        "below the pyproject.toml",
    ),
    "hand-written file in the way": (
        {**SHOP, OUTPUT: "x = 1\n"},
        3,
        "shop/querysets_async.py:1: error: a hand-written file is in the way",
        "move the file",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_problem_with_a_way_out(name: str, project: Project, run: Run) -> None:
    files, status, message, hint = BAD[name]
    root = project(files)
    before = tree(root)
    for verb in ("build", "check"):
        answer = run(verb)
        assert answer.exit_code == status, answer.output
        assert message in answer.stderr
        assert hint in answer.stderr
        assert tree(root) == before, "nothing half-written"


def test_a_file_that_is_not_utf8(project: Project, run: Run) -> None:
    root = project(SHOP)
    (root / "shop/latin.py").write_bytes(b"# one\nname = '\xe9'\n")
    answer = run("build")
    assert answer.exit_code == 3
    assert "shop/latin.py:2: error: the file is not in its declared encoding" in answer.stderr
    assert not (root / OUTPUT).exists()


def test_a_declared_encoding_is_read(project: Project, run: Run) -> None:
    root = project(SHOP)
    text = "# -*- coding: latin-1 -*-\n" + QUERYSETS.replace("total", "café")
    (root / "shop/querysets.py").write_bytes(text.encode("latin-1"))
    assert run("build").exit_code == 0
    assert "async def acafé" in (root / OUTPUT).read_text(encoding="utf-8")


def test_an_unreadable_file(project: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project(SHOP)
    opened = open

    def refuse(path: Any, *args: Any, **options: Any) -> Any:  # a mode of 000 would not stop root
        if path == root / "shop/querysets.py":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *args, **options)

    monkeypatch.setattr(builtins, "open", refuse)
    answer = run("build")
    assert answer.exit_code == 3
    assert "shop/querysets.py:1: error: cannot read the file: Permission denied" in answer.stderr


def test_output_that_cannot_be_written_leaves_everything(
    project: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at the second file: the first is put back as it was."""
    root = project({**SHOP, "shop/more.py": QUERYSETS.replace("Book", "Shelf")})
    run("build")
    for name in ("querysets", "more"):
        path = root / f"shop/{name}.py"
        path.write_text(path.read_text().replace("total", "sum_total"))
    before = tree(root)
    replace = os.replace
    calls = []

    def fail_the_second(source: Path, target: Path) -> None:
        if Path(target).parent == root / "shop":  # a cache, which may be cold, is not counted
            calls.append(target)
            if len(calls) == 2:
                raise OSError(28, "No space left on device", str(target))
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_the_second)
    answer = run("build")
    assert answer.exit_code == 3
    assert "cannot write the output: No space left on device [AG404]" in answer.stderr
    assert "nothing was changed" in answer.stderr
    assert tree(root) == before


def test_a_bridge_that_guards_is_handed_no_guard(project: Project, run: Run) -> None:
    """A callable that may raise StopIteration: `no_stop_iteration` only where nothing else does."""
    source = QUERYSETS.replace("self.count()", "next(iter(self))")
    root = project({**SHOP, "shop/querysets.py": source})
    assert run("build").exit_code == 0
    assert "await sync_to_async(no_stop_iteration(self.total))()" in (root / OUTPUT).read_text()
    for bridge in ("on_worker", "sync_to_async"):
        (root / "pyproject.toml").write_text(f'{PYPROJECT}bridge = "asyncgen_runtime.{bridge}"\n')
        assert run("build").exit_code == 0
        assert f"return await {bridge}(self.total)()" in (root / OUTPUT).read_text()


def test_a_property_may_have_a_twin_to_await_or_to_iterate_over(project: Project, run: Run) -> None:
    total, titles = "    @property\n    def total", "    @property\n    def titles"
    source = QUERYSETS.replace("    def total", total)
    source += f"\n{titles}(self):\n        return map(str, self)\n"
    said = 'include = ["total"]\nkinds = { "titles" = "iterator" }\n'
    root = project({**SHOP, "pyproject.toml": PYPROJECT + said, "shop/querysets.py": source})
    assert run("build").exit_code == 0
    written = (root / OUTPUT).read_text()
    assert 'return await sync_to_async(getattr)(self, "total")' in written
    assert 'return iterator_to_async(getattr)(self, "titles")' in written
    assert '"""Asynchronous `BookQuerySet.total`: read it on a worker thread."""' in written


def test_options_may_stand_before_and_after_the_verb(project: Project, run: Run) -> None:
    root = project(SHOP)
    config = str(root / "pyproject.toml")
    before = run("--output-format", "json", "--config", config, "check")
    after = run("check", "--output-format", "json", "--config", config)
    assert before.stdout == after.stdout
    assert json.loads(after.stdout)["code"] == "AG501"
    assert run("build", "-q").output == ""


# -- formats and explanations --------------------------------------------------------------------


def test_problems_in_every_format(project: Project, run: Run) -> None:
    project({**SHOP, "shop/broken.py": "def f(:\n"})
    assert (
        "shop/broken.py:1: AG303 syntax error" in run("--output-format", "concise", "check").stderr
    )
    github = run("--output-format", "github", "check").stdout
    assert github.startswith("::error file=shop/broken.py,line=1,title=AG303::syntax error")
    found = json.loads(run("--output-format", "json", "check").stdout)
    assert (found["code"], found["file"], found["line"]) == ("AG303", "shop/broken.py", 1)
    assert found["hint"]


def test_explain_one(project: Project, run: Run) -> None:
    project(SHOP)
    for name in ("total", "BookQuerySet.total", "shop.querysets.BookQuerySet.total"):
        text = run("explain", name).stdout
        assert text.startswith("shop.querysets.BookQuerySet.total: value\n")
        assert "shop/querysets.py:9: calls QuerySet.count, which queries" in text
        assert "async def atotal(self):" in text
    assert run("explain", "nothing").exit_code == 2


def test_explain_all_as_json(project: Project, run: Run) -> None:
    project(SHOP)
    lines = run("--output-format", "json", "explain").stdout.splitlines()
    found = {entry["name"]: entry for entry in map(json.loads, lines)}
    assert found["published"]["kind"] == "queryset"
    assert found["published"]["twin"] is None
    total = found["total"]
    assert {key: total[key] for key in ("file", "line", "module", "class", "kind", "twin")} == {
        "file": "shop/querysets.py",
        "line": 8,
        "module": "shop.querysets",
        "class": "BookQuerySet",
        "kind": "value",
        "twin": "atotal",
    }
    assert {"message", "file", "line"} == set(total["evidence"][0])


def test_ambiguous_is_a_warning_and_strict_makes_it_an_error(project: Project, run: Run) -> None:
    some = QUERYSETS + "\n    def some(self, x):\n        return list(self) if x else self.all()\n"
    root = project({**SHOP, "shop/querysets.py": some})
    answer = run("build")
    assert answer.exit_code == 0
    assert "warning: shop.querysets.BookQuerySet.some is ambiguous" in answer.stderr
    (root / "pyproject.toml").write_text(PYPROJECT + "strict = true\n")
    assert run("check").exit_code == 3


def test_quiet_prints_nothing_but_errors(project: Project, run: Run) -> None:
    project(SHOP)
    assert run("-q", "build").output == ""
    assert "is out of date" not in run("-q", "check").output


def test_nothing_heavy_is_imported_for_a_check_without_change(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    code = (
        "import sys\nfrom asyncgen.cli import main\n"
        "try:\n    main(['check'])\nexcept SystemExit as done:\n    assert not done.code\n"
        "print(sorted({'libcst', 'jinja2', 'django'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines()[-1] == "[]"


def test_two_packages_of_one_name_have_surfaces_of_their_own(project: Project, run: Run) -> None:
    text = "from django.db import models\n\n\nclass {}(models.QuerySet):\n    {}\n"
    root = project(
        {
            "pyproject.toml": '[tool.asyncgen]\nsources = ["*/shop/*.py"]\nunwired = ["*"]\n',
            "front/shop/__init__.py": "",
            "front/shop/base.py": text.format("Base", "def first_one(self): return self.first()"),
            "front/shop/rows.py": "from shop.base import Base\n\n\nclass Books(Base): ...\n",
            "back/shop/__init__.py": "",
            "back/shop/base.py": text.format("Base", "def last_one(self): return self.last()"),
            "back/shop/rows.py": "from shop.base import Base\n\n\nclass Shelves(Base): ...\n",
        }
    )
    assert run("build").exit_code == 0
    assert "afirst_one" in (root / "front/shop/base_async.py").read_text()
    assert "alast_one" in (root / "back/shop/base_async.py").read_text()
    assert run("check").exit_code == 0


# -- init ----------------------------------------------------------------------------------------


def test_init_proposes_what_the_project_has(project: Project, run: Run) -> None:
    before = '# ours\n[project]\nname = "shop"   # keep\n'
    root = project({**SHOP, "pyproject.toml": before, "shop/views.py": "x = 1\n"})
    assert run("init").exit_code == 0
    after = (root / "pyproject.toml").read_text()
    assert after.startswith(before)
    assert '"shop/querysets.py",' in after
    assert "views" not in after
    assert run("build").exit_code == 0
    again = run("init")
    assert again.exit_code == 2
    assert (root / "pyproject.toml").read_text() == after


BASES = """\
from django.db import models


class Lendable(models.Model):
    class Meta:
        abstract = True


class Chained(models.QuerySet):
    pass
"""
# Files, and whether `init` proposes them, whatever their classes are called.
FILES = {
    "shop/bases.py": (BASES, True),
    "shop/loans.py": ("from shop.bases import Lendable\n\n\nclass Loan(Lendable): ...\n", True),
    "shop/chain.py": ("import shop.bases as b\n\n\nclass Late(b.Chained): ...\n", True),
    "shop/made.py": (
        "from shop.bases import Chained\n\n\ndef make():\n    for _ in ():\n        pass\n"
        "    class Made(Chained): ...\n    return Made\n",
        True,
    ),
    # A mixin of what is a queryset, whose methods get twins as well.
    "shop/counted.py": ("class Counted:\n    def total(self): return self.count()\n", True),
    "shop/uses.py": (
        "from shop.bases import Chained\nfrom shop.counted import Counted\n\n\n"
        "class Both(Counted, Chained): ...\n",
        True,
    ),
    "shop/plain.py": ("class LockManager:\n    def take(self): ...\n", False),
    "shop/forms.py": ("from django import forms\n\n\nclass BookModel(forms.Form): ...\n", False),
    "shop/views.py": ("class BookViewModel(dict): ...\n", False),
    "shop/broken.py": ("class Broken(models.Model\n", False),
    "shop/skipped.py": (
        "from shop.bases import Lendable\n\n\n# asyncgen: skip\nclass Loan(Lendable): ...\n",
        False,
    ),
    "shop/migrations/0001_initial.py": (BASES, False),
    "shop/tests/models.py": (BASES, False),
    "shop/test_loans.py": (BASES, False),
    "tests/testapp/models.py": (BASES, False),
    "conftest.py": (BASES, False),
    "env/pyvenv.cfg": ("", False),
    "env/thing/models.py": (BASES, False),
    # Another project in the same repository, with a package of the same name.
    "other/shop/__init__.py": ("", False),
    "other/shop/bases.py": ("class Lendable: ...\n", False),
    "other/shop/loans.py": ("from shop.bases import Lendable\n\n\nclass L(Lendable): ...\n", False),
}


def test_init_follows_what_classes_inherit_from(project: Project, run: Run) -> None:
    project({"shop/__init__.py": "", **{name: text for name, (text, _) in FILES.items()}})
    answer = run("init")
    assert answer.exit_code == 0
    proposed = {line.strip() for line in answer.output.splitlines() if line.startswith("  ")}
    assert proposed == {name for name, (_, wanted) in FILES.items() if wanted}


def test_init_says_when_it_finds_nothing(project: Project, run: Run) -> None:
    project({"shop/__init__.py": "", "shop/views.py": "x = 1\n"})
    answer = run("init")
    assert answer.exit_code == 0
    assert "No queryset, manager or model was found" in answer.stdout
    assert "asyncgen build" not in answer.stdout


def test_init_leaves_a_broken_pyproject_alone(project: Project, run: Run) -> None:
    root = project({"pyproject.toml": "[project\n"})
    assert run("init").exit_code == 2
    assert (root / "pyproject.toml").read_text() == "[project\n"


def test_init_makes_a_pyproject(project: Project, run: Run) -> None:
    root = project({"shop/__init__.py": "", "shop/querysets.py": QUERYSETS})
    assert run("init").exit_code == 0
    assert '"shop/querysets.py"' in (root / "pyproject.toml").read_text()
