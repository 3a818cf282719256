# https://docs.djangoproject.com/en/stable/ref/models/fields/#jsonfield

from typing import Any

from django.db.models.fields import Field

class JSONField(Field[Any]): ...
