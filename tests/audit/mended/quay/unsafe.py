"""Functions that block the event loop, with mends that may mean a little else: only suggested."""

from __future__ import annotations

from django.db import transaction

from quay.models import Boat, Dock


async def measures():
    return len(Boat.objects.all())


async def tests():
    boats = Boat.objects.filter(name="Ann")
    if boats:
        return "there"
    return "not there"


async def tests_that_there_is_none():
    return not Boat.objects.filter(name="nobody")


async def looks_for():
    boat = await Boat.objects.afirst()
    return boat in Boat.objects.all(), boat not in Boat.objects.filter(name="Bea")


async def takes_the_first():
    return Boat.objects.all()[0].name


async def reads_a_relation():
    boat = await Boat.objects.aget(name="Ann")
    return boat.dock.name


async def reads_relations():
    return [boat.dock.name async for boat in Boat.objects.all()]


async def moves():
    boat = await Boat.objects.aget(name="Ann")
    dock = await Dock.objects.aget(name="South")
    with transaction.atomic():
        boat.dock = dock
        boat.save()
    return await Boat.objects.filter(dock=dock).acount()
