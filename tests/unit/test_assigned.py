"""Methods that a class assigns: each has a kind and a signature, or a word why it has none."""

from __future__ import annotations

import pytest
from asyncgen.source import Parameter, ParameterKind

from tests.unit.analysis import decisions

OTHER = """
from django.db import models
def far(self, n, *args, m=3): return self.count()
class Base(models.QuerySet):
    def one(self, x: "Foo" = None): return self.get(x=x)
    def some(self): return self.filter(a=1)
    @staticmethod
    def static(qs, a): return qs.count()
    @classmethod
    def of_class(cls, a): return cls().count()
    @property
    def prop(self): return self.count()
    def write(self, value): self.update(a=value)
def counted_by(field):
    def inner(self, x=field): return self.values(field).count()
    return inner
def cached(func):
    def inner(self, *args): return func(self, *args)
    return inner
def either(flag):
    def one(self): return 1
    if flag: return one
    return None
"""

SOURCE = """
    import other
    from functools import partialmethod as fixed
    from other import *
    def near(self, rating: int) -> int: return self.filter(rating__gte=rating).count()
    def times(field):
        def total(self, *, x=1) -> int: return self.filter(f=field).count() * x
        return total
    class Books(models.QuerySet):
        def of_kind(self, kind, extra=0, *rest): return self.filter(kind=kind).count() + extra
        def _get(self): return self.count()
        name = {}
"""

METHODS = {
    "near": ("value", "self, rating"),
    "other.far": ("value", "self, n, *args, m="),
    "of_kind": ("value", "self, kind, extra=, *rest"),
    "lambda self, n=1: self.count() * n": ("value", "self, n="),
    "lambda self: self.filter(a=1)": ("queryset", "self"),
    "Base.one": ("value", "self, x="),
    "other.Base.some": ("queryset", "self"),
    "Base.static": ("value", "qs, a"),
    "Base.of_class": ("value", "a"),
    "Base.prop": ("skipped", "self"),
    "property(_get)": ("skipped", "self"),
    "property(_get, Base.write)": ("skipped", "self"),
    "fixed(of_kind, 'paper')": ("value", "self, extra=, *rest"),
    "fixed(of_kind, kind='disk', extra=1)": ("value", "self, kind=, extra="),
    "fixed(of_kind, extra=1)": ("value", "self, kind, extra="),
    "fixed(far, 3)": ("value", "self, *args, m="),
    "fixed(Base.some)": ("queryset", "self"),
    "counted_by('id')": ("value", "self, x="),
    "times('id')": ("value", "self, x="),
    "cached(far)": ("value", "self, *args"),
    "cached(of_kind)": ("value", "self, *args"),
    "nowhere(3)": ("skipped", ""),
    "either(3)": ("skipped", ""),
}


def described(parameters: tuple[Parameter, ...]) -> str:
    stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
    return ", ".join(
        f"{stars.get(each.kind, '')}{each.name}{'=' if each.default else ''}" for each in parameters
    )


@pytest.mark.parametrize("value", METHODS)
def test_what_is_assigned_is_a_method(value: str) -> None:
    decision = decisions(SOURCE.format(value), other=OTHER)["Books.name"]
    assert (decision.kind.value, described(decision.function.called.parameters)) == METHODS[value]


@pytest.mark.parametrize("value", ["3", "None", "Base", "'text'", "[]", "models.Q(a=1)", "str(3)"])
def test_what_is_called_by_nobody_is_none(value: str) -> None:
    assert "Books.name" not in decisions(SOURCE.format(value), other=OTHER)


def test_what_a_partial_passes_by_keyword_is_left_to_the_source() -> None:
    decision = decisions(SOURCE.format("fixed(of_kind, extra=1)"), other=OTHER)["Books.name"]
    extra = decision.function.called.parameters[-1]
    assert extra.kind is ParameterKind.KEYWORD_ONLY
    assert extra.default_names


def test_why_something_cannot_be_told_is_said() -> None:
    decision = decisions(SOURCE.format("nowhere(3)"), other=OTHER)["Books.name"]
    assert "nowhere(…)" in decision.evidence[0].message
