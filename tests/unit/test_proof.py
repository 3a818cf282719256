"""`pure` is proved: what a callable may run, and what only looks as though it ran something."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.analysis import Evaluator
from asyncgen.analysis.values import Level
from asyncgen.candidates import Candidate, Rules
from asyncgen.classify import Classifier
from asyncgen.config import load
from asyncgen.django.relations import Relations
from asyncgen.plan import Run

from tests.support.cases import cases
from tests.unit.analysis import decisions, resolver

SOURCE = """
import dataclasses, functools, logging, time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast
from celery import shared_task
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, connections, transaction
from django.db.models.fields.related_descriptors import RelatedManager
from django.tasks import task
from django.utils.decorators import method_decorator
from elsewhere import load, something

T = TypeVar("T")

class Writer(models.Model):
    name = models.CharField(max_length=9)

class Book(models.Model):
    title = models.CharField(max_length=9)
    author = models.ForeignKey(Writer, models.CASCADE)

"""
CASES = {
    name: case
    for file in ("proof", "specials", "definitions", "unseen", "outside", "paths")
    for name, case in cases(f"kinds/{file}.test").items()
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_proved(name: str) -> None:
    made = decisions(SOURCE + CASES[name].source)
    (decision,) = [each for dotted, each in made.items() if dotted.rpartition(".")[2] == "f"]
    CASES[name].came(decision.kind.value)


CALLS = """
import acme.rates
from shop_helpers import helper

def rate():
    return acme.rates.current()

def fetch():
    return acme.rates.fetch()

def helped():
    return helper()
"""


@pytest.mark.parametrize(
    ("said", "kinds"),
    [
        ({}, {"rate": "value", "fetch": "value", "helped": "pure"}),
        ({"acme": Level.CLEAN}, {"rate": "pure", "fetch": "pure", "helped": "pure"}),
        (
            {"acme": Level.CLEAN, "acme.rates.fetch": Level.REACHES},
            {"rate": "pure", "fetch": "value", "helped": "pure"},
        ),
        ({"shop_helpers.helper": Level.REACHES}, {"helped": "value"}),
    ],
)
def test_what_the_configuration_says_of_packages_and_functions(
    said: dict[str, Level], kinds: dict[str, str]
) -> None:
    found = resolver({"shop": CALLS, "shop_helpers": "def helper():\n    return 1\n"})
    made = Classifier(Evaluator(found, Relations(found, found.known), said))
    module = found.module("shop")
    assert module
    for name, kind in kinds.items():
        candidate = Candidate(module.functions[name], module)
        assert made.decide(candidate, Rules()).kind.value == kind, name


def test_a_function_that_is_named_and_has_no_twin_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "def rounded(x):\n    return 1\n\n\ndef other():\n    return 2\n"
    )
    for functions, told in (('["rounded"]', ["AG307"]), ('["*"]', [])):
        path = tmp_path / "pyproject.toml"
        path.write_text(f'[tool.asyncgen]\nsources = ["shop.py"]\nfunctions = {functions}\n')
        problems = Run(load(path)).result().problems
        assert [each.code for each in problems if each.code == "AG307"] == told


GUESSED = """
class Parcel(models.Model):
    def {name}(self):
        return self.objects.count()

def f(value):
    return value.upper()
"""


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("weigh", "pure", "calls upper of the argument value: taken for one of str"),
        ("upper", "value", "calls upper of the argument value, which Parcel has too"),
    ],
)
def test_a_method_that_is_taken_for_one_of_a_builtin_type_says_so(
    name: str, kind: str, said: str
) -> None:
    decision = decisions(GUESSED.format(name=name))["f"]
    assert decision.kind.value == kind
    assert said in [each.message for each in decision.evidence]


def test_a_method_of_what_is_annotated_is_no_guess() -> None:
    annotated = GUESSED.format(name="upper").replace("(value)", "(value: str)")
    assert decisions(annotated)["f"].kind.value == "pure"


def test_a_parameter_that_is_taken_for_a_request_says_so() -> None:
    decision = decisions("def f(request):\n    return request.method")["f"]
    said = "reads method of the argument request: taken for a request"
    assert (decision.kind.value, said) == ("pure", decision.evidence[-1].message)
    annotated = "from django.http import HttpRequest\n"
    annotated += "def f(request: HttpRequest):\n    return request.method"
    assert said not in [each.message for each in decisions(annotated)["f"].evidence]


def test_settings_that_a_module_hands_on_are_settings() -> None:
    source = "from conf import settings\ndef f():\n    return settings.DEBUG"
    made = decisions(source, conf="from django.conf import settings\nX = 1\n")
    assert made["f"].kind.value == "pure"


@pytest.mark.parametrize(
    ("name", "kind"), [("TOTAL", "value"), ("DEBUG", "pure"), ("DECLARED", "pure")]
)
def test_a_module_may_compute_its_names(name: str, kind: str) -> None:
    source = f"import conf\ndef f():\n    return conf.{name}\n"
    conf = """
    from django.conf import settings
    from django.contrib.auth.models import User
    DECLARED = 1
    class Settings:
        @property
        def TOTAL(self):
            return User.objects.count()
        @property
        def DEBUG(self):
            return settings.DEBUG
    def __getattr__(name):
        return getattr(Settings(), name)
    """
    assert decisions(source, conf=conf)["f"].kind.value == kind
