"""Which twin a class of Django's has with asyncgen_django.everywhere: its own, or the generated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asyncgen_django.everywhere.either import Either, overrides
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AbstractUser
from django.db import models


async def own(self: object) -> str:
    """Written by Django."""
    return "own"


async def generated(self: object) -> str:
    """Made by asyncgen."""
    return "generated"


generated.alters_data = True  # type: ignore[attr-defined]


class Djangos:
    """Stands for a class of Django's."""

    asave = Either(own, generated)

    def save(self) -> str:
        return "saved"


Djangos.__module__ = "django.somewhere"


def method(self: object) -> None: ...


OVERRIDES: dict[str, Callable[[], type]] = {
    "a method": lambda: type("Own", (Djangos,), {"save": method}),
    "a class method": lambda: type("Own", (Djangos,), {"save": classmethod(method)}),
    "a property": lambda: type("Own", (Djangos,), {"save": property(method)}),
    "the twin": lambda: type("Own", (Djangos,), {"asave": method}),
    "of a base": lambda: type("Own", (type("Base", (Djangos,), {"save": method}),), {}),
    "of a mixin": lambda: type("Own", (type("Mixin", (), {"save": method}), Djangos), {}),
    "a private method": lambda: type("Own", (ModelBackend,), {"_get_user_permissions": method}),
}
KEEPS: dict[str, Callable[[], type]] = {
    "Django's own": lambda: Djangos,
    "nothing": lambda: type("Own", (Djangos,), {}),
    "a method of its own": lambda: type("Own", (Djangos,), {"publish": method}),
    "a special method": lambda: type("Own", (Djangos,), {"__str__": method, "__eq__": method}),
}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "what", [each for each in OVERRIDES if each not in {"the twin", "a private method"}]
)
async def test_a_class_that_overrides_something_has_the_generated_twin(what: str) -> None:
    instance = OVERRIDES[what]()()
    assert await instance.asave() == "generated"


@pytest.mark.asyncio
@pytest.mark.parametrize("what", KEEPS)
async def test_a_class_that_overrides_nothing_has_djangos(what: str) -> None:
    instance = KEEPS[what]()()
    assert await instance.asave() == "own"


@pytest.mark.parametrize("what", OVERRIDES)
def test_what_is_an_override(what: str) -> None:
    assert overrides(OVERRIDES[what]())


@pytest.mark.asyncio
async def test_super_finds_the_twin_of_the_class_that_overrides() -> None:
    class Own(Djangos):
        def save(self) -> str:
            return "mine"

        async def asave(self) -> str:
            return f"mine, {await super().asave()}"

    assert await Own().asave() == "mine, generated"


@pytest.mark.asyncio
async def test_class_methods() -> None:
    class Store:
        aclear = Either(classmethod(own), classmethod(generated))

        @classmethod
        def clear(cls) -> None: ...

    Store.__module__ = "django.somewhere"
    overriding: Any = type("Own", (Store,), {"clear": classmethod(method)})
    assert await Store.aclear() == await Store().aclear() == "own"
    assert await overriding.aclear() == await overriding().aclear() == "generated"


def test_fields_and_what_django_makes_of_them_are_no_overrides() -> None:
    """Every concrete model has them once more."""

    class Member(AbstractBaseUser):
        name = models.CharField(max_length=50)
        is_active = models.BooleanField(default=True)  # an attribute of AbstractBaseUser

        class Meta:
            app_label = "either"

    class Person(AbstractUser):
        groups: Any = None
        user_permissions: Any = None

        class Meta:
            app_label = "either"

    assert {"password", "get_next_by_date_joined", "DoesNotExist"} <= vars(Person).keys()
    assert not overrides(Member)
    assert not overrides(Person)


def test_marks_are_seen_where_django_looks_for_them() -> None:
    """Django's AltersData reads them from the class's own names, as they stand there."""
    assert vars(Djangos)["asave"].alters_data
