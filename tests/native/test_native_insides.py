"""What is private in Django, asgiref and psycopg is as it was when it was relied on."""

from __future__ import annotations

import ast
import asyncio
import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asgiref.sync
import django
import pytest
from asyncgen_native import insides
from asyncgen_native.insides import AROUND_REQUESTS, ASYNC_UNSAFE, SYNC_TO_ASYNC, TESTED
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3 import base as sqlite3_base
from django.db.models import Manager, QuerySet
from django.db.models.manager import BaseManager
from django.dispatch import Signal
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.connection import BaseConnectionHandler

postgresql_base = pytest.importorskip("django.db.backends.postgresql.base")

DJANGO = Path(django.__file__).parent

# They hand `sync_to_async` other people's code, or none that queries.
OTHER_PEOPLES = {
    "django.contrib.auth",
    "django.contrib.auth.decorators",
    "django.contrib.auth.hashers",
    "django.contrib.auth.middleware",
    "django.contrib.staticfiles.handlers",
    "django.core.handlers.exception",
    "django.core.paginator",
    "django.http.response",
    "django.tasks.backends.base",
    "django.tasks.base",
    "django.test.client",
    "django.test.testcases",
    "django.test.utils",
    "django.utils.asyncio",
}

# Names of our own classes, and of psycopg's connections, which Django has elsewhere; and what is
# documented: https://docs.djangoproject.com/en/stable/ref/models/meta/
OF_OTHERS = {
    "asyncgen_native/overrides.py": {"_meta"},
    "asyncgen_native/transaction.py": {"_savepoint"},
    "asyncgen_native/wrapper.py": {"_pool"},
    "sqlite3/connection.py": {"_cursor"},
}


def sources(*below: str) -> Iterator[tuple[str, ast.Module]]:
    for path in DJANGO.joinpath(*below).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "async" in text:
            parts = path.relative_to(DJANGO.parent).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            yield name, ast.parse(text)


def test_this_django_is_tested() -> None:
    assert django.VERSION[:2] in TESTED


def test_the_guarded_methods_of_wrappers_are_those_of_the_table() -> None:
    guarded = {
        function.name
        for _, tree in sources("db", "backends")
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Name) and decorator.id == "async_unsafe"
    }
    assert guarded == set(ASYNC_UNSAFE)


def test_what_binds_sync_to_async_is_known() -> None:
    binding = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "asgiref.sync"
        if any(alias.name == "sync_to_async" for alias in node.names)
    }
    assert not OTHER_PEOPLES & {*SYNC_TO_ASYNC, *AROUND_REQUESTS}
    assert binding <= OTHER_PEOPLES | {*SYNC_TO_ASYNC, *AROUND_REQUESTS}
    assert {*SYNC_TO_ASYNC, *AROUND_REQUESTS} <= binding


def test_what_closing_a_response_does_is_known() -> None:
    """Closers, and those who hear of it: nothing else."""
    close = ast.parse(textwrap.dedent(inspect.getsource(HttpResponseBase.close)))
    called = {ast.unparse(each.func) for each in ast.walk(close) if isinstance(each, ast.Call)}
    assert called == {"closer", "self._resource_closers.clear", "signals.request_finished.send"}
    assert "self._stream.close()" in inspect.getsource(ASGIRequest.close)
    assert "self._files" in inspect.getsource(HttpRequest.close)


def test_the_receivers_of_a_signal_are_found_in_what_sends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handed: list[Callable[..., object]] = []

    def note(func: Callable[..., object]) -> Any:
        handed.append(func)
        return asgiref.sync.sync_to_async(func)

    def receiver(**_: object) -> None: ...

    monkeypatch.setattr("django.dispatch.dispatcher.sync_to_async", note)
    signal = Signal()
    signal.connect(receiver)
    asyncio.run(signal.asend(None))
    asyncio.run(signal.asend_robust(None))
    assert [insides.receivers_of(func) for func in handed] == [[receiver], [receiver]]
    assert insides.receivers_of(print) is None
    assert insides.receivers_of(receiver) is None


def test_a_context_has_a_thread_from_its_first_hop() -> None:
    async def main() -> list[bool]:
        seen = [insides.context_has_thread()]  # It may be that of whoever runs the loop.
        async with asgiref.sync.ThreadSensitiveContext():
            seen.append(insides.context_has_thread())
            await asgiref.sync.sync_to_async(int)()
            seen.append(insides.context_has_thread())
        return seen

    assert asyncio.run(main()) == [True, False, True]
    assert asgiref.sync.async_to_sync(main)() == [True, True, True]


def test_the_guard_keeps_what_it_guards() -> None:
    method = BaseDatabaseWrapper.connect
    assert insides.unguarded(method).__code__.co_name == "connect"  # type: ignore[attr-defined]


def test_connections_are_attributes_of_a_local_of_the_thread() -> None:
    source = inspect.getsource(BaseConnectionHandler)
    assert "self._connections = Local(self.thread_critical)" in source
    assert "getattr(self._connections, alias)" in source
    assert "setattr(self._connections, alias, conn)" in source


def private(classes: tuple[type, ...]) -> set[str]:
    """The private names of classes of Django, and of what their methods set."""
    names = {name for cls in classes for name in dir(cls)}
    bases = {base for cls in classes for base in cls.__mro__ if base.__module__ != "builtins"}
    for cls in bases:
        tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
        names |= {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def test_nothing_else_relies_on_what_is_private_in_django() -> None:
    """Nor takes for itself, in a class of Django's, a name that Django has."""
    wrappers = (BaseDatabaseWrapper, sqlite3_base.DatabaseWrapper, postgresql_base.DatabaseWrapper)
    theirs = private((*wrappers, transaction.Atomic, BaseConnectionHandler, Signal, QuerySet))
    assert {"_close", "_connections", "_live_receivers"} <= theirs
    ours: dict[str, set[str]] = {}
    for path in Path(inspect.getsourcefile(insides) or "").parent.rglob("*.py"):
        found = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
        ours[path.relative_to(path.parents[1]).as_posix()] = found & theirs
    assert ours.pop("asyncgen_native/insides.py") >= {"_close", "_connections"}
    assert {path: names for path, names in ours.items() if names} == OF_OTHERS


def test_managers_make_querysets_of_a_class_that_they_name() -> None:
    class Special(QuerySet[Any]):
        pass

    assert insides.queryset_class(Manager.from_queryset(Special)()) is Special
    source = inspect.getsource(BaseManager.get_queryset)
    assert "return self._queryset_class(model=self.model" in source


def test_closing_goes_through_one_method() -> None:
    assert "self._close()" in inspect.getsource(BaseDatabaseWrapper.close)


def test_async_to_sync_keeps_what_it_calls() -> None:
    async def coroutine() -> None: ...

    assert asgiref.sync.async_to_sync(coroutine).awaitable is coroutine


def test_django_connects_to_postgresql_through_an_attribute() -> None:
    base = pytest.importorskip("django.db.backends.postgresql.base")
    source = inspect.getsource(base.DatabaseWrapper)
    assert "self.Database.connect(**conn_params)" in source
    assert "if self.pool:" in source


def test_psycopgs_two_connections_wait_for_the_same_generators() -> None:
    psycopg = pytest.importorskip("psycopg")
    for name in ("commit", "rollback"):
        gen = f"self._{name}_gen()"
        assert gen in inspect.getsource(getattr(psycopg.Connection, name))
        assert gen in inspect.getsource(getattr(psycopg.AsyncConnection, name))
    connect = inspect.getsource(psycopg.Connection.connect)
    for attribute in ("_autocommit", "_adapters", "prepare_threshold", "cursor_factory"):
        assert f"rv.{attribute} = " in connect
    assert "with self.lock" in inspect.getsource(psycopg.Connection.commit)


def test_outside_of_calls_what_others_put_in_place_of_a_guarded_method_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from asyncgen_native.sqlite3.base import DatabaseWrapper

    called: list[object] = []
    monkeypatch.setattr(BaseDatabaseWrapper, "connect", lambda self: called.append(self))
    wrapper = DatabaseWrapper({"OPTIONS": {}, "TIME_ZONE": None}, "other")
    wrapper.connect()
    assert called == [wrapper]
