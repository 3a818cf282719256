from django.db import models


class BerthQuerySet(models.QuerySet):
    def free(self):
        return self.exclude(visit__is_over=False)

    def longest(self):
        return self.order_by("-metres").first()


class VisitQuerySet(models.QuerySet):
    def current(self):
        return self.filter(is_over=False)

    def close(self):
        return self.current().update(is_over=True)

    def ships(self):
        """The names of the ships, one after the other."""
        for visit in self.select_related("ship").iterator():
            yield visit.ship.name
