from __future__ import annotations

import time

from quay.models import Boat, Dock


def find_dock(name):
    return Dock.objects.get(name=name)


def longest(docks):
    return max(docks, key=lambda dock: dock.length)


def wait():
    time.sleep(0.001)


def rename(boat, name):
    boat.name = name
    boat.save()
    return Boat.objects.filter(name=name).count()
