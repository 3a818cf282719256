# https://docs.djangoproject.com/en/stable/ref/request-response/
# To make a response asks nobody.

from django.http.request import HttpRequest as HttpRequest
from django.http.response import HttpResponse as HttpResponse
from django.http.response import HttpResponseBadRequest as HttpResponseBadRequest
from django.http.response import HttpResponseForbidden as HttpResponseForbidden
from django.http.response import HttpResponseGone as HttpResponseGone
from django.http.response import HttpResponseNotAllowed as HttpResponseNotAllowed
from django.http.response import HttpResponseNotFound as HttpResponseNotFound
from django.http.response import HttpResponseNotModified as HttpResponseNotModified
from django.http.response import HttpResponsePermanentRedirect as HttpResponsePermanentRedirect
from django.http.response import HttpResponseRedirect as HttpResponseRedirect
from django.http.response import HttpResponseServerError as HttpResponseServerError
from django.http.response import JsonResponse as JsonResponse
from django.http.response import StreamingHttpResponse as StreamingHttpResponse

class Http404(Exception): ...
