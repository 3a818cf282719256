# https://docs.djangoproject.com/en/stable/ref/models/lookups/

from django.db.models.expressions import Expression

class Lookup(Expression): ...
