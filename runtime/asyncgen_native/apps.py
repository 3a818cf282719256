"""``"asyncgen_native"`` in INSTALLED_APPS: Django's async methods on the loop, and checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class AsyncgenNativeConfig(AppConfig):
    """Has the loop run what it can of Django's async code, and registers the system checks."""

    name = "asyncgen_native"

    def ready(self) -> None:
        from . import routes, serving
        from .checks import check_native

        checks.register(check_native)
        routes.install()
        serving.install()
