# https://docs.djangoproject.com/en/stable/ref/request-response/

from django.http.request import HttpRequest as HttpRequest
from django.http.response import HttpResponse as HttpResponse
