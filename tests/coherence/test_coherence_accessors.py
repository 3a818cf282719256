"""The twins of methods that Django makes: neighbours by date, and orders."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async

pytestmark = pytest.mark.asyncio


@pytest.fixture
def episodes(shelf: Any) -> list[Any]:
    """Three episodes of a series, aired on three days, and one of another series in between."""
    one, other = (shelf.Series.objects.create(title=title) for title in ("one", "other"))
    days = {"a": (one, 1), "b": (other, 2), "c": (one, 3), "d": (one, 4)}
    return [
        shelf.Episode.objects.create(title=title, series=series, aired=datetime.date(2024, 1, day))
        for title, (series, day) in days.items()
    ]


async def test_neighbours_by_date(shelf: Any, episodes: list[Any]) -> None:
    a, b, c, _ = episodes
    assert await a.aget_next_by_aired() == b
    assert await a.aget_next_by_aired(series=a.series) == c
    assert await c.aget_previous_by_aired() == b
    assert await c.aget_previous_by_aired(series__title="one") == a
    with pytest.raises(shelf.Episode.DoesNotExist):
        await a.aget_previous_by_aired()


async def test_orders(shelf: Any, episodes: list[Any]) -> None:
    a, _, c, d = episodes
    series = await shelf.Series.objects.aget(title="one")
    name = f"{shelf.style}episode_order"  # of the model, which the async class is a proxy of
    order = getattr(series, f"get_{name}")
    assert [key async for key in order()] == [a.pk, c.pk, d.pk]
    await getattr(series, f"aset_{name}")([d.pk, a.pk, c.pk])
    assert [key async for key in order()] == [d.pk, a.pk, c.pk]


async def test_neighbours_in_order(shelf: Any, episodes: list[Any]) -> None:
    a, _, c, _ = episodes
    if shelf.style == "mixin":
        assert await a.aget_next_in_order() == c
        assert await c.aget_previous_in_order() == a
        return
    # Django cannot tell a proxy's order, so its sync method raises; there is no twin.
    with pytest.raises(AttributeError, match="get_filter_kwargs_for_object"):
        await sync_to_async(a.get_next_in_order)()
    assert not hasattr(a, "aget_next_in_order")
