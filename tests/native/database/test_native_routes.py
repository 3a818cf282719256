"""Which of Django's own async methods run on the loop, once the app is installed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from unittest.mock import create_autospec

import pytest
from asgiref.sync import sync_to_async
from asyncgen_native import aatomic, bridge, insides, routes
from asyncgen_native import transaction as native_transaction
from asyncgen_native.asgi import with_pools
from asyncgen_native.checks import check_native
from asyncgen_native.pool import pools
from asyncgen_runtime import bridge as runtime_bridge
from asyncgen_runtime import context_to_async, on_worker
from asyncgen_runtime import transaction as runtime_transaction
from asyncgen_runtime.transaction import aatomic as aatomic_of_runtime
from asyncgen_runtime.transaction import aon_commit
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache.backends.locmem import LocMemCache
from django.db import OperationalError, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import signals
from django.db.models.fields.files import FieldFile
from django.test.utils import CaptureQueriesContext

from tests.testproject.library.models import Author, Book, Tag

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with "asyncgen_native" in INSTALLED_APPS, for one test."""
    for name in insides.SYNC_TO_ASYNC:
        monkeypatch.setattr(f"{name}.sync_to_async", sync_to_async)
    monkeypatch.setattr(routes, "_installed", [])
    monkeypatch.setattr(runtime_bridge, "_worker", runtime_bridge._worker)
    monkeypatch.setattr(
        runtime_transaction, "_begin_elsewhere", runtime_transaction._begin_elsewhere
    )
    routes.install()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Collect the threads on which statements run."""
    seen: set[int] = set()
    execute = CursorWrapper._execute

    def note(self: CursorWrapper, *args: Any) -> Any:
        seen.add(threading.get_ident())
        return execute(self, *args)

    monkeypatch.setattr(CursorWrapper, "_execute", note)
    return seen


@pytest.fixture(autouse=True)
def _all_native(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other database of the settings has no native backend."""
    monkeypatch.setattr(routes, "connections", ["default"])


@pytest.mark.usefixtures("installed")
def test_djangos_async_methods_run_on_the_loop(run: Run, threads: set[int]) -> None:
    async def main() -> None:
        author = await Author.objects.acreate(name="a")
        book = await author.books.acreate(title="b", pages=3)
        tag, _ = await Tag.objects.aget_or_create(name="t")
        await book.tags.aadd(tag)
        await book.arefresh_from_db()
        book.pages = 4
        await book.asave()
        assert (await Book.objects.aaggregate(total=models.Sum("pages")))["total"] == 4
        assert [each.title async for each in Book.objects.prefetch_related("tags")] == ["b"]
        assert [each async for each in Book.objects.aiterator(chunk_size=2)] == [book]
        assert [each async for each in Book.objects.raw("SELECT * FROM library_book")] == [book]
        async with aatomic():
            await book.adelete()
        assert await Book.objects.acount() == 0

    run(main())
    assert threads == {threading.get_ident()}


@pytest.mark.usefixtures("installed")
def test_users_permissions_and_sessions(run: Run, threads: set[int]) -> None:
    async def main() -> None:
        user = await User.objects.acreate(username="a")
        assert await user.aget_all_permissions() == set()
        session = SessionStore()
        await session.aset("key", 1)
        await session.asave()
        assert await SessionStore(session.session_key).aget("key") == 1
        await session.adelete()

    run(main())
    assert threads == {threading.get_ident()}


@pytest.mark.usefixtures("installed")
def test_twins_on_the_bridge_of_the_runtime_follow(run: Run, threads: set[int]) -> None:
    async def main() -> None:
        assert await on_worker(Tag.objects.count)() == 0
        assert threads == {threading.get_ident()}
        threads.clear()
        assert await on_worker(lambda: Tag.objects.count())() == 0
        assert threading.get_ident() not in threads
        await sync_to_async(lambda: connection.close())()

    run(main())


class Loud(models.QuerySet[Tag]):
    def count(self) -> int:
        return super().count()


@pytest.mark.parametrize(
    ("func", "on_loop"),
    [
        (Tag.objects.count, True),
        (Tag.objects.all().get, True),
        (Tag(name="x").save, True),
        (Loud(Tag).get, True),
        (Loud(Tag).count, False),  # may do anything
        (Book.objects.total_pages, False),
        (Tag.objects.using("other").get, False),  # has no native backend
        (SessionStore().load, True),
        (FieldFile.save, False),
        (LocMemCache("x", {}).get, False),
        (User(username="x").set_password, False),
        (print, False),
        ("".join, False),  # whose module is None
    ],
)
def test_what_runs_on_the_loop(func: Callable[..., object], on_loop: bool) -> None:
    assert routes.runs_on_loop(func) is on_loop


class Registering(models.QuerySet[Any]):
    """What somebody made of `create`, which may wait for anything."""

    def create(self, **values: Any) -> Any:
        return super().create(**values)


class Querying(models.Manager[Any]):
    def get_queryset(self) -> Any:
        return Tag.objects.get().books.all()


class Choosing(models.Manager[Any]):
    def get_queryset(self) -> Any:
        return Registering(self.model, using=self._db)


class Shelf(models.Model):
    class Meta:
        app_label = "native"


class Volume(models.Model):
    shelf = models.ForeignKey(Shelf, models.CASCADE)
    beside = models.ManyToManyField("self")

    objects = Registering.as_manager()
    plain = models.Manager()
    querying = Querying()
    choosing = Choosing()

    class Meta:
        app_label = "native"


class Saved(models.Model):
    class Meta:
        app_label = "native"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)


class Note(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    about = GenericForeignKey()

    class Meta:
        app_label = "native"


class Noted(models.Model):
    notes = GenericRelation(Note)

    class Meta:
        app_label = "native"


class Scanned(models.Model):
    file = models.FileField()

    class Meta:
        app_label = "native"


@pytest.mark.parametrize(
    ("func", "on_loop"),
    [
        (Shelf.objects.create, True),
        (Shelf.objects.all().delete, True),
        (Volume.plain.create, True),
        (Volume.plain.bulk_create, True),
        (Volume.objects.get, True),
        (Volume.objects.latest, True),
        (Volume.objects.create, False),
        (Volume.objects.get_or_create, False),
        (Volume.objects.all().update_or_create, False),
        (Volume.choosing.get, True),
        (Volume.choosing.get_or_create, False),
        (Shelf(pk=1).volume_set.create, False),  # whose super() is that of the manager
        (Shelf(pk=1).volume_set.get_or_create, False),
        (Saved.objects.get, True),
        (Saved.objects.create, False),
        (Saved.objects.bulk_create, False),
        (Saved(pk=1).save, False),
        (Saved(pk=1).refresh_from_db, True),
        (Saved(pk=1).delete, False),
        (Scanned.objects.get, True),
        (Scanned.objects.update, True),
        (Scanned.objects.create, False),
        (Scanned(pk=1).save, False),
    ],
)
def test_what_runs_other_peoples_code_on_its_way_is_on_a_thread(
    func: Callable[..., object], on_loop: bool
) -> None:
    assert routes.runs_on_loop(func) is on_loop


def test_a_stand_in_for_a_method_is_on_a_thread() -> None:
    class Watched(models.Model):
        save_base = create_autospec(models.Model.save_base)

        class Meta:
            app_label = "native"

    assert not routes.runs_on_loop(Watched.objects.create)
    assert routes.runs_on_loop(Watched.objects.get)


def test_a_manager_whose_querysets_query_is_on_a_thread(run: Run) -> None:
    async def main() -> None:
        assert not routes.runs_on_loop(Volume.querying.get)

    run(main())


@pytest.mark.parametrize(
    ("signal", "sender", "told", "others"),
    [
        (
            signals.post_save,
            Tag,
            [Tag(name="x").save, Tag.objects.get_or_create],
            [Tag.objects.get],
        ),
        (signals.pre_save, Tag, [Tag.objects.create], [Author.objects.create, Tag.objects.update]),
        (signals.post_delete, Book, [Author.objects.all().delete, Book(pk=1).delete], []),
        (signals.pre_delete, Note, [Noted.objects.all().delete, Noted(pk=1).delete], []),
        (signals.m2m_changed, Book.tags.through, [Book(pk=1).tags.add, Tag(pk=1).books.set], []),
    ],
)
def test_what_has_a_receiver_told_is_on_a_thread(
    signal: Any,
    sender: Any,
    told: list[Callable[..., object]],
    others: list[Callable[..., object]],
) -> None:
    def receiver(**_: object) -> None: ...

    assert all(map(routes.runs_on_loop, told))
    signal.connect(receiver, sender=sender)
    try:
        assert not any(map(routes.runs_on_loop, told))
        assert all(map(routes.runs_on_loop, others))
    finally:
        signal.disconnect(receiver, sender=sender)
    assert all(map(routes.runs_on_loop, told))


@pytest.mark.usefixtures("installed")
def test_a_receiver_may_wait_for_anything(run: Run) -> None:
    """Though it is called by Django's own `save`, on whose connection it asks."""
    seen: list[object] = []

    def receiver(instance: Tag, **_: object) -> None:
        seen.append(threading.get_ident() == threading.main_thread().ident)
        seen.append(Tag.objects.filter(pk=instance.pk).count())

    async def main() -> None:
        signals.post_save.connect(receiver, sender=Tag)
        try:
            async with aatomic():
                await Tag.objects.acreate(name="a")
        finally:
            signals.post_save.disconnect(receiver, sender=Tag)

    run(main())
    assert seen == [False, 1]


def test_with_mixed_engines_only_querysets_say_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "connections", connections)
    assert routes.runs_on_loop(Tag.objects.count)
    assert not routes.runs_on_loop(Tag(name="x").save)


@pytest.mark.usefixtures("installed")
def test_capturing_queries_in_a_call(run: Run) -> None:
    def body() -> int:
        with CaptureQueriesContext(connection) as captured:
            Tag.objects.count()
            Tag.objects.exists()
        return len(captured)

    assert run(bridge(body)()) == 2


def test_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.id for each in check_native()] == ["asyncgen_native.W003"]
    settings = connections.settings["default"]
    monkeypatch.setitem(settings, "CONN_MAX_AGE", None)
    monkeypatch.setitem(settings, "OPTIONS", {"native_pool": {"max_size": 1}})
    monkeypatch.setattr("asyncgen_native.checks.TESTED", ((4, 2),))
    assert [each.id for each in check_native()] == [
        f"asyncgen_native.W00{each}" for each in (1, 3, 4, 5)
    ]
    with monkeypatch.context() as patch:
        patch.setattr("asyncgen_native.checks.is_native", lambda alias: False)
        assert [each.id for each in check_native()] == [
            f"asyncgen_native.W00{each}" for each in (1, 2)
        ]
    monkeypatch.setitem(settings, "OPTIONS", {"native_pool": {"sizes": 1}})
    assert "asyncgen_native.E001" in [each.id for each in check_native()]


def test_the_app_can_be_installed() -> None:
    from asyncgen_native.apps import AsyncgenNativeConfig

    assert AsyncgenNativeConfig.name == "asyncgen_native"
    assert not apps.is_installed("asyncgen_native")


def test_pools_open_and_close_with_the_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = connections.settings["default"]
    options = {**settings["OPTIONS"], "native_pool": {"min_size": 3}}
    monkeypatch.setitem(settings, "OPTIONS", options)
    sent: list[str] = []
    seen: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def main() -> None:
        messages: asyncio.Queue[dict[str, str]] = asyncio.Queue()

        async def send(message: Any) -> None:
            sent.append(message["type"])
            if message["type"] == "lifespan.startup.complete":
                pool = pools()["default"]
                assert (pool.statistics().open, pool.statistics().out) == (3, 0)
                await wrapped({"type": "http"}, messages.get, send)
                messages.put_nowait({"type": "lifespan.shutdown"})

        wrapped = with_pools(application)
        messages.put_nowait({"type": "lifespan.startup"})
        await wrapped({"type": "lifespan"}, messages.get, send)
        assert not pools()

    run(main())
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert seen == ["http"]


def test_a_server_that_cannot_connect_does_not_start_and_leaves_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        connections.settings["default"]["OPTIONS"], "native_pool", {"min_size": 3, "max_size": 3}
    )
    ensure = BaseDatabaseWrapper.ensure_connection
    tries = itertools.count()

    def fail_once(self: BaseDatabaseWrapper) -> None:
        if next(tries) == 1:
            raise OperationalError("too many connections")
        ensure(self)

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", fail_once)
    sent: list[Any] = []

    async def startup() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def application(*_: object) -> None:
        raise AssertionError

    async def main() -> None:
        before = asyncio.all_tasks()
        await with_pools(application)({"type": "lifespan"}, startup, send)
        assert asyncio.all_tasks() == before

    run(main())
    assert sent == [{"type": "lifespan.startup.failed", "message": "too many connections"}]


@pytest.mark.usefixtures("installed")
def test_one_import_of_aatomic_serves_the_loop(run: Run, threads: set[int]) -> None:
    """Alone, in itself, in that of asyncgen_native, and around it: no thread anywhere."""

    async def main() -> None:
        for outer, inner in itertools.product((aatomic, aatomic_of_runtime), repeat=2):
            async with outer():
                await Tag.objects.acreate(name="a")
                async with inner():
                    await Tag.objects.acreate(name="b")
                with pytest.raises(KeyError):  # noqa: PT012
                    async with inner():
                        await Tag.objects.acreate(name="c")
                        raise KeyError
                assert pools()["default"].statistics().out == 1
            assert sorted([each.name async for each in Tag.objects.all()]) == ["a", "b"]
            await Tag.objects.all().adelete()

    run(main())
    assert threads == {threading.get_ident()}


@pytest.mark.usefixtures("installed")
def test_hooks_wait_for_the_commit_of_a_block_on_the_loop(run: Run) -> None:
    called: list[int] = []

    async def main() -> None:
        async with aatomic_of_runtime():
            await Tag.objects.acreate(name="a")
            await aon_commit(lambda: called.append(1))
            assert not called
        assert called == [1]
        with pytest.raises(KeyError):  # noqa: PT012
            async with aatomic_of_runtime():
                await aon_commit(lambda: called.append(2))
                raise KeyError
        assert called == [1]

    run(main())


@pytest.mark.usefixtures("installed")
def test_a_block_in_a_context_of_a_thread_stays_there(run: Run, threads: set[int]) -> None:
    """What the context set on its thread's connection holds in the block."""

    async def main() -> None:
        async with context_to_async(contextlib.nullcontext, exclusive=True)(), aatomic_of_runtime():
            await on_worker(lambda: Tag.objects.create(name="a"))()
            assert connection.vendor == "sqlite" or not pools().get("default")
        assert threading.get_ident() not in threads
        assert await Tag.objects.acount() == 1

    run(main())


@pytest.mark.usefixtures("installed")
def test_a_database_without_a_native_backend_has_its_block_on_a_thread(
    run: Run, threads: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native_transaction, "is_native", lambda alias: False)

    async def main() -> None:
        async with aatomic_of_runtime():
            await sync_to_async(lambda: Tag.objects.create(name="a"))()
        assert threading.get_ident() not in threads
        assert await Tag.objects.acount() == 1

    run(main())
