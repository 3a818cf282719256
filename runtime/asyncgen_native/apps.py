"""``"asyncgen_native"`` in INSTALLED_APPS: Django's async methods on the loop, and checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class AsyncgenNativeConfig(AppConfig):
    """Routes Django's own async methods to the loop, and registers the system checks."""

    name = "asyncgen_native"

    def ready(self) -> None:
        from .checks import check_native
        from .routes import install

        checks.register(check_native)
        install()
