"""What aatomic() costs beside a sync transaction: `python benchmarks/transactions.py [pairs]`.

The same transaction, which reads a row, changes it and writes another, as sync code in one hop to
the worker thread, and in async blocks: `one hop` sends the three queries in one, `twins` awaits
three. `three hops` is the sync transaction between two hops that do nothing: what the two ends of a
block cost at least, where each is a hop by asgiref. On SQLite, and on PostgreSQL where it answers
(as for twins.py). They take turns; median ratios are printed, with the interval of 95 % confidence.
CPU is that of all threads of this process, a server's not included.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from measure import Cost, Ratio, table
from twins import configure

Work = Callable[[], Awaitable[object]]
NAMES = {"default": "SQLite", "postgres": "PostgreSQL"}


def transactions(model: Any, using: str) -> dict[str, Work]:
    """The sync transaction in one hop, and what is compared to it."""
    from asyncgen_runtime.transaction import aatomic
    from django.db import transaction

    rows = model.objects.using(using)

    def queries() -> None:
        row = rows.get(number=1)
        rows.filter(pk=row.pk).update(name="changed")
        rows.create(name="new", number=2)

    sync = transaction.atomic(using)(queries)

    def nothing() -> None:
        pass

    async def three_hops() -> None:
        await sync_to_async(nothing)()
        await sync_to_async(sync)()
        await sync_to_async(nothing)()

    async def one_hop() -> None:
        async with aatomic(using):
            await sync_to_async(queries)()

    async def twins() -> None:
        async with aatomic(using):
            row = await rows.aget(number=1)
            await rows.filter(pk=row.pk).aupdate(name="changed")
            await rows.acreate(name="new", number=2)

    return {
        "sync": sync_to_async(sync),
        "three hops": three_hops,
        "aatomic(), one hop": one_hop,
        "aatomic(), twins": twins,
    }


async def cost_of(work: Work) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    await work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall)


async def report(model: Any, using: str, pairs: int) -> list[list[str]]:
    works = transactions(model, using)
    await model.objects.using(using).acreate(name="one", number=1)
    took: dict[str, list[Cost]] = {name: [] for name in works}
    names = list(works)
    for number in range(pairs + 10):
        for offset in range(len(names)):
            name = names[(number + offset) % len(names)]
            cost = await cost_of(works[name])
            if number >= 10:  # Before that connections are opened.
                took[name].append(cost)
    rows = []
    for name in names[1:]:
        pairs_of = list(zip(took[name], took["sync"], strict=True))
        cpu = Ratio.of_pairs([(one.cpu, other.cpu) for one, other in pairs_of])
        wall = Ratio.of_pairs([(one.wall, other.wall) for one, other in pairs_of])
        rows.append([NAMES[using], name, str(cpu), str(wall)])
    return rows


def main(pairs: int) -> None:
    from asyncgen_runtime.test import aclose_connections

    with tempfile.TemporaryDirectory() as folder:
        aliases = configure(Path(folder))
        from django.db import connections, models
        from django.test.utils import setup_databases, teardown_databases

        class Row(models.Model):
            name = models.CharField(max_length=50)
            number = models.IntegerField(db_index=True)

            class Meta:
                app_label = "benchmark"

        old = setup_databases(verbosity=0, interactive=False, aliases=aliases)
        try:
            found = []
            for alias in aliases:
                with connections[alias].schema_editor() as editor:
                    editor.create_model(Row)

            async def measured() -> None:
                for alias in aliases:
                    found.extend(await report(Row, alias, pairs))
                await aclose_connections()

            asyncio.run(measured())
            print(table(["database", "transaction", "CPU, to a sync one", "wall"], found))
        finally:
            connections.close_all()
            teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
