"""List what asyncgen_django.everywhere changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from asyncgen_django.everywhere.install import changes


class Command(BaseCommand):
    help = "List the twins that asyncgen_django.everywhere put onto Django's classes."

    def handle(self, *args: Any, **options: Any) -> None:
        for where, name, how in changes():
            self.stdout.write(f"{where}.{name}: {how}")
        self.stdout.write(
            "django.db.transaction.Atomic.__enter__: its error in async code names aatomic()"
        )
