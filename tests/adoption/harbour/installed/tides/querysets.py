from django.db import models


class DatedQuerySet(models.QuerySet):
    def newest_first(self):
        return self.order_by("-made_on", "-pk")

    def newest(self):
        return self.newest_first().first()
