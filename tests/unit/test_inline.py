"""`style = "inline"`: twins in people's own files, between marks, and not a byte elsewhere."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from asyncgen.marks import BEGIN, END, without
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

TABLE = '[tool.asyncgen]\nsources = ["shop/*.py"]\nstyle = "inline"\ndocstrings = "none"\n'
BOOKS = """\
from asgiref.sync import sync_to_async
from django.db import models


class BookQuerySet(models.QuerySet):
    def total(self):
        return self.count()

    def best(self):
        return self.first()


NAMES = ["a",   'b']  # kept as it is
"""
TOTAL = f"""
    {BEGIN}
    async def atotal(self):
        return await sync_to_async(self.total)()

    {END}
"""


def shop(books: str = BOOKS, table: str = TABLE) -> dict[str, str]:
    return {"pyproject.toml": table, "shop/__init__.py": "", "shop/books.py": books}


def below(**more: str) -> str:
    return TABLE + 'placement = "below"\n' + "".join(f'{key} = "{more[key]}"\n' for key in more)


def test_each_twin_below_its_method(project: Project, run: Run) -> None:
    root = project(shop(table=below()))
    assert run("build").exit_code == 0
    text = (root / "shop/books.py").read_text()
    assert f"        return self.count()\n{TOTAL}\n    def best(self)" in text
    assert sorted(path.name for path in (root / "shop").glob("*.py*")) == [
        "__init__.py",
        "books.py",
    ]
    assert run("check").exit_code == 0
    assert "in sync, nothing read" in run("build").stdout


def test_all_twins_at_the_end_of_the_class(project: Project, run: Run) -> None:
    root = project(shop())
    assert run("build").exit_code == 0
    text = (root / "shop/books.py").read_text()
    start, end = text.index(BEGIN), text.index(END)
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.index("def best") < start < text.index("async def atotal")
    assert text.index("async def atotal") < text.index("async def abest") < end
    assert end < text.index("NAMES")


KINDS = {
    "as usual": (BOOKS, "utf-8"),
    "CRLF": (BOOKS.replace("\n", "\r\n"), "utf-8"),
    "both kinds of newlines": (BOOKS.replace("\n\n", "\r\n\n"), "utf-8"),
    "tabs": (BOOKS.replace("    ", "\t"), "utf-8"),
    "two spaces": (BOOKS.replace("    ", "  "), "utf-8"),
    "a byte order mark": (BOOKS, "utf-8-sig"),
    "a coding line": ("# -*- coding: latin-1 -*-\n# é\n" + BOOKS, "latin-1"),
    "form feeds": (BOOKS.replace("\n\n\n", "\n\x0c\n\n"), "utf-8"),
    "ends of lines that are Unicode's alone": (
        BOOKS.replace("'b'", "'b\x85c'").replace("kept", "ke\u2028pt"),
        "utf-8",
    ),
    "trailing blanks": (BOOKS.replace("count()\n", "count()   \n"), "utf-8"),
    "marks in a string": (
        BOOKS.replace('["a"', f'["""\n{BEGIN}\n{END}\n"""').replace("  'b'", " 'b'"),
        "utf-8",
    ),
}


@pytest.mark.parametrize("placement", ["end", "below"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_byte_outside_of_the_marks_stays(
    project: Project, run: Run, kind: str, placement: str
) -> None:
    text, encoding = KINDS[kind]
    root = project(shop(table=f'{TABLE}placement = "{placement}"\n'))
    path = root / "shop/books.py"
    path.write_bytes(text.encode(encoding))
    assert run("build").exit_code == 0
    after = path.read_bytes()
    compile(after, "books.py", "exec")
    assert after.count(b"async def") == 2
    assert without(after.decode(encoding), "").encode(encoding) == text.encode(encoding)
    assert run("check").exit_code == 0, "what was written is what is written again"
    assert path.read_bytes() == after


def test_a_file_that_does_not_end_in_a_newline_gets_one(project: Project, run: Run) -> None:
    root = project(shop(BOOKS.partition("\n\n\nNAMES")[0]))
    run("build")
    assert run("check").exit_code == 0
    assert (root / "shop/books.py").read_text().endswith(f"\n\n    {END}\n")


def test_a_later_build_changes_only_what_drifted(project: Project, run: Run) -> None:
    root = project(shop(table=below()))
    run("build")
    path = root / "shop/books.py"
    built = path.read_text()
    path.write_text(built.replace("self.total)()", "self.total)(1)"))
    checked = run("check")
    assert checked.exit_code == 1
    assert "`asyncgen build` changes BookQuerySet.atotal" in checked.stderr
    shown = [line for line in run("diff").stdout.splitlines() if line[:1] in "+-"][2:]
    assert [line.strip("+- ") for line in shown] == [
        "return await sync_to_async(self.total)(1)",
        "return await sync_to_async(self.total)()",
    ]
    run("build")
    assert path.read_text() == built
    path.write_text(built.replace("def best(self)", "def best(self, at=1)"))
    run("build")
    assert path.read_text() == (
        built.replace("best(self)", "best(self, at=1)").replace("self.best)()", "self.best)(at)")
    )


def test_a_method_that_goes_takes_its_twin_with_it(project: Project, run: Run) -> None:
    root = project(shop(table=below()))
    run("build")
    path = root / "shop/books.py"
    path.write_text(path.read_text().replace("def total", "def _total"))
    run("build")
    text = path.read_text()
    assert "atotal" not in text
    assert "abest" in text
    path.write_text(text.replace("def best", "def _best") + "\n\ndef f():\n    pass\n")
    table = root / "pyproject.toml"
    table.write_text(table.read_text() + 'functions = ["f"]\ninclude = ["f"]\n')
    run("build")
    assert "abest" not in path.read_text()


def test_explain_and_apply_know_of_it(project: Project, run: Run) -> None:
    project(shop())
    run("build")
    explained = run("explain", "atotal").stdout
    assert "shop/books.py:\n  async def atotal(self):" in explained
    applied = run("apply")
    assert applied.exit_code == 0
    assert "every class has what was written for it" in applied.stdout


@pytest.mark.parametrize(
    "table",
    [
        TABLE.replace("inline", "mixin"),
        TABLE.replace("shop/*.py", "shop/other.py"),
        TABLE + 'classes = ["Other"]\n',
    ],
)
def test_twins_go_when_nobody_asks_for_them_any_more(
    project: Project, run: Run, table: str
) -> None:
    root = project({**shop(), "shop/other.py": BOOKS.replace("BookQuerySet", "Other")})
    path = root / "shop/books.py"
    run("build")
    (root / "pyproject.toml").write_text(table)
    assert run("check").exit_code == 1
    assert BEGIN in path.read_text()
    run("build")
    assert path.read_text() == BOOKS


def test_twins_between_marks_are_nobodys_own(project: Project, run: Run) -> None:
    """What was written before does not count as written by hand, nor as called, nor as a name."""
    root = project(
        shop(BOOKS.replace("def best", "def atotal_all(self):\n        pass\n\n    def best"))
    )
    run("build")
    before = (root / "shop/books.py").read_text()
    (root / ".asyncgen_cache").rename(root / "gone")
    assert run("check").exit_code == 0
    assert run("build").exit_code == 0
    assert (root / "shop/books.py").read_text() == before
    assert "handwritten" not in run("explain").stdout


NAMES = """\
from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def sync_to_async(function):
    raise NotImplementedError("this is another one")


list = tuple


class BookQuerySet(models.QuerySet):
    def total(self):
        return self.count()

    def stream(self, rows=1) -> Iterator[int]:
        yield from self
"""


def test_names_of_the_file_are_not_taken(project: Project, run: Run) -> None:
    root = project(shop(NAMES))
    assert run("build").exit_code == 0
    text = (root / "shop/books.py").read_text()
    assert "from asgiref.sync import sync_to_async as _sync_to_async\n" in text
    assert "import builtins\n" in text
    assert "await _sync_to_async(self.total)()" in text
    assert "builtins.list)(islice(_rows, 2000))" in text
    assert "-> AsyncIterator[int]:" in text
    assert text.count("AsyncIterator") == 2, "imported once, for types alone"
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F,I", "shop"]
    linted = subprocess.run(ruff, cwd=root, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


REFUSED = {
    "a mark alone": (BOOKS + f"\n\n{BEGIN}\n", TABLE, "AG308", 3),
    "an end alone": (f"{END}\n{BEGIN}\n" + BOOKS, TABLE, "AG308", 3),
    "a class on one line": (
        "from django.db import models\n\n\nclass A(models.Model): day = models.DateField()\n",
        TABLE,
        "AG309",
        3,
    ),
    "a module of another": (
        BOOKS,
        TABLE.replace("shop/*.py", "django.db.models.query"),
        "AG202",
        2,
    ),
    "methods to replace": (BOOKS, TABLE + 'handwritten = "replace"\n', "AG104", 2),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    project: Project, run: Run, case: str
) -> None:
    books, table, code, status = REFUSED[case]
    root = project(shop(books, table))
    built = run("build")
    assert f"[{code}]" in built.stderr
    assert built.exit_code == status
    assert (root / "shop/books.py").read_text() == books


AWAITED = """\
import asyncio
import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "books.sqlite3"}},
    INSTALLED_APPS=["shop"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()
from asgiref.sync import sync_to_async
from django.db import connection
from shop import models


def prepare():
    with connection.schema_editor() as editor:
        editor.create_model(models.Book)
    models.Book.objects.bulk_create(models.Book(name=str(i)) for i in range(4500))


async def main():
    await sync_to_async(prepare)()
    books = models.Book.objects.all()
    assert await books.atotal(2) == 4502
    assert [name async for name in books.anames()] == [str(i) for i in range(4500)]
    async for name in books.anames():
        break
    assert [book.name async for book in books.abatches(7)] == [str(i) for i in range(4500)]
    assert await models.aexchange("1", new="one") == 1
    assert await models.Book.anewest() == "999"
    try:
        [name async for name in books.afails()]
    except LookupError as error:
        assert str(error) == "said"
    else:
        raise AssertionError
    print("awaited")


asyncio.run(main())
"""
MODELS = """\
from django.db import models

STEP = 1


def exchange(old, *, new):
    return Book.objects.filter(name=old).update(name=new)


class BookQuerySet(models.QuerySet):
    def total(self, step=STEP):
        return self.count() + step

    def names(self):
        for book in self.order_by("pk"):
            yield book.name

    def batches(self, chunk_size):
        return self.order_by("pk").iterator(chunk_size)

    def fails(self):
        yield self.first()
        raise LookupError("said")


class Book(models.Model):
    name = models.CharField(max_length=9)
    objects = BookQuerySet.as_manager()

    @classmethod
    def newest(cls):
        return cls.objects.order_by("-name").values_list("name", flat=True)[1]
"""


@pytest.mark.parametrize("placement", ["end", "below"])
def test_twins_do_what_their_sync_callables_do(project: Project, run: Run, placement: str) -> None:
    table = f'{TABLE}functions = ["exchange"]\nplacement = "{placement}"\n'
    files = {"pyproject.toml": table, "shop/__init__.py": "", "shop/models.py": MODELS}
    root = project({**files, "awaited.py": dedent(AWAITED)})
    assert run("build").exit_code == 0
    assert "asyncgen_runtime" not in (root / "shop/models.py").read_text()
    command = [sys.executable, "-W", "error::RuntimeWarning", "awaited.py"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout == "awaited\n", done.stderr
