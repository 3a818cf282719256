"""What Django does around a request: on the loop where it is known, on the thread of the request
where it is not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from asyncgen_native import bridge, insides, serving
from asyncgen_native.pool import pools
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.asgi import get_asgi_application
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_started
from django.db import close_old_connections, connection, transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.middleware.cache import UpdateCacheMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.middleware.security import SecurityMiddleware
from django.test import AsyncRequestFactory
from django.urls import path

from tests.testproject.library.models import Tag

Run = Callable[[Coroutine[Any, Any, Any]], Any]
seen: dict[str, Any] = {}


async def native(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await bridge(Tag.objects.count)()))


async def on_thread(request: HttpRequest) -> HttpResponse:
    def count() -> int:
        seen["wrapper"] = connection._connections[connection._alias]  # type: ignore[attr-defined]
        return Tag.objects.count()

    return HttpResponse(str(await sync_to_async(count)()))


async def session(request: HttpRequest) -> HttpResponse:
    request.session["key"] = 1
    return HttpResponse()


urlpatterns = [path(f"{view.__name__}/", view) for view in (native, on_thread, session)]


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """As with "asyncgen_native" in INSTALLED_APPS, for one test, and all databases native."""
    for name in insides.AROUND_REQUESTS:
        monkeypatch.setattr(f"{name}.sync_to_async", sync_to_async)
    monkeypatch.setattr(serving, "connections", ["default"])
    serving.install()
    seen.clear()
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    settings.MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Tell of each request whether a thread was begun for it."""
    begun: list[bool] = []
    leave = ThreadSensitiveContext.__aexit__

    async def note(self: ThreadSensitiveContext, *error: Any) -> None:
        begun.append(SyncToAsync.context_to_thread_executor.get(self) is not None)
        await leave(self, *error)

    monkeypatch.setattr(ThreadSensitiveContext, "__aexit__", note)
    return begun


async def ask(url: str, method: str = "GET") -> int:
    """Return the status with which Django's ASGI handler answers."""
    scope = AsyncRequestFactory()._base_scope(path=url, method=method)
    messages: asyncio.Queue[Any] = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b""})  # Then the client waits.
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await get_asgi_application()({**scope, "type": "http"}, messages.get, send)
    status: int = sent[0]["status"]
    return status


@pytest.mark.parametrize(
    ("url", "has_thread"),
    [("/native/", False), ("/session/", False), ("/on_thread/", True)],
)
def test_a_request_has_a_thread_only_if_something_needs_it(
    run: Run, threads: list[bool], url: str, has_thread: bool
) -> None:
    assert run(ask(url)) == 200
    assert threads == [has_thread]


def test_caches_that_close_connections_do_so_on_the_thread(
    run: Run, threads: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        type(caches["default"]), "close", lambda self: seen.update(thread=threading.get_ident())
    )
    assert run(ask("/native/")) == 200
    assert seen["thread"] != threading.get_ident()
    assert threads == [True]


def test_the_connections_of_a_thread_are_closed_with_the_request(run: Run) -> None:
    assert run(ask("/on_thread/")) == 200
    assert seen["wrapper"].owner is None
    assert seen["wrapper"].connection is None


def test_receivers_of_others_run_on_the_thread(run: Run, threads: list[bool]) -> None:
    def receiver(**_: object) -> None:
        seen["thread"] = threading.get_ident()

    request_started.connect(receiver)
    try:
        assert run(ask("/native/")) == 200
    finally:
        request_started.disconnect(receiver)
    assert seen["thread"] != threading.get_ident()
    assert threads == [True]


@pytest.mark.parametrize(("method", "on_loop"), [("GET", True), ("POST", False)])
def test_a_body_is_read_on_the_thread(
    run: Run, monkeypatch: pytest.MonkeyPatch, method: str, on_loop: bool
) -> None:
    def process_view(self: CsrfViewMiddleware, *_: object) -> None:
        seen["thread"] = threading.get_ident()

    monkeypatch.setattr(CsrfViewMiddleware, "process_view", process_view)
    assert run(ask("/native/", method)) == 200
    assert (seen["thread"] == threading.get_ident()) is on_loop


class Derived(CommonMiddleware):
    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """May wait for anything."""
        return super().get_full_path_with_slash(request)


@pytest.mark.parametrize(
    ("cls", "sessions", "on_loop"),
    [
        (CommonMiddleware, "cache", True),
        (Derived, "db", False),
        (LocaleMiddleware, "db", False),  # opens files
        (UpdateCacheMiddleware, "db", False),
        (SecurityMiddleware, "cache", True),
        (SessionMiddleware, "db", True),
        (SessionMiddleware, "signed_cookies", True),
        (SessionMiddleware, "cache", False),
        (SessionMiddleware, "file", False),
        (CsrfViewMiddleware, "cache", False),
        (MessageMiddleware, "db", True),
        (MessageMiddleware, "cached_db", False),
        (AuthenticationMiddleware, "cache", True),
    ],
)
def test_which_middleware_runs_on_the_loop(
    settings: Any, cls: type[Any], sessions: str, on_loop: bool
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{sessions}"
    middleware = cls(native)
    for name in ("process_request", "process_response"):
        if hasattr(middleware, name):
            assert serving.runs_on_loop(getattr(middleware, name)) is on_loop


def test_messages_of_others_may_be_stored_anywhere(settings: Any) -> None:
    settings.MESSAGE_STORAGE = "messages.elsewhere.Storage"
    assert not serving.runs_on_loop(MessageMiddleware(native).process_response)


def test_with_mixed_engines_all_is_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "is_native", lambda alias: False)
    assert not serving.runs_on_loop(CommonMiddleware(native).process_request)


def test_what_closes_files_is_on_the_thread(run: Run, tmp_path: Any) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x")

    async def main() -> list[bool]:
        async with ThreadSensitiveContext():
            plain, uploaded, sent = HttpResponse(), HttpResponse(), FileResponse(file.open("rb"))
            asking: Any = AsyncRequestFactory().get("/")
            uploading: Any = AsyncRequestFactory().post("/", {"f": SimpleUploadedFile("f", b"x")})
            assert uploading.FILES
            plain._resource_closers.append(asking.close)
            uploaded._resource_closers.append(uploading.close)
            found = [serving.runs_on_loop(each.close) for each in (plain, uploaded, sent)]
            for each in (plain, uploaded, sent):
                await sync_to_async(each.close)()
            return found

    assert run(main()) == [True, False, False]


def test_closing_old_connections_in_a_call_leaves_those_of_the_pool(run: Run) -> None:
    async def main() -> None:
        await bridge(Tag.objects.count)()
        (before,) = pools()["default"]._opened
        await bridge(close_old_connections)()
        await bridge(Tag.objects.count)()
        assert set(pools()["default"]._opened) == {before}

    run(main())


def test_closing_old_connections_in_plain_async_code_leaves_what_its_context_holds(
    run: Run,
) -> None:
    """A response that is closed there says that the request is over, and nothing can wait."""

    async def main() -> None:
        await bridge(transaction.set_autocommit)(False)
        await bridge(Tag.objects.create)(name="a")
        close_old_connections()
        assert await bridge(Tag.objects.count)() == 1
        await bridge(transaction.rollback)()
        await bridge(transaction.set_autocommit)(True)
        assert await bridge(Tag.objects.count)() == 0

    run(main())
