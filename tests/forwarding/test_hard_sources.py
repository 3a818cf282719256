"""Sources of the kinds that once went wrong: each is built, imported with the real Django and the
real runtime, and its twins give what the sync callables give, on SQLite.

A case has the files of the package `shop`, and the body of a coroutine that asserts; in it `wrong`
collects what is not as it should be, and `same` compares a twin with its sync callable.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

import pytest

from tests.support.building import build

MODELS = """\
from django.db import models
from shop.rows import Rows as Plain
from shop.rows_async import RowsAsync

class Rows(RowsAsync, Plain): ...

class Book(models.Model):
    title = models.CharField(max_length=9, default="a")
    objects = Rows.as_manager()
"""
SCRIPT = '''\
import asyncio, sys
from pathlib import Path
from django.conf import settings
settings.configure(
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3",
                           "NAME": str(Path(__file__).with_name("database.sqlite3"))}}}},
    INSTALLED_APPS=["shop"], DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
import django
django.setup()
from asgiref.sync import sync_to_async
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from shop.models import Book
Book.objects.create()
wrong = []


async def outcome(function, args, kwargs):
    try:
        found = function(*args, **kwargs)
        if hasattr(found, "__aiter__"):
            return [each async for each in found]
        return await found if hasattr(found, "__await__") else found
    except Exception as error:
        return repr(error)


async def same(holder, name, *args, twins=None, **kwargs):
    """The twin gives what the sync callable gives."""
    def run():
        found = getattr(holder, name)(*args, **kwargs)
        return list(found) if hasattr(found, "__next__") else found
    expected = await outcome(sync_to_async(run), (), {{}})
    twin = getattr(twins or holder, f"a{{name}}", None)
    if twin is None:
        wrong.append(f"{{name}} has no twin")
        return
    found = await outcome(twin, args, kwargs)
    if found != expected:
        wrong.append(f"a{{name}}: {{found}}, not {{expected}}")


async def main():
    rows = Book.objects.all()
{body}

asyncio.run(main())
assert not wrong, "\\n".join(wrong)
'''


@dataclass(frozen=True)
class Case:
    """`rows` is the module of the queryset class `Rows`, `files` are more of the package; the
    functions of the modules that `sources` names have twins, too."""

    body: str
    rows: str = "from django.db import models\nclass Rows(models.QuerySet): ...\n"
    files: dict[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    functions: str = ""
    open: str = ""


CASES = {
    "parameters of two underscores": Case(
        rows="""
        from django.db import models

        class Rows(models.QuerySet):
            def above(self, __minimum, __maximum=9):
                return self.count(), __minimum, __maximum

            def keyed(self, *, __extra=1):
                return self.count() + __extra

            def computed(self, first=[], __second=2):
                return self.count(), first, __second

            @classmethod
            def built(cls, __rating):
                return cls.__mro__[0].__name__, open("/dev/null").read(), __rating

            @staticmethod
            def parsed(__text):
                return open("/dev/null").read() + __text

            def each(self, __least=0):
                for row in self.filter(pk__gte=__least):
                    yield row.pk

            def dunder(self, __both__=3, _one=4):
                return self.count(), __both__, _one
        """,
        body="""
        await same(rows, "above", 1)
        await same(rows, "above", 1, 2)
        await same(rows, "keyed")
        await same(rows, "keyed", _Rows__extra=5)
        await same(rows, "above", 1, _Rows__maximum=5)
        await same(rows, "computed")
        await same(rows, "computed", _Rows__second=3)
        await same(rows, "built", 4)
        await same(rows, "parsed", "x")
        await same(rows, "each", 1)
        await same(rows, "dunder", __both__=1, _one=2)
        """,
    ),
    "methods that are assigned": Case(
        rows="""
        from django.db import models

        from functools import partialmethod

        def above(self, rating):
            return self.filter(pk__gte=rating).count()

        def made(step):
            def inner(self, start):
                return self.count(), start + step
            return inner

        class Other(models.QuerySet):
            def borrowed(self, value):
                return self.count(), value

        class Rows(models.QuerySet):
            def of_kind(self, kind, extra=0):
                return self.count(), kind, extra

            papers = partialmethod(of_kind, "paper")
            disks = partialmethod(of_kind, kind="disk", extra=1)
            above = above
            doubled = lambda self: self.count() * 2
            alias = of_kind
            borrowed = Other.borrowed
        """,
        body="""
        await same(rows, "papers", 2)
        await same(rows, "papers", extra=2)
        await same(rows, "disks")
        await same(rows, "above", 1)
        await same(rows, "doubled")
        await same(rows, "alias", "a", extra=2)
        await same(rows, "borrowed", 3)
        """,
    ),
    "a default that is computed": Case(
        rows="""
        from django.db import models

        import uuid
        from shop.registry import registered, HERE
        try:
            from nowhere import AT_MOST
        except ImportError:
            from shop.registry import HERE as AT_MOST
        SIZE = 3

        class Rows(models.QuerySet):
            def stamped(self, key=uuid.uuid4()):
                return self.count(), key

            def handled(self, handler=registered("books"), *, again=registered("again")):
                return self.count(), handler, again

            def gathered(self, into=[]):
                into.append(self.count())
                return list(into)

            def limited(self, limit=AT_MOST):
                return self.count(), limit

            def named(self, name=__name__, here=HERE):
                return self.count(), name, here

            def each(self, chunk_size=SIZE):
                for row in self.all():
                    yield row.pk, chunk_size
        """,
        files={
            "registry.py": """
            SEEN = []
            HERE = object()

            def registered(name):
                SEEN.append(name)
                return object()
            """
        },
        body="""
        from shop import registry
        await same(rows, "stamped")
        await same(rows, "limited")
        await same(rows, "limited", 1)
        await same(rows, "handled")
        await same(rows, "handled", again=1)
        await same(rows, "named")
        await same(rows, "each")
        await same(rows, "each", 1)
        assert registry.SEEN == ["books", "again"], registry.SEEN
        first = await rows.agathered()
        second = await sync_to_async(rows.gathered)()
        assert (first, second) == ([1], [1, 1]), (first, second)
        """,
    ),
    "a parameter named like its module": Case(
        sources=("orders", "owner"),
        functions="'*'",
        files={
            "orders.py": """
            from django.db import transaction

            @transaction.atomic
            def close(orders):
                return [type(orders).__name__, type(shop).__name__, len(orders)]

            @transaction.atomic
            def kind_of(orders=None, shop=1, *, asgiref=2):
                return type(orders).__name__, shop, asgiref

            import shop
            """,
            "owner.py": """
            from django.db import transaction

            def each(owner, sync_to_async=1, iterator_to_async=2):
                with transaction.atomic():
                    yield owner, sync_to_async, iterator_to_async

            @transaction.atomic
            def called(call, _given=1, *, func=3):
                return call, _given, func
            """,
        },
        body="""
        from shop import orders, orders_async, owner, owner_async
        await same(orders, "close", [1], twins=orders_async)
        await same(orders, "kind_of", [1], 2, asgiref=3, twins=orders_async)
        await same(orders, "kind_of", shop=2, twins=orders_async)
        await same(owner, "each", 1, 2, 3, twins=owner_async)
        await same(owner, "called", 1, 2, func=3, twins=owner_async)
        """,
    ),
    "a function that its package exports": Case(
        sources=("services/place_order", "tools"),
        functions="'*'",
        files={
            "services/__init__.py": """
            from shop.services.place_order import place_order
            """,
            "services/place_order.py": """
            from django.db import transaction

            @transaction.atomic
            def place_order(title):
                return title
            """,
            "tools.py": """
            from django.db import transaction

            @transaction.atomic
            def tools(value):
                return value

            @transaction.atomic
            def shop(value):
                return value
            """,
        },
        body="""
        from importlib import import_module
        from shop import tools, tools_async
        place_order = import_module("shop.services.place_order")
        twins = import_module("shop.services.place_order_async")
        await same(place_order, "place_order", "a", twins=twins)
        await same(tools, "tools", 1, twins=tools_async)
        await same(tools, "shop", 2, twins=tools_async)
        place_order.place_order = lambda title: "patched"
        found = await twins.aplace_order("a")
        assert found == "patched", found
        """,
    ),
    "decorators that change the call": Case(
        rows="""
        from django.db import models

        from functools import lru_cache, singledispatchmethod, cache
        from shop.tools import injecting, renaming, starred
        CALLS = []

        class Rows(models.QuerySet):
            @starred
            def by_star(self, n):
                return self.count(), n

            @injecting
            def by_injection(self, user, n):
                return self.count(), user, n

            @renaming
            def by_other_name(self, n):
                return self.count(), n

            @lru_cache
            def by_cache(self, n, m="a"):
                CALLS.append(n)
                return self.count(), n, m

            @singledispatchmethod
            def by_type(self, value, more=1):
                return self.count(), value, more

            @by_type.register
            def _(self, value: int, more=2):
                return self.count(), "int", value, more
        """,
        files={
            "tools.py": """
            import functools

            def starred(func):
                @functools.wraps(func)
                def inner(self, *args):
                    return func(self, *args)
                return inner

            def injecting(func):
                @functools.wraps(func)
                def inner(self, *args, **kwargs):
                    return func(self, "injected", *args, **kwargs)
                return inner

            def renaming(func):
                def inner(self, value):
                    return func(self, value)
                return inner
            """
        },
        body="""
        from shop import rows as module
        for name in ("by_star", "by_injection", "by_other_name", "by_cache"):
            await same(rows, name, 1)
        await same(rows, "by_cache", 1)
        await same(rows, "by_cache", 1, m="b")
        await same(rows, "by_cache", n=3)
        await same(rows, "by_cache", 3)
        assert len(module.CALLS) == 4, f"computed {len(module.CALLS)} times"
        await same(rows, "by_type", "a")
        await same(rows, "by_type", 5)
        await same(rows, "by_type", 5, more=3)
        await same(rows, "by_injection", n=1)
        await same(rows, "by_other_name", value=1)
        """,
    ),
    "types that are asked for at run time": Case(
        sources=("services",),
        functions="'*'",
        rows="""
        from __future__ import annotations

        from collections.abc import Iterator, Mapping
        from datetime import date
        from typing import TYPE_CHECKING
        from django.db import models
        from django.db.models import Q

        if TYPE_CHECKING:
            from typing import NotYet
            from shop.models import Book

        try:
            from typing import Newer
        except ImportError:
            Newer = object

        class Rows(models.QuerySet):
            def total(self, of: Q | None, since: date, by: Mapping[str, int] = {}) -> int:
                return self.count()

            def latest_of(self, book: Book, since: date) -> Book | None:
                return self.last()

            def days(self) -> Iterator[date]:
                yield from ()

            def newer(self, one: Newer, two: NotYet, three: int) -> None:
                self.delete()

            def kept(self, book: "Book", rows: "Rows", into: list[int] = []) -> "Rows":
                return self.count() and self
        """,
        files={
            "services.py": """
            from django.db import transaction
            from shop.models import Book

            @transaction.atomic
            def close(book: Book, times: int) -> Book:
                return book
            """
        },
        body="""
        from collections.abc import AsyncIterator, Mapping
        from datetime import date
        from inspect import signature
        from typing import get_type_hints
        from django.db.models import Q
        from shop.rows_async import RowsAsync
        from shop.services_async import aclose
        hints = {"of": Q | None, "since": date, "by": Mapping[str, int], "return": int}
        assert get_type_hints(RowsAsync.atotal) == hints, get_type_hints(RowsAsync.atotal)
        assert get_type_hints(RowsAsync.adays) == {"return": AsyncIterator[date]}
        # Of what would be a cycle the stub alone tells.
        assert get_type_hints(RowsAsync.alatest_of) == {"since": date}
        assert get_type_hints(RowsAsync.anewer) == {"three": int, "return": type(None)}
        assert get_type_hints(RowsAsync.akept) == {"into": list[int]}
        assert get_type_hints(aclose) == {"times": int}
        for twin in (*(f for n, f in vars(RowsAsync).items() if n[:2] != "__"), aclose):
            signature(twin, eval_str=True)
        """,
    ),
    "classes in a model": Case(
        sources=("models",),
        files={
            "models.py": """
            from django.db import models

            class Book(models.Model):
                title = models.CharField(max_length=9, default="a")

                class Rows(models.QuerySet):
                    def total(self):
                        return self.count()

                class Manager(models.Manager):
                    def longest(self, least=0):
                        return max(self.values_list("title", flat=True), key=len), least

                objects = Manager.from_queryset(Rows)()

            class Shelf(models.Model):
                class Rows(models.QuerySet):
                    def widest(self, of):
                        return self.count(), of

                objects = Rows.as_manager()
            """
        },
        body="""
        from shop import models_async
        names = [each for each in vars(models_async) if each.endswith("Async")]
        found = {twin for each in names for twin in vars(getattr(models_async, each))}
        missing = {"atotal", "alongest", "awidest"} - found
        assert not missing, missing
        """,
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(reason=case.open)) if case.open else name
        for name, case in CASES.items()
    ],
)
def test_twins_give_what_the_sync_callables_give(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    files = {"rows.py": case.rows, "models.py": MODELS, "__init__.py": "", **case.files}
    for path, text in files.items():
        (tmp_path / "shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / path).write_text(dedent(text), encoding="utf-8")
    sources = [f"shop/{each}.py" for each in ("rows", *case.sources)]
    (tmp_path / "pyproject.toml").write_text(
        f"[tool.asyncgen]\nsources = {sources}\nfunctions = [{case.functions}]\n", encoding="utf-8"
    )
    build(tmp_path / "pyproject.toml", warnings=True).write()
    if not (tmp_path / "shop/rows_async.py").exists():  # nothing in it has a twin
        (tmp_path / "shop/rows_async.py").write_text("class RowsAsync: ...\n", encoding="utf-8")
    script = tmp_path / "run.py"
    script.write_text(SCRIPT.format(body=indent(dedent(case.body), "    ")), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
