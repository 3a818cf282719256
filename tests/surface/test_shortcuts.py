"""With a filled result cache no twin goes to the worker thread that need not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asyncgen_django import AsyncQuerySet, AsyncRawQuerySet
from django.contrib.auth.models import Group, Permission
from django.db.models.query import QuerySet

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("groups")]

Terminal = Callable[[Any], Awaitable[Any]]


async def rows(queryset: Any) -> list[Any]:
    return [row async for row in queryset]


# What Django's sync code answers from the result cache.
SHORT: dict[str, Terminal] = {
    "count": lambda queryset: queryset.acount(),
    "exists": lambda queryset: queryset.aexists(),
    "contains": lambda queryset: queryset.acontains(Group(pk=1, name="0")),
    "first": lambda queryset: queryset.afirst(),
    "iteration": rows,
    "alist": lambda queryset: queryset.alist(),
}
# What it asks the database for all the same.
LONG: dict[str, Terminal] = {
    "last": lambda queryset: queryset.alast(),
    "get": lambda queryset: queryset.aget(name="1"),
    "in_bulk": lambda queryset: queryset.ain_bulk(),
    "aggregate": lambda queryset: queryset.aaggregate(),
}


@pytest.fixture
def groups(database: None) -> None:
    Group.objects.bulk_create([Group(name=str(n)) for n in range(3)])


def groups_by_name() -> Any:
    return AsyncQuerySet(Group).order_by("name")


@pytest.mark.parametrize("name", SHORT)
async def test_no_hop_with_a_filled_cache(name: str, hops: list[object]) -> None:
    queryset = groups_by_name()
    expected = await SHORT[name](queryset)
    await queryset.alist()
    hops.clear()
    assert await SHORT[name](queryset) == expected
    assert hops == []


@pytest.mark.parametrize("name", [*SHORT, *LONG])
async def test_one_hop_without_it(name: str, hops: list[object]) -> None:
    await (SHORT.get(name) or LONG[name])(groups_by_name())
    assert len(hops) == 1


@pytest.mark.parametrize("name", LONG)
async def test_what_queries_all_the_same_hops(name: str, hops: list[object]) -> None:
    queryset = groups_by_name()
    await queryset.alist()
    hops.clear()
    await LONG[name](queryset)
    assert len(hops) == 1


async def test_first_of_an_unordered_queryset_queries(hops: list[object]) -> None:
    queryset = AsyncQuerySet(Group).all()
    await queryset.alist()
    hops.clear()
    assert await queryset.afirst() is not None
    assert len(hops) == 1


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("count", "count"),
        ("exists", "exists"),
        ("contains", "contains"),
        ("first", "first"),
        ("iteration", "__iter__"),
        ("iteration", "_fetch_all"),
        ("alist", "__iter__"),
        ("alist", "__len__"),
    ],
)
async def test_an_override_runs_on_the_worker_thread(
    name: str, method: str, hops: list[object]
) -> None:
    def override(self: Any, *args: Any, **options: Any) -> Any:
        Permission.objects.count()  # would raise on the loop's thread
        return getattr(QuerySet, method)(self, *args, **options)

    own = type("Own", (AsyncQuerySet,), {method: override})
    queryset = own(Group).order_by("name")
    await queryset.alist()
    hops.clear()
    await SHORT[name](queryset)
    assert len(hops) == 1


async def test_rows_whose_prefetch_failed_are_prefetched_on_the_worker_thread(
    hops: list[object],
) -> None:
    queryset = groups_by_name().prefetch_related("permissions")
    await queryset.alist()
    queryset._prefetch_done = False
    hops.clear()
    assert len(await queryset.alist()) == 3
    assert len(hops) == 1


async def test_raw_querysets(hops: list[object]) -> None:
    raw = AsyncRawQuerySet(f"SELECT * FROM {Group._meta.db_table}", model=Group)
    assert len(await rows(raw)) == 3
    hops.clear()
    assert len(await raw.alist()) == len(await rows(raw)) == 3
    assert hops == []
