# https://docs.djangoproject.com/en/stable/ref/models/meta/

from collections.abc import Iterable
from typing import Any

from django.db.models.fields import Field

class Options:
    app_label: str
    db_table: str
    label: str
    label_lower: str
    model_name: str
    object_name: str
    abstract: bool
    managed: bool
    proxy: bool
    swappable: str | None
    concrete_fields: Iterable[Field[Any]]
    fields: Iterable[Field[Any]]
    local_fields: Iterable[Field[Any]]
    many_to_many: Iterable[Field[Any]]
