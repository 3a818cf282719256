# https://docs.djangoproject.com/en/stable/topics/http/shortcuts/

from django.db.models.query import QuerySet
from django.http import HttpResponse

def get_list_or_404[M](
    klass: type[M] | QuerySet[M, M], *args: object, **kwargs: object
) -> list[M]: ...
def get_object_or_404[M](klass: type[M] | QuerySet[M, M], *args: object, **kwargs: object) -> M: ...
def render(
    request: object,
    template_name: object,
    context: object = None,
    content_type: object = None,
    status: object = None,
    using: object = None,
) -> HttpResponse: ...
