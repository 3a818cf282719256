# https://docs.djangoproject.com/en/stable/topics/db/managers/

from django.db.models.query import QuerySet

class BaseManager[M]:
    db: str
    name: str
    model: type[M]
    def all(self) -> QuerySet[M]: ...
    def get_queryset(self) -> QuerySet[M]: ...

class Manager[M](BaseManager[M]): ...
