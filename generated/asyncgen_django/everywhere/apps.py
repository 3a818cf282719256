"""The app that puts the twins onto Django's own classes."""

from __future__ import annotations

from asyncgen_runtime.transaction import explain_atomic
from django.apps import AppConfig

from asyncgen_django.everywhere.install import install, join_copies


class EverywhereConfig(AppConfig):
    name = "asyncgen_django.everywhere"
    label = "asyncgen_everywhere"

    def ready(self) -> None:
        install()
        join_copies()
        explain_atomic()
