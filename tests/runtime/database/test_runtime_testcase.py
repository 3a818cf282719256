"""In Django's own test cases, whose async tests run below a sync caller."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from types import ModuleType
from unittest import mock, skipIf

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from asyncgen_runtime import context_to_async, iterator_to_async
from asyncgen_runtime.test import (
    aassert_num_queries,
    aassert_queryset_equal,
    acapture_queries,
)
from asyncgen_runtime.transaction import aatomic, aon_commit
from django.core.asgi import get_asgi_application
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.http import HttpResponse
from django.test import AsyncClient, TestCase, TransactionTestCase, override_settings
from django.urls import path

from tests.testproject.library.models import Author


class Failure(Exception):
    pass


async def async_view(request):
    thread = await sync_to_async(threading.get_ident)()
    async with aatomic():
        await Author.objects.acreate(name="a")
        different = await sync_to_async(threading.get_ident)() != thread
    return HttpResponse(str(different))


def sync_view(request, fail=False):
    async def work():
        async with aatomic():
            await Author.objects.acreate(name="a")
            return await sync_to_async(threading.get_ident)() == thread

    thread = threading.get_ident()
    same = async_to_sync(work)()
    if fail:
        raise Failure
    return HttpResponse(str(same))


async def nested_view(request, name):
    await Author.objects.acreate(name=f"before {name}")
    async with aatomic():
        await Author.objects.acreate(name=name)
        await asyncio.sleep(0)
        await Author.objects.acount()
        if name == "fail":
            raise Failure
    return HttpResponse(name)


class Querying:
    """Middleware as of before Django 3.1, which Django runs on the request's thread."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        Author.objects.count()
        response = self.get_response(request)
        Author.objects.count()
        return response


async def committing_view(request, name):
    committed = []
    async with aatomic():
        await Author.objects.acreate(name=name)
        await asyncio.sleep(0)
        async with aatomic():
            await Author.objects.acount()
        await aon_commit(lambda: committed.append(connection.in_atomic_block))
        assert committed == []
    return HttpResponse(str(committed))


class Lasting:
    """Views that leave an iteration to a task, and go on with it, which another request does."""

    def __init__(self):
        self.got, self.go_on, self.task = [], asyncio.Event(), None

    async def iterate(self):
        iterator = Author.objects.order_by("name").iterator
        async for author in iterator_to_async(iterator, call_now=True, chunk_size=2)():
            self.got.append(author.name)
            await self.go_on.wait()

    async def begin(self, request):
        self.task = asyncio.create_task(self.iterate())
        while not self.got:
            await asyncio.sleep(0)
        return HttpResponse()

    async def finish(self, request):
        await Author.objects.acount()
        self.go_on.set()
        await asyncio.wait([self.task], timeout=30)
        return HttpResponse(status=200 if self.task.done() else 504)


async def request(application, path):
    """Send a request as a server does, and return the status of the response."""
    messages = []
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    body = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        return body.pop() if body else await asyncio.Event().wait()

    async def send(message):
        messages.append(message)

    await application(scope, receive, send)
    return messages[0]["status"]


urlpatterns = [
    path("nested/<str:name>/", nested_view),
    path("async/", async_view),
    path("committing/<str:name>/", committing_view),
    path("sync/", sync_view),
    path("sync/fail/", sync_view, {"fail": True}),
]


class InATransaction(TestCase):
    """Every block is a savepoint in the transaction of the test, which is rolled back."""

    @classmethod
    def setUpTestData(cls):
        Author.objects.create(name="of the class")

    async def test_block_nests_in_the_transaction_of_the_test(self):
        async with aatomic():
            thread = await sync_to_async(threading.get_ident)()
            assert thread == threading.main_thread().ident
            assert await Author.objects.acount() == 1
            await Author.objects.acreate(name="a")
        with self.assertRaises(Failure):  # noqa: PT027
            async with aatomic():
                await Author.objects.acreate(name="b")
                raise Failure
        assert await Author.objects.acount() == 2

    async def test_the_test_before_left_nothing(self):
        assert await Author.objects.acount() == 1

    async def test_durable(self):
        async with aatomic(durable=True):
            await Author.objects.acreate(name="a")

    async def test_blocks_at_once(self):
        """They wait for one another: there is one connection, and savepoints cannot overlap."""

        async def work(n):
            async with aatomic():
                await Author.objects.acreate(name=str(n))
                await Author.objects.acount()
                if n % 2:
                    raise Failure

        await asyncio.gather(*[work(n) for n in range(6)], return_exceptions=True)
        await aassert_queryset_equal(
            Author.objects.exclude(name="of the class"), ["0", "2", "4"], str, ordered=False
        )

    async def test_a_task_that_outlives_the_block_it_was_started_in(self):
        """It takes its turn with the others, outside of the block that is gone."""

        async def work(n):
            for _ in range(3):
                async with aatomic():
                    await Author.objects.acreate(name=str(n))
                    await Author.objects.acount()

        go_on = asyncio.Event()

        async def outlive():
            await go_on.wait()
            await work("outlived")

        async with aatomic():
            task = asyncio.create_task(outlive())
            await Author.objects.acount()
        go_on.set()
        await asyncio.gather(task, work("other"))
        assert await Author.objects.acount() == 7

    @override_settings(ROOT_URLCONF=__name__)
    async def test_requests_at_once(self):
        """Of one connection; the blocks of their views wait for one another, and so do queries."""
        application = get_asgi_application()
        paths = ("/nested/a/", "/nested/b/", "/nested/fail/", "/nested/c/")
        # As the test client does: it would be the connection of the test.
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
            self.addCleanup(signal.connect, close_old_connections)
        statuses = await asyncio.gather(*[request(application, each) for each in paths])
        assert statuses == [200, 200, 500, 200]
        await aassert_queryset_equal(
            Author.objects.exclude(name="of the class"),
            ["a", "b", "before a", "before b", "before c", "before fail", "c"],
            str,
            ordered=False,
        )

    async def test_sync_code_that_comes_back_while_a_block_waits(self):
        loop, started, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        async def block(name):
            async with aatomic():
                await Author.objects.acreate(name=name)
                await Author.objects.acount()

        def legacy():
            loop.call_soon_threadsafe(started.set)
            assert go_on.wait(20)
            async_to_sync(block)("legacy")

        async def other():
            await started.wait()
            entering = asyncio.create_task(block("other"))
            await asyncio.sleep(0)
            go_on.set()
            await entering

        await asyncio.gather(sync_to_async(legacy)(), other())
        assert await Author.objects.acount() == 3

    async def test_a_query_waits_for_a_siblings_block(self):
        inside = asyncio.Event()

        async def fails():
            async with aatomic():
                inside.set()
                await asyncio.sleep(0)
                raise Failure

        async def plain():
            await inside.wait()
            await Author.objects.acreate(name="plain")

        await asyncio.gather(fails(), plain(), return_exceptions=True)
        assert await Author.objects.filter(name="plain").aexists()

    async def test_messages_are_those_of_django(self):
        def count(number):
            with self.assertNumQueries(number):
                Author.objects.count()

        def compare(values):
            self.assertQuerySetEqual(Author.objects.order_by("pk"), values, transform=str)

        async def acount(number):
            async with aassert_num_queries(number):
                await Author.objects.acount()

        async def acompare(values):
            await aassert_queryset_equal(Author.objects.order_by("pk"), values, transform=str)

        for sync, asynchronous, wrong in ((count, acount, 2), (compare, acompare, ["x"])):
            with self.assertRaises(AssertionError) as expected:  # noqa: PT027
                await sync_to_async(sync)(wrong)
            with self.assertRaises(AssertionError) as raised:  # noqa: PT027
                await asynchronous(wrong)
            assert str(raised.exception) == str(expected.exception)

    async def test_callbacks_are_captured_as_they_are(self):
        def notify():
            pass

        async def anotify():
            pass

        capture = context_to_async(self.captureOnCommitCallbacks)
        async with capture() as callbacks:
            await aon_commit(notify)
            await aon_commit(anotify)
        assert callbacks[0] is notify
        assert callbacks[1].__qualname__ == anotify.__qualname__

    async def test_on_commit(self):
        log = []

        async def asynchronous():
            log.append(await Author.objects.acount())

        capture = context_to_async(self.captureOnCommitCallbacks)
        async with capture(execute=True) as callbacks:
            async with aatomic():
                await aon_commit(asynchronous)
            assert log == []
        assert log == [1]
        assert len(callbacks) == 1

    async def test_queries(self):
        async with aassert_num_queries(3) as captured, aatomic():
            await Author.objects.acount()
        assert "SAVEPOINT" in captured[0]["sql"]
        with self.assertRaisesRegex(AssertionError, "1 queries executed, 2 expected"):  # noqa: PT027
            async with aassert_num_queries(2):
                await Author.objects.acount()

    async def test_iteration(self):
        rows = iterator_to_async(Author.objects.iterator, call_now=True)
        assert [author.name async for author in rows()] == ["of the class"]


class WithoutATransaction(TransactionTestCase):
    """Every outermost block is a transaction on a connection of its own."""

    async def test_block(self):
        async with aatomic():
            thread = await sync_to_async(threading.get_ident)()
            assert thread != threading.main_thread().ident
            await Author.objects.acreate(name="a")
        with self.assertRaises(Failure):  # noqa: PT027
            async with aatomic():
                await Author.objects.acreate(name="b")
                raise Failure
        await aassert_queryset_equal(Author.objects.all(), ["a"], transform=str)

    async def test_queries_in_blocks_are_captured_as_in_sync_code(self):
        @transaction.atomic
        def sync_work():
            Author.objects.count()
            with transaction.atomic():
                Author.objects.count()

        @aatomic
        async def async_work():
            await Author.objects.acount()
            async with aatomic():
                await Author.objects.acount()

        def kinds(captured):
            return [query["sql"].split()[0] for query in captured]

        async with acapture_queries() as expected:
            await sync_to_async(sync_work)()
        async with acapture_queries() as captured:
            await async_work()
        assert kinds(captured) == kinds(expected)
        assert kinds(captured) == ["BEGIN", "SELECT", "SAVEPOINT", "SELECT", "RELEASE", "COMMIT"]

    async def test_captures_are_of_what_is_started_inside(self):
        go_on = asyncio.Event()

        async def other():
            await go_on.wait()
            async with aatomic():
                await Author.objects.acount()

        task = asyncio.create_task(other())
        async with acapture_queries() as outer:
            async with acapture_queries() as inner, aatomic():
                await Author.objects.acount()
            go_on.set()
            await task
        assert [len(outer), len(inner)] == [3, 3]

    async def test_on_commit(self):
        log = []

        async def asynchronous():
            log.append(await Author.objects.acount())

        async with aatomic():
            await Author.objects.acreate(name="a")
            await aon_commit(asynchronous)
        assert log == [1]

    @override_settings(ROOT_URLCONF=__name__)
    async def test_async_view(self):
        """Under ASGI every request has a thread-sensitive context; the block has another one."""
        response = await self.async_client.get("/async/")
        assert response.content == b"True"
        await aassert_queryset_equal(Author.objects.all(), ["a"], transform=str)

    @override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.Querying"])
    @skipIf(connection.settings_dict["NAME"] == ":memory:", "SQLite's shared cache cannot wait")
    async def test_sync_middleware_above_blocks(self):
        """Eight requests at once: each block commits before its view answers."""
        names = "abcdefgh"
        answers = [AsyncClient().get(f"/committing/{name}/") for name in names]
        responses = await asyncio.wait_for(asyncio.gather(*answers), timeout=60)
        assert {response.content for response in responses} == {b"[False]"}
        await aassert_queryset_equal(Author.objects.order_by("name"), list(names), transform=str)

    @override_settings(ROOT_URLCONF=__name__)
    def test_sync_view_under_atomic_requests(self):
        """The transaction of the request goes on in the async code that its view calls."""
        with mock.patch.dict(connection.settings_dict, ATOMIC_REQUESTS=True):
            for path in ("/sync/", "/sync/fail/"):
                with suppress(Failure):
                    assert self.client.get(path).content == b"True"
        assert [author.name for author in Author.objects.all()] == ["a"]

    def test_the_connection_of_the_test_is_not_in_debug_mode(self):
        assert connection.force_debug_cursor is False


# SQLite lets a cursor be closed on its own thread alone, which is gone with the request.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("nothing_left")
def test_an_iteration_that_outlives_its_request(run):
    """As a server runs it, below no sync caller: it ends with an error that says what to do, and
    other requests go on."""

    async def main():
        lasting = Lasting()
        await Author.objects.abulk_create([Author(name=name) for name in "abcdef"])
        views = ModuleType("views")
        views.urlpatterns = [path("begin/", lasting.begin), path("finish/", lasting.finish)]
        with override_settings(ROOT_URLCONF=views):
            application = get_asgi_application()
            assert await request(application, "/begin/") == 200
            assert await request(application, "/finish/") == 200
        with pytest.raises(RuntimeError, match="before the request ends"):
            await lasting.task
        assert lasting.got == ["a", "b"]

    run(main())
