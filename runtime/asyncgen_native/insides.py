"""What is private in Django and asgiref, and relied on here. Nothing else is.

`tests/native/test_native_insides.py` compares each of these with the source of the installed
Django. A Django that is not in `TESTED` gets a warning from ``manage.py check``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

import asgiref.sync
from django.apps import apps
from django.core.handlers.asgi import ASGIRequest
from django.core.signals import request_finished
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Manager, Model, QuerySet
from django.dispatch import Signal
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from .greenlets import await_, in_bridge

T = TypeVar("T")

TESTED = ((5, 2), (6, 0), (6, 1))
"""The series of Django that the tests have run with."""

ASYNC_UNSAFE = (
    "chunked_cursor",
    "clean_savepoints",
    "close",
    "commit",
    "connect",
    "create_cursor",
    "cursor",
    "ensure_connection",
    "get_new_connection",
    "rollback",
    "savepoint",
    "savepoint_commit",
    "savepoint_rollback",
)
"""The methods of database wrappers that Django forbids on a thread with a running event loop."""

SYNC_TO_ASYNC = (
    "django.contrib.auth.backends",
    "django.contrib.contenttypes.fields",
    "django.contrib.sessions.backends.base",
    "django.contrib.sessions.backends.db",
    "django.core.cache.backends.base",
    "django.db.models.base",
    "django.db.models.fields.related_descriptors",
    "django.db.models.query",
)
"""The modules whose async methods are made of a `sync_to_async` that they import by name.

Not those that hand it other people's code: receivers of signals, middleware, tasks, tests of users.
"""

AROUND_REQUESTS = (
    "django.core.handlers.asgi",
    "django.core.handlers.base",
    "django.dispatch.dispatcher",
    "django.utils.deprecation",
)
"""The modules that hand it the receivers and the middleware around a request."""

ONLY_QUERIES = (
    "django.contrib.auth.backends",
    "django.contrib.auth.base_user",
    "django.contrib.auth.models",
    "django.contrib.contenttypes",
    "django.contrib.sessions.backends.base",
    "django.contrib.sessions.backends.db",
    "django.contrib.sites",
    "django.core.cache.backends.db",
    "django.db",
)
"""Where Django's code waits for databases alone: these modules, and those in these packages."""

NOT_ONLY_QUERIES = frozenset({"authenticate", "check_password", "set_password"})
"""Names in there of what takes long for other reasons: hashing."""

FILES = "django.db.models.fields.files"
"""The module in there that waits for storages."""


def only_queries(defined: object) -> bool:
    """Tell whether what is defined in some module is Django's, and waits for databases alone."""
    # What is built in, and a stand-in of `unittest.mock`, may have None for a module.
    return _is_queries_alone(getattr(defined, "__module__", None) or "")


@functools.cache
def _is_queries_alone(module: str) -> bool:
    inside = any(module == each or module.startswith(f"{each}.") for each in ONLY_QUERIES)
    return inside and module != FILES


def queryset_class(manager: Manager[Model]) -> type[QuerySet[Model]]:
    """Return the class of the querysets that Django's `get_queryset` of a manager makes."""
    found: Any = manager
    cls: type[QuerySet[Model]] = found._queryset_class
    return cls


def use_in_django(bridge: Callable[..., Any], names: Sequence[str]) -> None:
    """Have modules of Django use `bridge`, which is of the shape of sync_to_async."""
    for name in names:
        app = ".".join(name.split(".")[:3])
        if not app.startswith("django.contrib.") or apps.is_installed(app):
            module = importlib.import_module(name)
            setattr(module, "sync_to_async", bridge)  # noqa: B010  it is not exported


def receivers_of(func: Callable[..., object]) -> Sequence[object] | None:
    """Return the receivers that Django groups in `func` to send a signal to; None if it is another
    function."""
    code: Any = getattr(func, "__code__", None)
    if code is None or code.co_name != "sync_send" or func.__module__ != Signal.__module__:
        return None
    cells = dict(zip(code.co_freevars, func.__closure__ or (), strict=True))
    receivers: Sequence[object] = cells["sync_receivers"].cell_contents
    return receivers


def closed_with(func: Callable[..., object]) -> Sequence[object] | None:
    """Return the receivers that hear of it when `func` closes a response and its request; None if
    it is another function, or closes more: files that were sent or uploaded, and streams."""
    if getattr(func, "__func__", None) is not HttpResponseBase.close:
        return None
    response: Any = getattr(func, "__self__")  # noqa: B009
    for closer in response._resource_closers:
        request = getattr(closer, "__self__", None)
        closes_request = getattr(closer, "__func__", None) in (ASGIRequest.close, HttpRequest.close)
        if not closes_request or getattr(request, "_files", None):
            return None
    signal: Any = request_finished
    receivers: Sequence[object] = signal._live_receivers(response._handler_class)[0]
    return receivers


def context_has_thread() -> bool:
    """Tell whether a thread may have worked for this context, and have connections of its own."""
    hops: Any = asgiref.sync.SyncToAsync
    context = hops.thread_sensitive_context.get(None)
    if context is None or hops.context_to_thread_executor.get(context) is not None:
        return True
    return getattr(asgiref.sync.AsyncToSync.executors, "current", None) is not None


class Native(BaseDatabaseWrapper):
    """A wrapper of ours. It tells when the driver's connection was closed, whoever did it."""

    def was_closed(self, connection: Any) -> None:
        """Hear that `connection` was closed, or that closing it failed."""
        raise NotImplementedError

    def _close(self) -> None:
        connection = self.connection
        try:
            super()._close()  # type: ignore[misc]  # The stubs leave out what is private.
        finally:
            if connection is not None:
                self.was_closed(connection)


def allow_in_calls(cls: type[BaseDatabaseWrapper]) -> None:
    """Let wrappers of ours through Django's guard in a call, where they do not block the loop.

    Elsewhere the guard stays: a query in plain async code raises SynchronousOnlyOperation. It is
    let down where it is, in `cls` and the classes above it, so that what others put in the place
    of a method, such as monitors, is called as ever.
    """
    for each in cls.__mro__:
        for name in vars(each).keys() & set(ASYNC_UNSAFE):
            method = vars(each)[name]
            if hasattr(method, "__wrapped__") and method not in _let_down:
                setattr(each, name, _passable(method))


def unguarded(method: Callable[..., T]) -> Callable[..., T]:
    """Return what Django's guard lets through where no event loop runs."""
    return cast(Callable[..., T], getattr(method, "__wrapped__"))  # noqa: B009


_let_down: set[Callable[..., object]] = set()


def _passable(method: Callable[..., object]) -> Callable[..., object]:
    inside = unguarded(method)

    @functools.wraps(inside)
    def passable(self: BaseDatabaseWrapper, *args: object, **kwargs: object) -> object:
        if in_bridge() and isinstance(self, Native):
            return inside(self, *args, **kwargs)
        return method(self, *args, **kwargs)

    _let_down.add(passable)
    return passable


class Wrappers(Protocol):
    """Django's ``connections._connections``: a wrapper an attribute, named by its alias."""

    def __getattr__(self, alias: str) -> BaseDatabaseWrapper: ...
    def __setattr__(self, alias: str, wrapper: BaseDatabaseWrapper) -> None: ...
    def __delattr__(self, alias: str) -> None: ...


def replace_wrappers(make: Callable[[Wrappers], Wrappers]) -> None:
    """Have ``django.db.connections`` keep its wrappers in what `make` makes of where they are."""
    handler: Any = connections
    handler._connections = make(handler._connections)


def replace_async_to_sync() -> None:
    """Have ``async_to_sync`` work in a call on the loop, for its coroutine is awaited there.

    Elsewhere on the thread of a running loop it raises RuntimeError as ever. Django calls it to
    send signals to async receivers.
    """
    cls: Any = asgiref.sync.AsyncToSync
    before = cls.__call__

    @functools.wraps(before)
    def __call__(self: Any, *args: object, **kwargs: object) -> object:
        if in_bridge():
            return await_(self.awaitable(*args, **kwargs))
        return before(self, *args, **kwargs)

    cls.__call__ = __call__
