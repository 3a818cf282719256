# https://docs.djangoproject.com/en/stable/ref/urlresolvers/

def reverse(
    viewname: object,
    urlconf: object = None,
    args: object = None,
    kwargs: object = None,
    current_app: object = None,
    *,
    query: object = None,
    fragment: object = None,
) -> str: ...
