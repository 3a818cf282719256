"""`asyncgen apply`: what it changes in people's own source, and that it changes nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

PYPROJECT = """\
[tool.asyncgen]
sources = ["shop/*.py"]
stubs = "none"

[tool.ruff.lint]
select = ["I"]
"""
METHOD = "\n    def total(self):\n        return self.count()\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A module before and after; METHOD is put in the place of each `...` line."""

    before: str
    after: str
    options: str = ""

    @staticmethod
    def text(source: str) -> str:
        return dedent(source).replace("    ...\n", METHOD.removeprefix("\n"))


HEADINGS = """\
[tool.ruff.lint.isort.import-heading]
third-party = "Django and others"
first-party = "The shop"
"""
CASES = {
    "below the heading of a section": Case(
        """\
        # Django and others
        from django.db import models

        # The shop
        # Where things are.
        from shop.shelves import SIZE


        class Books(models.QuerySet):
            size = SIZE

            ...
        """,
        """\
        # Django and others
        from django.db import models

        # The shop
        from shop.books_async import BooksAsync

        # Where things are.
        from shop.shelves import SIZE


        class Books(BooksAsync, models.QuerySet):
            size = SIZE

            ...
        """,
        options=HEADINGS,
    ),
    "with the heading of a section that was not there": Case(
        """\
        # Django and others
        from django.db import models


        class Books(models.QuerySet):
            ...
        """,
        """\
        # Django and others
        from django.db import models

        # The shop
        from shop.books_async import BooksAsync


        class Books(BooksAsync, models.QuerySet):
            ...
        """,
        options=HEADINGS,
    ),
    "a first import of the own package": Case(
        """\
        import os

        from django.db import models

        NAME = os.name


        class Books(models.QuerySet):
            ...
        """,
        """\
        import os

        from django.db import models

        from shop.books_async import BooksAsync

        NAME = os.name


        class Books(BooksAsync, models.QuerySet):
            ...
        """,
    ),
    "between the imports of the own package": Case(
        """\
        from django.db import models

        import shop
        from shop.authors import LIMIT
        from shop.shelves import SIZE

        USED = (shop, LIMIT, SIZE)


        class Books(models.QuerySet):
            ...
        """,
        """\
        from django.db import models

        import shop
        from shop.authors import LIMIT
        from shop.books_async import BooksAsync
        from shop.shelves import SIZE

        USED = (shop, LIMIT, SIZE)


        class Books(BooksAsync, models.QuerySet):
            ...
        """,
    ),
    "before the first import of the own package": Case(
        """\
        from django.db import models

        # Where things are.
        from shop.shelves import SIZE


        class Books(models.QuerySet):
            size = SIZE

            ...
        """,
        """\
        from django.db import models

        from shop.books_async import BooksAsync

        # Where things are.
        from shop.shelves import SIZE


        class Books(BooksAsync, models.QuerySet):
            size = SIZE

            ...
        """,
    ),
    "what is renamed has a statement of its own": Case(
        """\
        from django.db.models import Manager
        from django.db.models import QuerySet as Base

        from shop.books_async import BooksAsync as Twins


        class Books(Twins, Base):
            ...


        class BookManager(Manager):
            ...
        """,
        """\
        from django.db.models import Manager
        from django.db.models import QuerySet as Base

        from shop.books_async import BookManagerAsync
        from shop.books_async import BooksAsync as Twins


        class Books(Twins, Base):
            ...


        class BookManager(BookManagerAsync, Manager):
            ...
        """,
    ),
    "relative, like the other imports": Case(
        """\
        from django.db import models

        from . import authors
        from .shelves import SIZE

        USED = (authors, SIZE)


        class Books(models.QuerySet):
            ...
        """,
        """\
        from django.db import models

        from . import authors
        from .books_async import BooksAsync
        from .shelves import SIZE

        USED = (authors, SIZE)


        class Books(BooksAsync, models.QuerySet):
            ...
        """,
    ),
    "no import at all": Case(
        '''\
        """Books."""


        def quick():
            from django.db import models

            class Books(models.QuerySet):
                def total(self):
                    return self.count()

            return Books
        ''',
        '''\
        """Books."""

        from shop.books_async import BooksAsync


        def quick():
            from django.db import models

            class Books(BooksAsync, models.QuerySet):
                def total(self):
                    return self.count()

            return Books
        ''',
    ),
    "before what is imported for type checkers": Case(
        """\
        from __future__ import annotations

        from typing import TYPE_CHECKING

        from django.db import models

        if TYPE_CHECKING:
            from shop.shelves import Shelf


        class Books(models.QuerySet):
            shelf: Shelf

            ...
        """,
        """\
        from __future__ import annotations

        from typing import TYPE_CHECKING

        from django.db import models

        from shop.books_async import BooksAsync

        if TYPE_CHECKING:
            from shop.shelves import Shelf


        class Books(BooksAsync, models.QuerySet):
            shelf: Shelf

            ...
        """,
    ),
    "a name a line, in the manner of the file": Case(
        """\
        from django.db.models import Manager
        from django.db.models import QuerySet

        from shop.shelves import SIZE


        class Books(QuerySet):
            ...


        class BookManager(Manager):
            size = SIZE

            ...
        """,
        """\
        from django.db.models import Manager
        from django.db.models import QuerySet

        from shop.books_async import BookManagerAsync
        from shop.books_async import BooksAsync
        from shop.shelves import SIZE


        class Books(BooksAsync, QuerySet):
            ...


        class BookManager(BookManagerAsync, Manager):
            size = SIZE

            ...
        """,
        options="[tool.ruff.lint.isort]\nforce-single-line = true\n",
    ),
    "a statement that grows too long": Case(
        """\
        from django.db import models

        from shop.books_async import BooksInTheCatalogueAsync


        class BooksInTheCatalogue(BooksInTheCatalogueAsync, models.QuerySet):
            ...


        class BooksOnTheShelves(models.QuerySet):
            ...


        class Atlases(models.QuerySet):
            ...
        """,
        """\
        from django.db import models

        from shop.books_async import (
            AtlasesAsync,
            BooksInTheCatalogueAsync,
            BooksOnTheShelvesAsync,
        )


        class BooksInTheCatalogue(BooksInTheCatalogueAsync, models.QuerySet):
            ...


        class BooksOnTheShelves(BooksOnTheShelvesAsync, models.QuerySet):
            ...


        class Atlases(AtlasesAsync, models.QuerySet):
            ...
        """,
    ),
    "comments in an import and in a class statement": Case(
        """\
        from django.db import models

        from shop.books_async import (
            AtlasesAsync,  # maps
            NovelsAsync,  # no maps
        )


        class Atlases(AtlasesAsync, models.QuerySet):  # big
            ...


        class Novels(NovelsAsync, models.QuerySet):
            ...


        class Maps(
            # folded
            models.QuerySet,  # or not
        ):
            ...


        class Poems(models.QuerySet):  # short
            ...
        """,
        """\
        from django.db import models

        from shop.books_async import (
            AtlasesAsync,  # maps
            MapsAsync,
            NovelsAsync,  # no maps
            PoemsAsync,
        )


        class Atlases(AtlasesAsync, models.QuerySet):  # big
            ...


        class Novels(NovelsAsync, models.QuerySet):
            ...


        class Maps(
            # folded
            MapsAsync,
            models.QuerySet,  # or not
        ):
            ...


        class Poems(PoemsAsync, models.QuerySet):  # short
            ...
        """,
    ),
    "class statements that grow too long": Case(
        """\
        from django.db import models


        class BooksOfTheCatalogueThatAreNotInPrint(models.QuerySet["BookOfTheCatalogue"]):
            ...


        class BooksThatAreNotInPrint(
            BooksOfTheCatalogueThatAreNotInPrint, models.QuerySet["BookOfTheCatalogue"]
        ):
            ...


        class Books(
            models.QuerySet,
        ):
            ...
        """,
        """\
        from django.db import models

        from shop.books_async import (
            BooksAsync,
            BooksOfTheCatalogueThatAreNotInPrintAsync,
            BooksThatAreNotInPrintAsync,
        )


        class BooksOfTheCatalogueThatAreNotInPrint(
            BooksOfTheCatalogueThatAreNotInPrintAsync, models.QuerySet["BookOfTheCatalogue"]
        ):
            ...


        class BooksThatAreNotInPrint(
            BooksThatAreNotInPrintAsync,
            BooksOfTheCatalogueThatAreNotInPrint,
            models.QuerySet["BookOfTheCatalogue"],
        ):
            ...


        class Books(
            BooksAsync,
            models.QuerySet,
        ):
            ...
        """,
    ),
    "generic classes": Case(
        """\
        from typing import Generic, TypeVar

        from django.db import models

        M = TypeVar("M", bound=models.Model)
        N = TypeVar("N", bound=models.Model)


        class Owned(models.QuerySet[M]):
            ...


        class Two(models.QuerySet[N], Generic[M, N]):
            ...


        class Books(Owned["Book"]):
            ...
        """,
        """\
        from typing import Generic, TypeVar

        from django.db import models

        from shop.books_async import BooksAsync, OwnedAsync, TwoAsync

        M = TypeVar("M", bound=models.Model)
        N = TypeVar("N", bound=models.Model)


        class Owned(OwnedAsync[M], models.QuerySet[M]):
            ...


        class Two(TwoAsync[M, N], models.QuerySet[N], Generic[M, N]):
            ...


        class Books(BooksAsync, Owned["Book"]):
            ...
        """,
    ),
    "managers, models, and what has no base": Case(
        """\
        from django.db import models


        class Books(models.QuerySet):
            def total(self):
                return self.count()


        class BookManager(models.Manager.from_queryset(Books)):
            def create(self, **fields):
                return super().create(**fields)


        class Named(models.Model):
            name = models.CharField(max_length=9)

            class Meta:
                abstract = True

            def twin(self):
                return type(self).objects.get(name=self.name)


        class Book(Named):
            objects = BookManager()
            all_books = Books.as_manager()

            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)


        class Till:
            def take(self):
                return Book.objects.count()
        """,
        """\
        from django.db import models

        from shop.books_async import BookAsync, BookManagerAsync, BooksAsync, NamedAsync, TillAsync


        class Books(BooksAsync, models.QuerySet):
            def total(self):
                return self.count()


        class BookManager(BookManagerAsync, models.Manager.from_queryset(Books)):
            def create(self, **fields):
                return super().create(**fields)


        class Named(NamedAsync, models.Model):
            name = models.CharField(max_length=9)

            class Meta:
                abstract = True

            def twin(self):
                return type(self).objects.get(name=self.name)


        class Book(BookAsync, Named):
            objects = BookManager()
            all_books = Books.as_manager()

            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)


        class Till(TillAsync):
            def take(self):
                return Book.objects.count()
        """,
        options="[tool.ruff]\nline-length = 100\n[[tool.asyncgen.source]]\n"
        'sources = ["shop/books.py"]\nclasses = ["Till"]\n',
    ),
    "a base that wins over the mixin": Case(
        """\
        from django.db import models

        from shop.books_async import BookAsync


        class Book(models.Model, BookAsync):
            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)
        """,
        """\
        from django.db import models

        from shop.books_async import BookAsync


        class Book(BookAsync, models.Model):
            def save(self, *args, **kwargs):
                super().save(*args, **kwargs)
        """,
    ),
    "a class that has another name now, and one that has no twins any more": Case(
        """\
        from django.db import models

        from shop.books_async import BooksAsync, RestAsync
        from shop.shelves import SIZE


        class Novels(BooksAsync, models.QuerySet):
            ...


        class Rest(RestAsync, models.QuerySet):
            size = SIZE
        """,
        """\
        from django.db import models

        from shop.books_async import NovelsAsync
        from shop.shelves import SIZE


        class Novels(NovelsAsync, models.QuerySet):
            ...


        class Rest(models.QuerySet):
            size = SIZE
        """,
    ),
    "the last of a statement, and the last base": Case(
        """\
        from django.db import models

        # What is written.
        from shop.books_async import TillAsync
        from shop.shelves import SIZE


        class Till(TillAsync):
            size = SIZE


        # asyncgen: unwired
        class Rest(models.QuerySet):
            till = Till

            ...
        """,
        """\
        from django.db import models

        # What is written.
        from shop.shelves import SIZE


        class Till:
            size = SIZE


        # asyncgen: unwired
        class Rest(models.QuerySet):
            till = Till

            ...
        """,
    ),
}


def assert_tidy() -> None:
    """What isort and the formatter would make of the module is what it is."""
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "shop/books.py"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", CASES)
def test_the_classes_of_a_module_are_joined(name: str, project: Project, run: Run) -> None:
    case = CASES[name]
    root = project({"pyproject.toml": PYPROJECT + case.options, "shop/__init__.py": ""})
    source = root / "shop/books.py"
    source.write_text(case.text(case.before))
    assert_tidy()
    built = run("build")
    assert built.exit_code == 0, built.stderr
    assert run("apply").exit_code == 0
    assert source.read_text() == case.text(case.after)
    assert_tidy()
    assert run("check").exit_code == 0, "the twins are in sync, and every class is joined"
    assert "every class has what was written for it" in run("apply").stdout
    assert source.read_text() == case.text(case.after)


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PYPROJECT + HEADINGS},
        {"pyproject.toml": PYPROJECT + '[tool.isort]\nimport_heading_firstparty = "The shop"\n'},
        {".isort.cfg": "[settings]\nimport_heading_firstparty = The shop\n"},
        {"setup.cfg": "[isort]\nimport_heading_firstparty = The shop\n"},
    ],
    ids=lambda each: next(reversed(each)),
)
def test_a_heading_comes_and_goes_with_its_section(
    project: Project, run: Run, files: dict[str, str]
) -> None:
    root = project({"pyproject.toml": PYPROJECT, "shop/__init__.py": "", "shop/books.py": BOOKS})
    project(files)
    run("build")
    assert run("apply").exit_code == 0
    source = root / "shop/books.py"
    assert source.read_text() == JOINED.replace("from shop", "# The shop\nfrom shop")
    (root / "shop/rest.py").write_text(BOOKS)
    table = root / "pyproject.toml"
    table.write_text(table.read_text().replace("shop/*.py", "shop/rest.py"))
    assert run("build").exit_code == 0
    assert run("apply").exit_code == 0
    assert source.read_text() == BOOKS


# -- bytes ---------------------------------------------------------------------------------------

BOOKS = """\
from django.db import models


class Books(models.QuerySet):
    def total(self):
        return self.count()
"""
JOINED = BOOKS.replace("models.Q", "BooksAsync, models.Q").replace(
    "models\n\n\n", "models\n\nfrom shop.books_async import BooksAsync\n\n\n"
)


@pytest.mark.parametrize(
    ("prefix", "newline", "encoding"),
    [
        ("", "\r\n", "utf-8"),
        ("", "\n", "utf-8-sig"),
        ("# coding: latin-1\n# \u00fc\n", "\n", "latin-1"),
        ("#!/usr/bin/env python\n# Licence\n\n", "\n", "utf-8"),
        ('"""\u4e66 \f\t"""\n', "\n", "utf-8"),
    ],
)
def test_everything_else_stays_byte_for_byte(
    project: Project, run: Run, prefix: str, newline: str, encoding: str
) -> None:
    def data(text: str) -> bytes:
        return (prefix + text).replace("\n", newline).encode(encoding)

    root = project({"pyproject.toml": PYPROJECT, "shop/__init__.py": ""})
    source = root / "shop/books.py"
    source.write_bytes(data(BOOKS + "\n\nX = (1,  2)   # as it is\t\n"))
    run("build")
    assert run("apply").exit_code == 0
    assert source.read_bytes() == data(JOINED + "\n\nX = (1,  2)   # as it is\t\n")


def test_a_last_line_without_its_end_and_tabs_stay(project: Project, run: Run) -> None:
    root = project({"pyproject.toml": PYPROJECT, "shop/__init__.py": ""})
    source = root / "shop/books.py"
    source.write_text(BOOKS.replace("    ", "\t").removesuffix("\n"))
    run("build")
    assert run("apply").exit_code == 0
    assert source.read_text() == JOINED.replace("    ", "\t").removesuffix("\n")


def test_the_mode_and_a_symbolic_link_stay(project: Project, run: Run) -> None:
    root = project({"pyproject.toml": PYPROJECT, "shop/__init__.py": "", "kept/books.py": BOOKS})
    (root / "kept/books.py").chmod(0o640)
    (root / "shop/books.py").symlink_to("../kept/books.py")
    run("build")
    assert run("apply").exit_code == 0
    assert (root / "shop/books.py").is_symlink()
    assert (root / "kept/books.py").read_text() == JOINED
    assert (root / "kept/books.py").stat().st_mode & 0o777 == 0o640


# -- what is only shown, and what is refused -------------------------------------------------------

SHOP = {"pyproject.toml": PYPROJECT, "shop/__init__.py": "", "shop/books.py": BOOKS}


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".asyncgen_cache" not in path.parts
    }


def test_diff_and_check_write_nothing(project: Project, run: Run) -> None:
    root = project(SHOP)
    run("build")
    before = files(root)
    shown, checked = run("apply", "--diff"), run("apply", "--check")
    assert files(root) == before
    assert (shown.exit_code, checked.exit_code) == (1, 1)
    assert "+from shop.books_async import BooksAsync\n" in shown.stdout
    assert checked.stdout == "shop/books.py\n"
    run("apply")
    assert (run("apply", "--diff").exit_code, run("apply", "--check").exit_code) == (0, 0)


def test_nothing_is_joined_with_what_is_not_written_yet(project: Project, run: Run) -> None:
    root = project(SHOP)
    before = files(root)
    answer = run("apply")
    assert answer.exit_code == 1
    assert "shop/books_async.py is missing [AG501]\n  run `asyncgen build`" in answer.stderr
    assert files(root) == before


UNSAFE = {
    "the name is taken": (
        "from django.db import models\n\nBooksAsync = None\n\n\n"
        "class Books(models.QuerySet):\n    def total(self):\n        return self.count()\n",
        "the module has something else that is called BooksAsync; write "
        "`class Books(BooksAsync, models.QuerySet)`, with "
        "`from shop.books_async import BooksAsync`",
    ),
    "a base that cannot have another beside it": (
        "from typing import Protocol\n\nfrom shop import other\n\n\n"
        "class Books(Protocol):\n    def total(self):\n        return other.count()\n",
        "a class that inherits Protocol may not inherit a mixin; write `class Books(",
    ),
    "another base has the mixin": (
        "from django.db import models\n\nfrom shop.books_async import BookAsync\n\n\n"
        "class Saved(BookAsync):\n    pass\n\n\n"
        "class Book(models.Model, Saved):\n    def save(self, **kwargs):\n"
        "        super().save(**kwargs)\n",
        "another base of the class inherits BookAsync already",
    ),
    "what is stale is used elsewhere": (
        "from django.db import models\n\nfrom shop.books_async import GoneAsync\n\n\n"
        "# asyncgen: unwired\nclass Books(models.QuerySet):\n    gone = GoneAsync\n\n"
        "    def total(self):\n        return self.count()\n",
        "the name is used in other places, or imported in a block; take out GoneAsync",
    ),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_what_cannot_be_done_safely_is_named(project: Project, run: Run, name: str) -> None:
    source, said = UNSAFE[name]
    root = project({**SHOP, "shop/books.py": source, "shop/other.py": "import os\n"})
    if "Protocol" in source:
        (root / "pyproject.toml").write_text(
            PYPROJECT.replace('none"\n', 'none"\nclasses = ["*"]\nkinds = { total = "value" }\n')
        )
    built = run("build")
    assert built.exit_code == 0, built.stderr
    before = files(root)
    answer = run("apply")
    assert answer.exit_code == 1
    assert said in answer.stderr
    assert files(root) == before
