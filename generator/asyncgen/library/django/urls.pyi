# https://docs.djangoproject.com/en/stable/ref/urlresolvers/

from collections.abc import Iterable

def reverse(
    viewname: object,
    urlconf: Iterable[object] | str | None = None,
    args: Iterable[object] | None = None,
    kwargs: object = None,
    current_app: object = None,
    *,
    query: object = None,
    fragment: object = None,
) -> str: ...
