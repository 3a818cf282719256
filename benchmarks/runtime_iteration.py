"""Chunked iteration beside Django's own: `python benchmarks/runtime_iteration.py [rows]`.

Needs Django; uses SQLite in a temporary file. Variants take turns, so that a busy machine slows
all of them; the median is printed, with the number of hops to the worker thread.

The second table is about reading one chunk ahead while the consumer works. Its consumers spend
their time computing, waiting (as for another server) or with queries of their own.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import django
from asgiref.sync import SyncToAsync, sync_to_async
from asyncgen_runtime import iterator_to_async
from asyncgen_runtime.iteration import DEFAULT_CHUNK_SIZE
from django.conf import settings

ROUNDS = 7


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


async def exhaust(rows: AsyncIterator[Any]) -> int:
    count = 0
    async for _ in rows:
        count += 1
    return count


async def measure(variants: dict[str, Callable[[], Awaitable[object]]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, variant in variants.items():
            start = time.perf_counter()
            await variant()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def count_hops() -> list[object]:
    sent: list[object] = []
    executor = SyncToAsync.single_thread_executor
    submit = executor.submit

    def counting(func: Callable[..., Any], *args: object) -> Any:
        sent.append(func)
        return submit(func, *args)

    executor.submit = counting  # type: ignore[method-assign]
    return sent


async def beside_django(model: Any, hops: list[object]) -> None:
    def ours(queryset: Any) -> AsyncIterator[Any]:
        return iterator_to_async(queryset.iterator, call_now=True)(chunk_size=DEFAULT_CHUNK_SIZE)

    instances, values = model.objects.all(), model.objects.values("name", "number")
    lists = model.objects.values_list("name", "number")
    variants: dict[str, Callable[[], Awaitable[object]]] = {
        "instances, Django": lambda: exhaust(instances.aiterator()),
        "instances, twin": lambda: exhaust(ours(instances)),
        "values, Django": lambda: exhaust(values.aiterator()),
        "values, twin": lambda: exhaust(ours(values)),
        # Django raises SynchronousOnlyOperation for values_list().aiterator().
        "values_list, Django's async for": lambda: exhaust(aiter(lists.all())),
        "values_list, twin": lambda: exhaust(ours(lists)),
    }
    medians = await measure(variants)
    for name, variant in variants.items():
        hops.clear()
        await variant()
        print(f"{name:34} {medians[name] * 1e3:8.1f} ms {len(hops):4} hops")


async def reading_ahead(model: Any) -> None:
    async def compute(row: Any) -> None:
        sum(range(40))

    async def wait(row: Any) -> None:
        if row.pk % 1000 == 0:
            await asyncio.sleep(0.004)

    async def query(row: Any) -> None:
        if row.pk % 1000 == 0:
            await model.objects.aget(pk=row.pk)

    async def consume(rows: AsyncIterator[Any], work: Callable[[Any], Awaitable[None]]) -> None:
        async for row in rows:
            await work(row)

    func = model.objects.all().iterator
    for work in (compute, wait, query):

        def variant(iterate: Any, work: Any = work) -> Callable[[], Awaitable[object]]:
            return lambda: consume(iterate(), work)

        medians = await measure(
            {
                "as it is": variant(iterator_to_async(func)),
                "read ahead": variant(iterator_to_async(func, read_ahead=True)),
            }
        )
        ratio = medians["read ahead"] / medians["as it is"]
        print(
            f"consumer: {work.__name__:8} "
            + ", ".join(f"{name} {median * 1e3:.1f} ms" for name, median in medians.items())
            + f", ratio {ratio:.2f}"
        )


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        model = configure(directory)
        model.objects.bulk_create(
            [model(name=f"name {n}", number=n) for n in range(rows)], batch_size=5000
        )
        hops = count_hops()

        async def run() -> None:
            await beside_django(model, hops)
            await reading_ahead(model)
            from django.db import connections

            await sync_to_async(connections.close_all)()

        asyncio.run(run())
        from django.db import connections

        connections.close_all()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
