# https://docs.djangoproject.com/en/stable/ref/request-response/#httpresponse-objects

class HttpResponse:
    status_code: int
