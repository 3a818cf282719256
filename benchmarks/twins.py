"""Twins beside Django's own methods: `python benchmarks/twins.py [rows]`.

One model with two managers, Django's and AsyncManager, in one table, on SQLite and on PostgreSQL
where it answers (ASYNCGEN_POSTGRES_HOST, …_PORT, …_USER and …_PASSWORD say where). The two take
turns, call by call, so that a busy machine slows both. Medians are printed, of the ratios with
their intervals of 95 % confidence, and the hops to the worker thread.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from hops import count_hops, exhaust
from measure import ROOT, Cost, Ratio, table

FEW = 100  # rows of the table that single calls are measured on

Queryset = Any  # with Django's twins or with ours: no type has both


@dataclass(frozen=True)
class Case:
    """Something that is awaited `times` in a row on one queryset, `pairs` times by each side."""

    name: str
    call: Callable[[Queryset], Awaitable[object]]
    pairs: int
    times: int = 1
    rows: Callable[[Queryset], Queryset] = lambda rows: rows
    is_filled: bool = False  # whether the result cache is, beforehand
    is_large: bool = False  # so that one side's garbage would be collected while the other runs


def calls() -> list[Case]:
    """The methods that reach the database once, then those that need not."""

    def every(rows: Queryset) -> Awaitable[object]:
        return exhaust(aiter(rows))

    single: dict[str, Callable[[Queryset], Awaitable[object]]] = {
        "aget": lambda rows: rows.aget(number=7),
        "afirst": lambda rows: rows.afirst(),
        "alast": lambda rows: rows.alast(),
        "aexists": lambda rows: rows.aexists(),
        "acount": lambda rows: rows.acount(),
        "ain_bulk": lambda rows: rows.ain_bulk([1, 2, 3]),
        "aget_or_create": lambda rows: rows.aget_or_create(number=7),
        "aupdate": lambda rows: rows.filter(number=7).aupdate(name="seven"),
        "acreate": lambda rows: rows.acreate(name="new", number=1_000_000),
    }
    cached = {"acount": single["acount"], "aexists": single["aexists"], "async for": every}
    return [
        *(Case(name, call, 2000) for name, call in single.items()),
        *(
            Case(f"{name}, cache filled", call, 50, 20, is_filled=True)
            for name, call in cached.items()
        ),
    ]


def iterations() -> list[Case]:
    """All rows: `async for` reads them at once, aiterator() in chunks."""

    def at_once(rows: Queryset) -> Awaitable[object]:
        return exhaust(aiter(rows.all()))

    def in_chunks(rows: Queryset) -> Awaitable[object]:
        return exhaust(rows.aiterator())

    # name and number of a row are read; of instances there are fewer pairs, for they take longer.
    shapes: dict[str, tuple[int, Callable[[Queryset], Queryset]]] = {
        "instances": (25, lambda rows: rows),
        "values": (75, lambda rows: rows.values("name", "number")),
        "values_list": (75, lambda rows: rows.values_list("name", "number")),
        "values_list, flat": (75, lambda rows: rows.values_list("number", flat=True)),
        "values_list, named": (50, lambda rows: rows.values_list("name", "number", named=True)),
    }
    return [
        Case(f"{how}, {name}", call, pairs, rows=shape, is_large=True)
        for how, call in (("async for", at_once), ("aiterator()", in_chunks))
        for name, (pairs, shape) in shapes.items()
    ]


def configure(folder: Path) -> list[str]:
    """Set up Django; the aliases of the databases that answer."""
    sys.path.insert(0, str(ROOT))
    # Django's aiterator() after values_list() queries on the loop's thread: it raises otherwise.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    os.environ["ASYNCGEN_TEST_DATABASE"] = "postgres"
    import django
    from django.conf import settings
    from django.db import OperationalError, connections

    from tests.testproject.settings import DATABASES

    sqlite = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": folder / "benchmark.sqlite3",
        "TEST": {"NAME": str(folder / "benchmark.sqlite3")},
    }
    postgres = DATABASES["default"]
    settings.configure(
        DATABASES={"default": sqlite, "postgres": postgres},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    try:
        connections["postgres"].ensure_connection()
    except OperationalError:
        return ["default"]
    return ["default", "postgres"]


def models() -> tuple[Any, Any]:
    """A model for single calls and one for iteration."""
    from asyncgen_django import AsyncManager
    from django.db import models

    class Row(models.Model):
        name = models.CharField(max_length=50)
        number = models.IntegerField(db_index=True)

        objects = models.Manager()
        twins = AsyncManager()

        class Meta:
            app_label = "benchmark"
            abstract = True

    class Few(Row):
        pass

    class Many(Row):
        pass

    return Few, Many


def fill(model: Any, alias: str, rows: int) -> None:
    from django.db import connections

    with connections[alias].schema_editor() as editor:
        editor.create_model(model)
    model.objects.using(alias).bulk_create(
        [model(name=f"name {number}", number=number) for number in range(rows)], batch_size=5000
    )


async def measured(case: Case, model: Any, alias: str, hops: list[object]) -> list[str]:
    """A row of the table."""
    sides = {
        name: case.rows(manager.using(alias))
        for name, manager in (("Django", model.objects), ("twin", model.twins))
    }
    for queryset in sides.values():
        if case.is_filled:
            await exhaust(aiter(queryset))
        await case.call(queryset)  # warms up
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    counts: dict[str, int] = {}
    for number in range(case.pairs):
        for name in sorted(sides, reverse=bool(number % 2)):
            hops.clear()
            if case.is_large:
                gc.collect()
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(case.times):
                await case.call(sides[name])
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            costs[name].append(Cost(cpu / case.times, wall / case.times))
            counts[name] = len(hops) // case.times
    django, twin = Cost.median(costs["Django"]), Cost.median(costs["twin"])
    pairs = list(zip(costs["twin"], costs["Django"], strict=True))
    return [
        case.name,
        str(Ratio.of_pairs([(ours.cpu, theirs.cpu) for ours, theirs in pairs])),
        str(Ratio.of_pairs([(ours.wall, theirs.wall) for ours, theirs in pairs])),
        _time(django.wall),
        _time(twin.wall),
        str(counts["Django"]),
        str(counts["twin"]),
    ]


def _time(seconds: float) -> str:
    if seconds > 0.01:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds * 1e6:.{0 if seconds > 1e-5 else 1}f} µs"


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        aliases = configure(Path(folder))
        few, many = models()
        hops = count_hops()
        from django.db import connections

        for alias in aliases:
            creation = connections[alias].creation
            name = connections[alias].settings_dict["NAME"]
            creation.create_test_db(verbosity=0, serialize=False, autoclobber=True)
            try:
                fill(few, alias, FEW)
                fill(many, alias, rows)
                print(f"{connections[alias].display_name}\n", flush=True)
                print(asyncio.run(report(few, many, alias, hops)), end="\n\n")
            finally:
                connections[alias].close()
                creation.destroy_test_db(str(name), verbosity=0)


async def report(few: Any, many: Any, alias: str, hops: list[object]) -> str:
    from django.db import connections

    rows = [await measured(case, few, alias, hops) for case in calls()]
    rows += [await measured(case, many, alias, hops) for case in iterations()]
    connections.close_all()  # the loop's thread has one as well, then
    await sync_to_async(connections.close_all)()
    head = ["twin to Django", "CPU", "wall", "Django", "twin", "hops, Django", "hops, twin"]
    return table(head, rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
