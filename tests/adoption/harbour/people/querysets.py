from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from people.models import Crew


class CrewQuerySet(models.QuerySet["Crew"]):
    def aboard(self):
        return self.filter(ship__isnull=False)

    def names(self):
        """The names of all, in order."""
        return list(self.order_by("name").values_list("name", flat=True))


class LicenceQuerySet(models.QuerySet):
    def valid_on(self, day):
        return self.filter(until__gte=day)

    def revoke(self):
        return self.update(is_revoked=True)
