"""What is called `pure` or `queryset` does not query: each case is run in an event loop, too.

The head of a case says its kind, and what the kind cannot tell by itself: `value, returns` is for
what is taken to block and did not raise.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support import loop
from tests.support.cases import cases
from tests.unit.analysis import decisions

HEAD = """
import contextlib, enum, functools, itertools, json, logging, operator
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from functools import partial, reduce, singledispatch
from django import forms
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db import connection, models, transaction
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery, Sum
from django.utils.functional import SimpleLazyObject, cached_property, lazy
from shelf.models import Book, Detail, Label, Note, Writer

logger = logging.getLogger("shop")

"""
ROOT = Path(__file__).parents[2]
MODELS = Path(loop.__file__).with_name("shelf") / "models.py"
CASES = cases("running")
WITHOUT_TWIN = ("pure", "queryset")
STEPWISE = ("context", "iterator")  # of which a call runs nothing yet


@cache
def answers() -> dict[str, str]:
    """What became of each case when it ran."""
    plan = json.dumps({name: HEAD + case.source for name, case in CASES.items()})
    command = [sys.executable, "-m", "tests.support.loop.run"]
    ran = subprocess.run(command, input=plan, capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, str] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", CASES)
def test_what_is_pure_does_not_query(name: str) -> None:
    case = CASES[name]
    sources = {"shelf": "", "shelf.models": MODELS.read_text("utf-8")}
    made = decisions(HEAD + case.source, None, **sources)
    (decision,) = [each for dotted, each in made.items() if dotted.rpartition(".")[2] == "f"]
    kind, ran = decision.kind.value, answers()[name]
    assert not (kind in WITHOUT_TWIN and ran == "raised"), decision.evidence
    blocks = kind not in WITHOUT_TWIN + STEPWISE
    case.came(f"{kind}, {ran}" if blocks and ran != "raised" else kind)
