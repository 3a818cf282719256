"""`pure` is proved: what a callable may run, and what only looks as though it ran something."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from analysis import decisions

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
_CASES = Path(__file__).with_name("proof.test").read_text(encoding="utf-8")
CASES = {
    name: (body.strip("\n"), kind)
    for name, kind, body in re.findall(
        r"^\[(.+)\] (\w+)\n((?:(?!# --|\[).*\n)+)", _CASES, re.MULTILINE
    )
}


@pytest.mark.parametrize(("body", "kind"), CASES.values(), ids=CASES)
def test_what_is_proved(body: str, kind: str) -> None:
    found = decisions(SOURCE + body + "\n")
    (decision,) = [each for name, each in found.items() if name.rpartition(".")[2] == "f"]
    assert decision.kind.value == kind, decision.evidence


def test_all_cases_are_read() -> None:
    assert len(CASES) == _CASES.count("\n[") > 60
