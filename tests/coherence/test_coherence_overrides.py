"""Each override is run by its twin: once, with the arguments, on a worker thread.

Every test runs in both styles. What a twin does is held against the sync call, by what the
overrides note when they run (`shelf/calls.py`).
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partialmethod
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asyncgen.surface import Kind
from asyncgen_runtime.test import acapture_queries
from asyncgen_runtime.transaction import aatomic
from django.db import models, transaction

pytestmark = pytest.mark.asyncio

Call = Callable[..., Any]


@pytest.fixture
def rows(shelf: Any) -> Any:
    """A writer and a topic, each with the books "one", "two" and "three" of every model."""
    writer = shelf.Writer.objects.create(name="writer")
    topic = shelf.Topic.objects.create(name="topic")
    for model in (shelf.Essay, shelf.Poem, shelf.Novel, shelf.Crime, shelf.Secret):
        books = [
            model(title=title, pages=pages, writer=writer)
            for pages, title in enumerate(("one", "two", "three"), 1)
        ]
        models.QuerySet(model).bulk_create(books)
        topic_books = getattr(topic, f"{model._meta.model_name}s")
        topic_books.set(models.QuerySet(model).all())
    shelf.calls.clear()
    return shelf


def rolled_back(function: Callable[[], Any]) -> Any:
    with transaction.atomic():
        result = function()
        transaction.set_rollback(True)
    return result


def comparable(value: Any) -> Any:
    """Rows by title: the keys of new ones differ."""
    if isinstance(value, models.Model):
        return type(value), value.title
    if isinstance(value, (list, tuple)):
        return type(value), [comparable(each) for each in value]
    if isinstance(value, dict):
        return {key: comparable(each) for key, each in value.items()}
    return value


class RollBack(Exception):
    pass


async def agrees(shelf: Any, where: Any, name: str, call: Callable[[Call, Any], Any]) -> list[str]:
    """Call method and twin on the same rows; what they return and which overrides they run is the
    same. Gives the names of these."""
    book = await models.QuerySet(where.model).afirst()
    sync, twin = getattr(where, name), getattr(where, f"a{name}")
    expected = await sync_to_async(rolled_back)(lambda: call(sync, book))
    expected_calls = shelf.taken()
    with suppress(RollBack):
        async with aatomic():
            found = await call(twin, book)
            raise RollBack
    assert threading.get_ident() not in {call.thread for call in shelf.calls}, name
    assert shelf.taken() == expected_calls, name
    assert comparable(found) == comparable(expected), name
    return [each for each, *_ in expected_calls]


# -- querysets and managers -----------------------------------------------------------------------

# How each override of BookQuerySet is called, given a bound method and a row.
OF_QUERYSET: dict[str, Callable[[Call, Any], Any]] = {
    "get": lambda call, book: call(title="one"),
    "create": lambda call, book: call(title="new", pages=9),
    "get_or_create": lambda call, book: call(title="new", defaults={"pages": 9}),
    "update_or_create": lambda call, book: call(title="one", defaults={"pages": 9}),
    "bulk_create": lambda call, book: call([type(book)(title="new")], 10, ignore_conflicts=False),
    "bulk_update": lambda call, book: call([book], fields=["pages"], batch_size=1),
    "count": lambda call, book: call(),
    "exists": lambda call, book: call(),
    "first": lambda call, book: call(),
    "last": lambda call, book: call(),
    "earliest": lambda call, book: call("pages"),
    "latest": lambda call, book: call(),
    "aggregate": lambda call, book: call(total=models.Sum("pages")),
    "contains": lambda call, book: call(o=book),
    "delete": lambda call, book: call(),
    "update": lambda call, book: call(audit="me", pages=9),
    "in_bulk": lambda call, book: call([book.pk]),
    "sell": lambda call, book: call(9, receipt="yes"),
    "busy": lambda call, book: call(),
    "total_of": lambda call, book: call(type(book)),
    "any_of": lambda call, book: call(type(book)._meta.label),
}
# Whence a queryset's overrides are reached.
PLACES: dict[str, Callable[[Any], Any]] = {
    "queryset": lambda shelf: shelf.Essay.objects.order_by("pages"),
    "as_manager": lambda shelf: shelf.Essay.objects,
    "subclass of from_queryset": lambda shelf: shelf.Poem.objects,
    "from_queryset, two levels": lambda shelf: shelf.Crime.objects,
    "two levels": lambda shelf: shelf.Crime.objects.order_by("pages"),
    "not generated": lambda shelf: shelf.Secret.objects.order_by("pages"),
    "manager, not generated": lambda shelf: shelf.Secret.objects,
}


def covered(where: Any) -> Iterator[str]:
    """The overrides that a queryset or manager has. Where one is, so is its twin."""
    for name in OF_QUERYSET:
        assert hasattr(where, name) == hasattr(where, f"a{name}"), name
        if hasattr(where, name):
            yield name


@pytest.mark.parametrize("place", PLACES)
async def test_a_queryset_override_runs_once(rows: Any, place: str) -> None:
    where = PLACES[place](rows)
    found = set(covered(where))
    for name in found:
        ran = await agrees(rows, where, name, OF_QUERYSET[name])
        assert ran.count(name) == (3 if name == "busy" else 1), name
        assert ran.count("attempt") == (3 if name == "busy" else 0), name
    # Managers have neither delete(), which says that it is for querysets, nor class methods.
    is_manager = isinstance(where, models.Manager)
    assert OF_QUERYSET.keys() - found == ({"delete", "total_of"} if is_manager else set())


@pytest.mark.parametrize("related", ["writer", "topic"])
@pytest.mark.parametrize("model", ["essay", "poem", "crime", "secret"])
async def test_a_related_manager_runs_them_once(rows: Any, model: str, related: str) -> None:
    """Related managers are classes that Django makes of the default manager's class."""
    parent = await getattr(rows, related.title()).objects.aget()
    where = getattr(parent, f"{rows.style}{model}s")
    for name in covered(where):
        ran = await agrees(rows, where, name, OF_QUERYSET[name])
        # Up to Django 6.0, a many-to-many manager counts rows of the table in between instead.
        assert name in ran or (related, name) in (("topic", "count"), ("topic", "exists"))


async def test_each_level_runs_once(rows: Any) -> None:
    await rows.Crime.objects.acreate(culprit="gardener", title="new")
    assert rows.taken() == [
        ("create of crime", "gardener"),
        ("create",),
        ("save of named", False),
    ]
    await rows.Poem.objects.acreate(title="new")
    assert rows.taken() == [
        ("create of book manager",),
        ("create",),
        ("save of named", False),
    ]
    await rows.Secret.objects.acreate(title="new")
    assert rows.taken() == [
        ("create of secret",),
        ("create",),
        ("save of secret", None),
        ("save of named", False),
    ]


@pytest.mark.parametrize("place", ["queryset", "as_manager", "subclass of from_queryset"])
async def test_iteration_reaches_the_override(rows: Any, place: str) -> None:
    where = PLACES[place](rows)
    assert sorted([book.title async for book in where.aiterator(chunk_size=2)]) == [
        "one",
        "three",
        "two",
    ]
    assert [call.name for call in rows.calls] == ["iterator"]
    assert rows.calls[0].thread != threading.get_ident()


OF_MANAGER: dict[str, Callable[[Call, Any], Any]] = {
    "create": lambda call, book: call(title="new", loud=True),
    "get_or_create": lambda call, book: call(title="new", defaults={"pages": 9}),
    "update_or_create": lambda call, book: call(title="one", defaults={"pages": 9}),
    "bulk_create": lambda call, book: call([type(book)(title="new")]),
    "count": lambda call, book: call(),
    "rename": lambda call, book: call("one", new="uno"),
}


@pytest.mark.parametrize("related", [None, "writer", "topic"])
async def test_a_manager_override_runs_once(rows: Any, related: str | None) -> None:
    where = rows.Novel.objects
    if related:
        parent = await getattr(rows, related.title()).objects.aget()
        where = getattr(parent, f"{rows.style}novels")
    for name, call in OF_MANAGER.items():
        ran = await agrees(rows, where, name, call)
        noted = "rename" if name == "rename" else f"{name} of manager"
        assert ran.count(noted) == 1 or (related, name) == ("topic", "count")


async def test_a_managers_override_does_what_it_says(rows: Any) -> None:
    writer = await rows.Writer.objects.aget()
    for where in (rows.Novel.objects, getattr(writer, f"{rows.style}novels")):
        novel = await where.acreate(title="quiet")
        assert novel.title == "quiet"
        assert rows.taken() == [("create of manager", False), ("save of named", False)]
        novel = await where.acreate(title="loud", loud=True)
        assert novel.title == "LOUD"
        assert rows.taken() == [("create of manager", True), ("save of named", False)]
    assert novel.writer == writer


@pytest.mark.parametrize("name", ["count", "exists"])
async def test_a_many_to_many_relation_is_counted_as_by_the_sync_method(
    rows: Any, name: str
) -> None:
    """Django's own twins ask the queryset, which joins where the manager does not need to."""
    topic = await rows.Topic.objects.aget()
    where = getattr(topic, f"{rows.style}essays")
    async with acapture_queries() as captured:
        assert await sync_to_async(getattr(where, name))() == await getattr(where, f"a{name}")()
    assert captured[0]["sql"] == captured[1]["sql"]


async def test_the_signature_is_the_overrides(rows: Any) -> None:
    book = await rows.Essay.objects.afirst()
    for wrong in ({"obj": book}, {"o": book, "more": 1}, {}):
        with pytest.raises(TypeError):
            await rows.Essay.objects.acontains(**wrong)
    with pytest.raises(TypeError):
        await rows.Essay.objects.ain_bulk(field_name="title")
    with pytest.raises(TypeError):
        await rows.Novel.objects.abulk_create([], batch_size=3)


@pytest.mark.parametrize(
    "call",
    [
        lambda rows, book: models.Manager.acreate(rows.Novel.objects, title="new"),
        lambda rows, book: models.Manager.acount(rows.Novel.objects),
        lambda rows, book: models.Manager.acreate(rows.Poem.objects, title="new"),
    ],
)
async def test_djangos_own_twins_do_not_reach_a_managers_override(rows: Any, call: Any) -> None:
    """What the tests above would find, if nothing were generated."""
    await call(rows, None)
    assert not [call for call in rows.calls if "manager" in call.name]


async def test_djangos_own_twins_do_not_fit_a_changed_signature(rows: Any) -> None:
    book = await rows.Essay.objects.afirst()
    with pytest.raises(TypeError):
        await models.QuerySet.acontains(rows.Essay.objects.all(), book)
    with pytest.raises(TypeError):
        await models.Model.adelete(book)
    with pytest.raises(TypeError):
        await models.Model.asave(book, notify=True)


# -- models ---------------------------------------------------------------------------------------


async def test_asave_takes_what_save_takes(rows: Any) -> None:
    essay = rows.Essay(title="new")
    await essay.asave(notify=True)
    assert rows.calls[0].thread != threading.get_ident()
    assert rows.taken() == [("save of named", True)]
    await essay.asave(force_update=True, update_fields=["title"])
    assert rows.taken() == [("save of named", False)]
    assert await rows.Essay.objects.filter(title="new").acount() == 1
    with pytest.raises(TypeError, match="unexpected keyword"):
        await essay.asave(notifi=True)


async def test_asave_of_two_levels(rows: Any) -> None:
    tale = rows.Tale(title="new")
    await tale.asave()
    assert rows.taken() == [("save of tale", True), ("save of named", True)]
    await tale.asave(notify=False)
    assert rows.taken() == [("save of tale", False), ("save of named", False)]
    with pytest.raises(TypeError):
        await tale.asave(False, False)  # notify is keyword-only at this level


async def test_asave_of_a_class_that_was_not_generated(rows: Any) -> None:
    secret = rows.Secret(title="new")
    await secret.asave(seal="wax", notify=True)
    assert rows.taken() == [("save of secret", "wax"), ("save of named", True)]


async def test_adelete_of_a_narrowed_delete(rows: Any) -> None:
    for model, calls in (
        (rows.Essay, [("delete of named",)]),
        (rows.Secret, [("delete of secret",), ("delete of named",)]),
    ):
        book = await models.QuerySet(model).afirst()
        with pytest.raises(TypeError):
            await book.adelete(using="default")
        assert rows.taken() == []
        count, _ = await book.adelete()
        assert count == 2  # the book, and its row between it and the topic
        assert rows.taken() == calls
        assert book.pk is None


async def test_a_renamed_parameter_and_one_that_django_has_no_twin_for(rows: Any) -> None:
    essay = await models.QuerySet(rows.Essay).afirst()
    await essay.arefresh_from_db(database="default", fields=["title"])
    assert rows.taken() == [("refresh_from_db",)]
    await essay.afull_clean(exclude=["writer", "topics"])
    assert rows.taken() == [("full_clean",)]


@pytest.mark.parametrize("of", ["class", "instance"])
async def test_class_and_static_methods(rows: Any, of: str) -> None:
    tale = rows.Tale(title="old")
    await tale.asave()
    secret = await models.QuerySet(rows.Secret).alast()
    rows.calls.clear()

    where = tale if of == "instance" else type(tale)
    assert await where.anewest() == tale
    assert rows.taken() == [("newest", type(tale).__name__)]
    assert not await where.ais_free("old")
    assert await where.ais_free(title="new")
    assert rows.taken() == [("is_free", "old"), ("is_free", "new")]

    where = secret if of == "instance" else type(secret)
    assert await where.anewest() == secret
    assert [name for name, *_ in rows.taken()] == ["newest secret", "newest", "get"]
    assert await where.ais_free("new")
    assert rows.taken() == [("is_free secret", "new"), ("is_free", "new")]


# -- by hand --------------------------------------------------------------------------------------


async def test_a_twin_by_hand_is_left_alone(rows: Any) -> None:
    diary = rows.Diary(title="new")
    await diary.asave()
    assert rows.taken() == [("asave of diary",), ("save of diary",)]
    assert "asave" not in vars(rows.modules["models_async"].__dict__[_mixin(rows, "Diary")])
    await diary.adelete()  # generated, of the same class
    assert rows.taken() == [("delete of diary",)]

    for where in (rows.Essay.objects, rows.Essay.objects.all(), rows.Poem.objects):
        assert [book.pages for book in await where.aranked()] == [1, 2, 3]
        assert rows.taken() == [("aranked by hand",)]


def _mixin(shelf: Any, model: str) -> str:
    return f"{shelf.style.title()}{model}Async"


async def test_a_twin_by_hand_is_reported(shelf: Any) -> None:
    by_hand = {
        (entry.decision.owner.name, entry.decision.function.name): entry.decision
        for entry in shelf.result.entries
        if entry.decision.kind is Kind.HANDWRITTEN
    }
    wanted = {(f"{shelf.style.title()}Diary", "save"), ("BookQuerySet", "ranked")}
    # The manager copies both methods; in the subclass style every class has what it inherits.
    wanted.add(("BookManager", "ranked"))
    if shelf.style == "subclass":
        wanted.add(("CrimeQuerySet", "ranked"))
    assert by_hand.keys() == wanted
    for (_, name), decision in by_hand.items():
        assert decision.twin is None
        assert decision.evidence[0].message == f"a{name} is written by hand"


# -- decorated ------------------------------------------------------------------------------------


async def test_a_transaction_is_open_inside(rows: Any) -> None:
    assert await rows.Essay.objects.asell(9) == 3
    assert await rows.Essay.objects.filter(title="one").asell(pages=8, receipt="yes") == 1
    assert rows.taken() == [("sell", True, None), ("sell", True, "yes")]


async def test_a_retry_counts_its_attempts(rows: Any) -> None:
    attempts = [("attempt", 1), ("busy",), ("attempt", 2), ("busy",), ("attempt", 3), ("busy",)]
    assert await rows.Essay.objects.abusy() == 3
    assert rows.taken() == attempts
    with pytest.raises(rows.Busy):
        await rows.Essay.objects.abusy(fails=3)
    assert rows.taken() == attempts
    assert await rows.Essay.objects.abusy(fails=0) == 3
    assert rows.taken() == attempts[:2]


async def test_a_cache_is_filled_and_read(rows: Any) -> None:
    key = object()
    for method in (rows.Essay.objects.aknown_count, rows.Essay.objects.all().aknown_count):
        assert await method(key) == 3
    assert await sync_to_async(rows.Essay.objects.known_count)(key) == 3
    assert rows.taken() == [("known_count", key)]


# -- the generated modules ------------------------------------------------------------------------


async def test_using_the_twins_changes_none_of_them(shelf: Any) -> None:
    """The mixins were generated before the source inherited them."""
    for path, text in shelf.texts().items():
        assert (shelf.root / path).read_text(encoding="utf-8") == text, path


def made(shelf: Any) -> Iterator[tuple[type, str, str]]:
    """Every class with the names of its sync methods and their twins."""
    for entry in shelf.result.entries:
        decision = entry.decision
        if decision.twin:
            yield getattr(shelf, decision.owner.name), decision.function.name, decision.twin


def parameters_of(found: type, name: str) -> list[inspect.Parameter]:
    """A method's parameters; of one that Django makes by `partialmethod`, those left to give."""
    made = inspect.getattr_static(found, name)
    given = made.keywords if isinstance(made, partialmethod) else {}
    parameters = inspect.signature(getattr(found, name)).parameters.values()
    return [each for each in parameters if each.name not in given]


async def test_every_signature_is_the_sync_one(shelf: Any) -> None:
    for found, name, twin in made(shelf):
        parameters = list(map(str, parameters_of(found, name)))
        if issubclass(found, models.Manager) and name == "any_of":
            # Static on the queryset. The manager's copy takes the manager, and does not say so.
            parameters.insert(0, "self")
        signature = inspect.signature(getattr(found, twin))
        assert list(map(str, signature.parameters.values())) == parameters, twin


async def test_twins_have_the_marks_of_the_sync_methods(shelf: Any) -> None:
    for found, name, twin in made(shelf):
        # Django hands alters_data on to overrides, but to none on a manager; twins have it there.
        known = getattr(models.Manager, name, None) if issubclass(found, models.Manager) else None
        for mark in ("alters_data", "queryset_only"):
            wanted = getattr(getattr(found, name), mark, None) or getattr(known, mark, None)
            assert getattr(getattr(found, twin), mark, None) == wanted, twin
