"""What Django does around every request, on the loop where it waits for databases at most.

Django's ASGI handler sends the receivers of its signals and the methods of its middleware to the
thread of the request, which it begins and ends for them. Where views run on the loop, nothing else
needs that thread, and the loop waits for it. It is known what Django's own wait for; a class that
is derived from one, and receivers of others, may wait for anything, and go to the thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import asyncgen_runtime
from django.conf import settings
from django.core.cache import caches, close_caches
from django.core.cache.backends.base import BaseCache
from django.core.handlers.base import reset_urlconf
from django.db import close_old_connections, connections, reset_queries

from .calls import call, sync_to_async_unless
from .insides import AROUND_REQUESTS, closed_with, context_has_thread, receivers_of, use_in_django
from .wrapper import is_native

_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_SESSIONS = (
    "django.contrib.sessions.backends.db",
    "django.contrib.sessions.backends.signed_cookies",
)
_RECEIVERS = (close_caches, close_old_connections, reset_queries, reset_urlconf)


def _always() -> bool:
    return True


def _with_sessions() -> bool:
    """Tell whether sessions are in a database or in cookies: not in files or on a network."""
    return settings.SESSION_ENGINE in _SESSIONS


def _with_messages() -> bool:
    return _with_sessions() and settings.MESSAGE_STORAGE.startswith("django.contrib.messages.")


_MIDDLEWARE = {
    "django.contrib.auth.middleware.AuthenticationMiddleware": _always,
    "django.contrib.messages.middleware.MessageMiddleware": _with_messages,
    "django.contrib.sessions.middleware.SessionMiddleware": _with_sessions,
    "django.middleware.clickjacking.XFrameOptionsMiddleware": _always,
    "django.middleware.common.CommonMiddleware": _always,
    "django.middleware.csrf.CsrfViewMiddleware": _with_sessions,
    "django.middleware.security.SecurityMiddleware": _always,
}
"""Django's middleware, and whether it waits for databases at most."""


async def _unless_it_reads(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call `func` on the loop, unless it looks at a request's body, which may be a large file."""
    __traceback_hide__ = True
    if func.__name__ == "process_view" and args[0].method not in _SAFE:
        return await asyncgen_runtime.on_worker(func)(*args, **kwargs)
    return await call(func, *args, **kwargs)


def runs_on_loop(func: Callable[..., Any]) -> bool:
    """Tell whether `func` is what Django does around a request, and waits for databases at most."""
    if not all(map(is_native, connections)):
        return False
    receivers = receivers_of(func)
    if receivers is None:
        receivers = closed_with(func)
    if receivers is not None:
        return _are_known(receivers) and not context_has_thread()
    cls = type(getattr(func, "__self__", None))
    waits_for_databases = _MIDDLEWARE.get(f"{cls.__module__}.{cls.__qualname__}")
    return waits_for_databases is not None and waits_for_databases()


def _are_known(receivers: Iterable[object]) -> bool:
    """Tell whether receivers are Django's, about the thread's connections and what it computes."""
    return all(
        each in _RECEIVERS and (each is not close_caches or _close_nothing()) for each in receivers
    )


def _close_nothing() -> bool:
    """Tell whether none of the caches in use has something to close, such as connections."""
    used: Iterable[BaseCache] = caches.all(initialized_only=True)
    return all(type(each).close is BaseCache.close for each in used)


def install() -> None:
    """Have Django do on the loop what can be done there around a request."""
    use_in_django(sync_to_async_unless(runs_on_loop, _unless_it_reads), AROUND_REQUESTS)
