"""Types of callables that have no annotation: from their bodies, with look-ups in django-stubs."""

from asyncgen.infer.django_stubs import DjangoStubs
from asyncgen.infer.inference import Inference

__all__ = ["DjangoStubs", "Inference"]
