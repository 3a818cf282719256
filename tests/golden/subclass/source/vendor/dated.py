"""Two of its imports are called as others of the base class's module."""

from datetime import datetime

from vendor.bases import DatedQuerySet
from vendor.kinds import FIRST, Key


class ReleaseQuerySet(DatedQuerySet):
    def by(self, key: Key, since: datetime, size: int = FIRST) -> bool:
        return self.filter(key=key, since=since, size=size).exists()

    def only_the_releases_that_someone_can_download_by_now(self):
        return ReleaseQuerySet(self.model).filter(released=True)
