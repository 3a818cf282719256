"""Functions that block the event loop: each is one case, and each has a mend that is safe."""

from __future__ import annotations

import time

from asgiref.sync import sync_to_async
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.shortcuts import get_object_or_404

from quay.helpers import find_dock, longest, rename, wait
from quay.models import Boat, Dock


async def gets():
    dock = Dock.objects.get(name="North")
    return dock.length


async def gets_an_attribute():
    return Dock.objects.get(name="North").length


async def counts_in_text():
    return f"{Boat.objects.count()} boats"  # a comment stays


async def asks_in_a_condition():
    if Boat.objects.filter(name="Ann").exclude(dock=None).exists():
        return "there"
    return "not there"


async def creates():
    boat = Boat.objects.create(
        name="Cat",
        dock=await Dock.objects.afirst(),
    )
    return boat.name, await Boat.objects.acount()


async def deletes():
    boat = await Boat.objects.afirst()
    boat.delete()
    return await Boat.objects.acount()


async def saves():
    boat = await Boat.objects.afirst()
    boat.name = "Dot"
    boat.save(update_fields=["name"])
    return await Boat.objects.filter(name="Dot").acount()


async def updates_in_a_comprehension():
    docks = [dock async for dock in Dock.objects.order_by("pk")]
    return [Boat.objects.filter(dock=dock).count() for dock in docks]


async def calls_its_own_terminal():
    return Dock.objects.long().total()


async def counts_related():
    dock = await Dock.objects.aget(name="North")
    return dock.boats.count()


async def gets_or_404():
    return get_object_or_404(Dock, name="South").length


async def signs_in():
    user = authenticate(username="ada", password="wrong")
    return user is None


async def may():
    user = await User.objects.aget(username="ada")
    return user.has_perm("quay.view_boat")


async def runs_through():
    names = []
    for boat in Boat.objects.all():
        names.append(boat.name)  # noqa: PERF401
    return names


async def runs_through_in_chunks():
    names = []
    for boat in Boat.objects.iterator(chunk_size=1):
        names.append(boat.name)  # noqa: PERF401
    return names


async def comprehends():
    return [boat.name for boat in Boat.objects.filter(name__gt="A") if boat.pk]


async def comprehends_a_dict():
    return {boat.name: boat.dock_id for boat in Boat.objects.all()}


async def lists():
    return [each.name for each in list(Boat.objects.all())]


async def sorts():
    return [each.name for each in sorted(Boat.objects.all(), key=str, reverse=True)]


async def unpacks():
    first, *others = Boat.objects.all()
    return first.name, len(others)


async def reads_a_key():
    boat = await Boat.objects.afirst()
    return boat.dock.pk


async def calls_a_helper():
    return find_dock("North").length


async def hands_rows_to_a_helper():
    return longest(Dock.objects.all()).name


async def calls_a_helper_that_saves():
    boat = await Boat.objects.afirst()
    return rename(boat, "Eve")


async def asks_before_the_thread():
    return await sync_to_async(str)(Boat.objects.first())


async def evaluates_what_a_thread_made():
    boats = await sync_to_async(Boat.objects.filter)(name="Ann")
    return [boat.name for boat in boats]


async def forgets_to_await():
    if Boat.objects.filter(name="nobody").aexists():
        return "somebody"
    return "nobody"


async def sleeps():
    time.sleep(0.001)
    return "awake"


async def sleeps_in_a_helper():
    wait()
    return "awake"


async def caches():
    cache.set("boat", "Ann")
    return await cache.aget("boat")


async def stores():
    name = default_storage.save("boats/log.txt", ContentFile(b"x"))
    return name.startswith("boats/log")
