"""Reading one chunk ahead while the consumer works: `python benchmarks/read_ahead.py [rows]`.

Needs Django; uses SQLite in a temporary file. Consumers spend their time computing, waiting (as for
another server) or with queries of their own. With and without reading ahead take turns; medians are
printed, of the ratios with the interval of 95 % confidence.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import django
from asgiref.sync import sync_to_async
from asyncgen_runtime import iterator_to_async
from django.conf import settings
from measure import Ratio, table

PAIRS = 15


def configure(directory: str) -> Any:
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(directory, "benchmark.sqlite3"),
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
    from django.db import connection, models

    class Row(models.Model):
        name = models.CharField(max_length=50)
        number = models.IntegerField()

        class Meta:
            app_label = "benchmark"

    with connection.schema_editor() as editor:
        editor.create_model(Row)
    return Row


def consumers(model: Any) -> dict[str, Callable[[Any], Awaitable[None]]]:
    """What is done with each row, by what it is to the worker thread."""

    async def wait(row: Any) -> None:
        if row.pk % 1000 == 0:
            await asyncio.sleep(0.004)

    async def compute(row: Any) -> None:
        sum(range(40))

    async def query(row: Any) -> None:
        if row.pk % 1000 == 0:
            await model.objects.aget(pk=row.pk)

    return {
        "awaits something elsewhere": wait,
        "computes": compute,
        "queries the same database": query,
    }


async def iterating(model: Any, work: Callable[[Any], Awaitable[None]], ahead: bool) -> float:
    """Seconds for all rows."""
    start = time.perf_counter()
    async for row in iterator_to_async(model.objects.all().iterator, read_ahead=ahead)():
        await work(row)
    return time.perf_counter() - start


async def report(model: Any) -> str:
    from django.db import connections

    rows = []
    for name, work in consumers(model).items():
        pairs = []
        for number in range(PAIRS):
            took = {
                ahead: await iterating(model, work, ahead)
                for ahead in sorted((False, True), reverse=bool(number % 2))
            }
            pairs.append((took[True], took[False]))
        rows.append([name, str(Ratio.of_pairs(pairs))])
    await sync_to_async(connections.close_all)()
    return table(["the consumer", "ahead to not"], rows)


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        model = configure(directory)
        model.objects.bulk_create(
            [model(name=f"name {n}", number=n) for n in range(rows)], batch_size=5000
        )
        print(asyncio.run(report(model)))
        from django.db import connections

        connections.close_all()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
