"""The bases of docs/how-to/adopting.md combine: at run time, and to type checkers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

QUERYSETS = """\
from __future__ import annotations

from typing import TYPE_CHECKING

{base_import}

from shop.querysets_async import BookQuerySetAsync

if TYPE_CHECKING:
    from shop.models import Book


class BookQuerySet(BookQuerySetAsync, {base}["Book"]):
    def total(self) -> int:
        return self.count()
"""
OWN = """\
from shop.managers_async import BookManagerAsync
{manager_import}


class BookManager(BookManagerAsync, {manager}):
    def best(self) -> int:
        return self.total() + 1
"""
MODELS = """\
from __future__ import annotations

from django.db import models

from {home} import {name}


class Book(models.Model):
    id: models.AutoField[int, int] = models.AutoField(primary_key=True)
    objects = {made}
"""
ASKED = """\
import inspect
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["shop"])
django.setup()
from shop.models import Book

for name in ("atotal", "aget", "alist", "abest"):
    for owner in (Book.objects.all(), Book.objects):
        found = getattr(owner, name, None)
        print("none" if found is None else "yes" if inspect.iscoroutinefunction(found) else "no")
"""
DJANGO = ("from django.db import models", "models.QuerySet")
OURS = ("from asyncgen_django import AsyncQuerySet", "AsyncQuerySet")
STATIC = ("shop.querysets_managers", "BookManager", "BookManager()")
OWN_ONE = ("shop.managers", "BookManager", "BookManager()")
# By queryset and manager: whether each of atotal, aget and alist is a coroutine function, of a
# queryset and of the manager; the last line is the manager's own abest.
CASES = {
    "Django's, as_manager": (
        DJANGO,
        ("shop.querysets", "BookQuerySet", "BookQuerySet.as_manager()"),
        "yes no yes no none none none none",
    ),
    "Django's, static": (DJANGO, STATIC, "yes yes yes no none none none none"),
    "Django's, own": (DJANGO, OWN_ONE, "yes yes yes no none none none yes"),
    "ours, static": (OURS, STATIC, "yes yes yes yes yes yes none none"),
    "ours, own": (OURS, OWN_ONE, "yes yes yes yes yes yes none yes"),
}
IMPORTS = {
    "by name": ("from shop.querysets_managers import BookManager as Base", "Base"),
    "by module": ("from shop import querysets_managers", "querysets_managers.BookManager"),
}
TYPED = """\
from typing import assert_type

from shop.models import Book
from shop.querysets import BookQuerySet


async def f() -> None:
    assert_type(await Book.objects.aget(pk=1), Book)
    assert_type(await Book.objects.atotal(), int)
    assert_type(await Book.objects.filter().atotal(), int)
    assert_type(Book.objects.filter(), BookQuerySet)
"""
MORE = {
    OURS: "    assert_type(await Book.objects.alist(), list[Book])\n"
    "    assert_type(await Book.objects.all().alist(), list[Book])\n",
    OWN_ONE: "    assert_type(await Book.objects.abest(), int)\n",
}


def shop(case: str, how: str = "by name") -> dict[str, str]:
    (base_import, base), manager, _ = CASES[case]
    home, name, made = manager
    manager_import, inherited = IMPORTS[how]
    files = {
        "pyproject.toml": '[tool.asyncgen]\nsources = ["shop/*s.py"]\n',
        "shop/__init__.py": "",
        "shop/querysets.py": QUERYSETS.format(base_import=base_import, base=base),
        "shop/models.py": MODELS.format(home=home, name=name, made=made),
    }
    if manager is OWN_ONE:
        own = OWN.format(manager_import=manager_import, manager=inherited)
        files["shop/managers.py"] = own
    return files


@pytest.mark.parametrize("how", IMPORTS)
@pytest.mark.parametrize("case", CASES)
def test_what_is_a_coroutine_function(project: Project, run: Run, case: str, how: str) -> None:
    root = project(shop(case, how))
    built = run("build")
    assert built.exit_code == 0
    assert not built.stderr, "no base is unknown"
    checked = run("check")
    assert checked.exit_code == 0, checked.stderr
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == CASES[case][2].split(), done.stderr


@pytest.mark.parametrize("case", [each for each in CASES if "as_manager" not in each])
def test_type_checkers_follow(project: Project, run: Run, case: str) -> None:
    root = project(shop(case))
    assert run("build").exit_code == 0
    queryset, manager, _ = CASES[case]
    (root / "uses.py").write_text(TYPED + MORE.get(queryset, "") + MORE.get(manager, ""))
    mypy = [sys.executable, "-m", "mypy", "--strict", "uses.py"]
    done = subprocess.run(mypy, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


WAYS = '''\
from django.db import models

asked = []


class BookQuerySet(models.QuerySet):
    def total(self):
        return self.count()

    def get(self, *args, **kwargs):
        asked.append(self.model.__name__)
        return super().get(*args, **kwargs)


class OwnManager(models.Manager):
    def get_queryset(self):
        return BookQuerySet(self.model, using=self._db)

    def total(self):
        return self.get_queryset().total()


class MixedManager(models.Manager.from_queryset(BookQuerySet)):
    pass


FlatManager = models.Manager.from_queryset(BookQuerySet)


class Own(models.Model):
    objects = OwnManager()


class Mixed(models.Model):
    objects = MixedManager()


class Flat(models.Model):
    objects = FlatManager()


class Copied(models.Model):
    objects = BookQuerySet.as_manager()


class Plain(models.Model):
    """With Django's own manager."""
'''
AWAITED = """\
import asyncio
import inspect
import sys

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["shop", *sys.argv[1:]],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "books.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()
from django.core.management import call_command
from shop import models

call_command("migrate", run_syncdb=True, verbosity=0)
OURS = (models.Own, models.Mixed, models.Flat, models.Copied)


async def main():
    for model in (*OURS, models.Plain):
        made = await model.objects.acreate()
        assert await model.objects.aget() == made
        marks = [inspect.iscoroutinefunction(model.objects.aget)]
        if model in OURS:
            assert models.asked.pop() == model.__name__, "the override was run"
            assert await model.objects.atotal() == await model.objects.filter().atotal() == 1
            assert inspect.iscoroutinefunction(model.objects.filter().atotal)
            marks.append(inspect.iscoroutinefunction(model.objects.atotal))
        print(model.__name__, *("yes" if each else "no" for each in marks))


asyncio.run(main())
"""
# Whether aget and atotal are coroutine functions; they are awaited all the same.
MARKED = {
    (): ["Own no yes", "Mixed no yes", "Flat no no", "Copied no no", "Plain no"],
    ("asyncgen_django.everywhere",): [
        *("Own yes yes", "Mixed yes yes", "Flat yes yes", "Copied yes yes"),
        "Plain yes",
    ],
}


@pytest.mark.parametrize("apps", MARKED, ids=["the mixins alone", "everywhere"])
def test_init_build_and_apply_lose_no_twin_of_any_manager(
    project: Project, run: Run, apps: tuple[str, ...]
) -> None:
    root = project({"shop/__init__.py": "", "shop/models.py": WAYS, "awaited.py": AWAITED})
    for verb in ("init", "build", "apply", "check"):
        done = run(verb)
        assert done.exit_code == 0, done.output
    finished = subprocess.run(
        [sys.executable, "awaited.py", *apps], cwd=root, capture_output=True, text=True, check=False
    )
    assert finished.stdout.splitlines() == MARKED[apps], finished.stderr
