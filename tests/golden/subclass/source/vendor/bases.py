"""What the entries inherit from, with names of its own: the same for other things."""

import datetime
from collections.abc import Mapping
from datetime import date as Key

from django.db import models

from vendor.limits import FIRST


class DatedQuerySet(models.QuerySet):
    def on(self, day: Key, size: int = FIRST, at: datetime.time | None = None) -> int:
        return self.filter(day=day, size=size, at=at).count()

    def by_day(self, days: Mapping[Key, int]) -> int:
        return self.filter(day__in=days).count()
