"""Deserializing: each object is saved before the next one is read, which may refer to it."""

from __future__ import annotations

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from asyncgen_django.core.serializers import adeserialize
from django.contrib.auth.models import Group, User
from django.core.serializers import deserialize
from django.core.serializers.base import SerializerDoesNotExist

DATA = json.dumps(
    [
        {"model": "auth.group", "fields": {"name": "readers", "permissions": []}},
        {
            "model": "auth.user",
            "fields": {"username": "ann", "password": "", "groups": [["readers"]]},
        },
        # The same once more: found by its natural key, it is the same row.
        {"model": "auth.group", "fields": {"name": "readers", "permissions": []}},
    ]
)


def rows():
    return [
        (user.username, sorted(group.name for group in user.groups.all()))
        for user in User.objects.all()
    ], Group.objects.count()


def load():
    for each in deserialize("json", DATA):
        each.save()


@pytest.mark.usefixtures("database")
def test_objects_that_refer_to_earlier_ones_by_natural_key():
    async def main():
        async for each in adeserialize("json", DATA):
            await sync_to_async(each.save)()
        return await sync_to_async(rows)()

    load()
    expected = rows()
    User.objects.all().delete()
    Group.objects.all().delete()
    assert asyncio.run(main()) == expected == ([("ann", ["readers"])], 1)


def test_a_format_that_does_not_exist_raises_at_the_call():
    for func in (deserialize, adeserialize):
        with pytest.raises(SerializerDoesNotExist):
            func("nope", "[]")
