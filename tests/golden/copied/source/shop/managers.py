"""A manager that copies them."""

from django.db import models

from shop.managers_async import BookManagerAsync
from shop.querysets import BookQuerySet


class BookManager(BookManagerAsync, models.Manager.from_queryset(BookQuerySet)):
    pass
