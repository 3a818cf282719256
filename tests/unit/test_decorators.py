"""Decorators by what their names mean: what they make of a method, and how it is called."""

from __future__ import annotations

import pytest
from asyncgen.source import Binding, Function, Parameter, ParameterKind

from tests.unit.analysis import decisions, kinds, resolver

TOOLS = """
import functools, abc, typing, warnings
from contextlib import ContextDecorator
from functools import cached_property, wraps
from types import MethodType
from collections.abc import Callable
from typing import Concatenate

class lazy(cached_property): ...
class lazier(lazy): ...

class computed:
    def __init__(self, func): self.func = func
    def __get__(self, instance, owner=None):
        return self if instance is None else self.func(instance)

class bound:
    def __init__(self, func): self.func = func
    def __get__(self, instance, owner=None):
        return MethodType(self.func, instance)

class counted:
    def __init__(self, func): self.func = func
    def __call__(self, *args, **kwargs): return self.func(*args, **kwargs)
    def __get__(self, instance, owner=None): return MethodType(self, instance)

class Retry:
    def __init__(self, times): self.times = times
    def __call__(self, func):
        @wraps(func)
        def inner(*args, **kwargs):
            return func(*args, **kwargs)
        return inner

class locked(ContextDecorator): ...

def starred(func):
    @wraps(func)
    def inner(self, *args): return func(self, *args)
    return inner

def injecting(func):
    @wraps(func)
    def inner(self, *args, **kwargs): return func(self, "injected", *args, **kwargs)
    return inner

def renaming(func):
    def inner(self, value): return func(self, value)
    return inner

def logged(func):
    def inner(self, *args, **kwargs):
        print(args)
        result = func(self, *args, **kwargs)
        return result
    return wraps(func)(inner)

def timed(seconds):
    def decorator(func):
        def inner(*args, **kwargs):
            try:
                return func(*args, **kwargs)
            finally:
                print(seconds)
        return functools.update_wrapper(inner, func)
    return decorator

def either(func=None, *, times=1):
    def decorator(f):
        @wraps(f)
        def inner(*args, **kwargs): return f(*args, **kwargs)
        return inner
    return decorator if func is None else decorator(func)

def popping(func):
    def inner(*args, **kwargs):
        kwargs.pop("using", None)
        return func(*args, **kwargs)
    return inner

def with_user(func: "Callable[Concatenate[A, User, P], R]") -> "Callable[Concatenate[A, P], R]":
    def inner(self, *args, **kwargs): return func(self, 1, *args, **kwargs)
    return inner

def marked(func):
    func.is_marked = True
    return func

def as_list(func):
    def inner(*args, **kwargs): return list(func(*args, **kwargs))
    return inner

def unquoted(func: "Callable[P, R]") -> "Callable[P, R]":
    def inner(self, n): return func(self, n)
    return inner

# Annotations count where the body cannot be followed.
def loosened(func: "Callable[P, R]") -> "Callable[..., R]": return nowhere(func)

def fixed(func: "Callable[[A, B, C], R]") -> "Callable[[A, B], R]": return nowhere(func)

def misread(func: "Iterator[P, R]") -> "Callable[P, R]":
    def inner(self, n): return func(self, n)
    return inner

# What is returned, in every form that it may have.

def by_lambda(): return lambda f: f

def by_name(): return marked

def by_call(): return timed(3)

def by_attribute(): return functools.lru_cache(None)

def through(func): return marked(func)

def through_attribute(func): return functools.cache(func)

def through_call(func): return timed(3)(func)

def through_inner(func):
    def deco(f): return f
    return deco(func)

def through_inner_factory(func):
    def make(n):
        def deco(f): return f
        return deco
    return make(1)(func)

def both(func):
    if functools.iscoroutinefunction(func):
        async def inner(*args): return await func(*args)
    else:
        def inner(*args, **kwargs): return func(*args, **kwargs)
    return inner

def if_given(func=None):
    if func:
        return marked(func)
    return popping

def if_callable(func=None):
    if callable(func):
        return marked(func)
    return popping

def unless_none(func=None):
    if func is not None:
        return marked(func)
    return popping

def if_not(func=None):
    if not func:
        return popping
    return marked(func)

def two_things(func):
    def inner(self, n): return func(self, n)
    return func if SETTING else inner

def nobody_knows(func):
    @nowhere
    def inner(*args, **kwargs): return func(*args, **kwargs)
    return inner

async def awaited(func): return func

async def awaited_factory(): return marked

def nothing(): return marked

class Unread(Nowhere):
    def __call__(self, *args, **kwargs): return self.func(*args, **kwargs)

class getting_a_lambda:
    def __init__(self, func): self.func = func
    def __get__(self, instance, owner=None): return lambda *args: self.func(instance, *args)

class getting_an_inner:
    def __init__(self, func): self.func = func
    def __get__(self, instance, owner=None):
        def call(*args): return self.func(instance, *args)
        return call

class getting_a_method:
    def __init__(self, func): self.func = func
    def __get__(self, instance, owner=None): return self.func.__get__(instance, owner)

class Registry:
    def add(self, func): return func
    def named(self, name):
        def deco(func): return func
        return deco

registry = Registry()
slow = timed(3)
memo = functools.lru_cache(maxsize=None)
"""


def method(decorator: str, imports: str = "") -> Function:
    """`Thing.f`, so decorated."""
    text = f"{imports}\nfrom tools import *\nimport tools as t\nclass Thing:\n"
    text += f"    @{decorator}\n    def f(self, user, n: int = 1) -> int: ...\n"
    module = resolver({"shop": text, "tools": TOOLS}).module("shop")
    assert module is not None
    return module.classes["Thing"].functions["f"]


BINDINGS = {
    "memo_": ("from functools import cached_property as memo_", Binding.PROPERTY),
    "lazy": ("", Binding.PROPERTY),
    "t.lazier": ("", Binding.PROPERTY),
    "t.cached_property": ("", Binding.PROPERTY),
    "computed": ("", Binding.PROPERTY),
    "DynamicClassAttribute": ("from types import DynamicClassAttribute", Binding.PROPERTY),
    "made": ("class made(property): ...", Binding.PROPERTY),
    "bound": ("", Binding.METHOD),
    "counted": ("", Binding.METHOD),
    "getting_a_lambda": ("", Binding.METHOD),
    "getting_an_inner": ("", Binding.METHOD),
    "getting_a_method": ("", Binding.METHOD),
    "static": ("static = staticmethod", Binding.STATICMETHOD),
    "of_class": ("from builtins import classmethod as of_class", Binding.CLASSMETHOD),
    "property": ("def property(f): return f", Binding.METHOD),
    "h.cached_property": (
        "from tools import marked as cached_property; import shop as h",
        Binding.METHOD,
    ),
}


@pytest.mark.parametrize("decorator", BINDINGS)
def test_the_binding_is_what_the_name_means(decorator: str) -> None:
    imports, binding = BINDINGS[decorator]
    assert method(decorator, imports).binding is binding


KEPT = """logged timed(3) slow either either(times=2) t.logged counted Retry(3) marked memo locked()
functools.lru_cache functools.cache t.typing.final t.warnings.deprecated("") t.abc.abstractmethod
functools.partial(either,times=2) unquoted by_lambda() by_name() by_call() by_attribute() through
through_attribute through_call through_inner through_inner_factory both if_given if_callable
unless_none if_not registry.add registry.named("f") method_decorator(logged)"""


@pytest.mark.parametrize("decorator", KEPT.split())
def test_what_hands_on_all_that_it_is_given_keeps_the_signature(decorator: str) -> None:
    imports = "import functools\nfrom django.utils.decorators import method_decorator"
    function = method(decorator, imports)
    assert function.called == function.signature


def described(parameters: tuple[Parameter, ...]) -> str:
    stars = {ParameterKind.VAR_POSITIONAL: "*", ParameterKind.VAR_KEYWORD: "**"}
    parts = [f"{stars.get(p.kind, '')}{p.name}{'=' if p.default else ''}" for p in parameters]
    slash = sum(each.kind is ParameterKind.POSITIONAL_ONLY for each in parameters)
    return ", ".join([*parts[:slash], *(["/"] if slash else []), *parts[slash:]])


@pytest.mark.parametrize(
    ("decorator", "parameters"),
    {
        "starred": "self, *args",
        "injecting": "self, *args, **kwargs",
        "renaming": "self, value",
        "popping": "*args, **kwargs",
        "with_user": "self, n=",
        "with_user\n    @logged": "self, n=",
        "logged\n    @renaming": "self, value",
        "functools.singledispatchmethod": "self, user, /, n=",
        "bound": "*args, **kwargs",
        "nowhere": "*args, **kwargs",
        "t.nowhere(3)": "*args, **kwargs",
        "loosened": "*args, **kwargs",
        "fixed": "argument1, argument2, /",
        "misread": "self, n",
        "if_given()": "*args, **kwargs",
        "if_callable()": "*args, **kwargs",
        "unless_none()": "*args, **kwargs",
        "if_not()": "*args, **kwargs",
        "two_things": "*args, **kwargs",
        "nobody_knows": "*args, **kwargs",
        "awaited": "*args, **kwargs",
        "awaited_factory()": "*args, **kwargs",
        "nothing": "*args, **kwargs",
        "Unread": "*args, **kwargs",
        "registry.nowhere": "*args, **kwargs",
    }.items(),
)
def test_another_wrapper_has_its_own_signature(decorator: str, parameters: str) -> None:
    assert described(method(decorator, "import functools").called.parameters) == parameters


@pytest.mark.parametrize("decorator", ["as_list", "nowhere", "bound"])
def test_what_is_returned_may_be_something_else(decorator: str) -> None:
    assert method(decorator).called.returns is None


@pytest.mark.parametrize(
    ("decorator", "kind"),
    {
        "transaction.atomic": "value",
        "transaction.atomic(durable=True)": "value",
        "atomically": "value",
        "saving": "value",
        "functools.cache": "pure",
        "quiet": "pure",
        "nowhere": "value",
    }.items(),
)
def test_what_a_decorator_does_counts(decorator: str, kind: str) -> None:
    source = f"""
    from django.db import transaction
    from django.db.transaction import atomic as atomically
    class Book(models.Model): ...
    def saving(func):
        def inner(*args, **kwargs):
            Book.objects.create()
            return func(*args, **kwargs)
        return inner
    def quiet(func):
        def inner(*args, **kwargs): return func(*args, **kwargs)
        return inner
    @{decorator}
    def f(n): return n + 1
    """
    assert kinds(source)["f"] == kind


def test_a_wrapper_that_runs_a_queryset_gives_no_queryset() -> None:
    source = """
    def as_list(func):
        def inner(*args, **kwargs): return list(func(*args, **kwargs))
        return inner
    class Books(models.QuerySet):
        @as_list
        def f(self): return self.filter(a=1)
        def g(self): return self.f()
    """
    assert kinds(source) == {"as_list": "pure", "Books.f": "value", "Books.g": "value"}


def test_overloads_and_setters_by_any_name() -> None:
    source = """
    from typing import overload as either
    class Books(models.QuerySet):
        @either
        def f(self, a: int) -> int: ...
        @either
        def f(self, a: str) -> str: ...
        def f(self, a): return self.count()
        @property
        def g(self): return self.count()
        @g.setter
        def g(self, value): self.update(n=value)
    """
    found = decisions(source)
    assert [each.signature.returns for each in found["Books.f"].function.overloads] == [
        "int",
        "str",
    ]
    assert found["Books.g"].kind.value == "skipped"
    assert found["Books.g"].function.setter
