"""Which bridge a twin has: on the event loop is what is proved to wait for databases alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.plan import Run
from asyncgen.problems import AsyncgenError

from tests.support.building import build

ON_LOOP, ON_THREAD = "await bridge(", "await on_worker("
NATIVE = 'bridge = "asyncgen_native.bridge"\n'
MODELS = """
import hashlib, json, os, time, subprocess
from django.core.mail import send_mail
from django.db import models, transaction
from django.shortcuts import get_object_or_404
from shop.unread import fetch

def helper(text):
    return hashlib.sha256(text).hexdigest()

class Book(models.Model):
    title = models.TextField()
    cover = models.FileField()
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)

    def work(self, given=None):
{body}
"""


def written(folder: Path, body: str, said: str = NATIVE) -> str:
    """The twin of `Book.work`, whose body is given."""
    source = MODELS.format(body="\n".join(f"        {each}" for each in body.splitlines()))
    (folder / "shop").mkdir(exist_ok=True)
    (folder / "shop/__init__.py").touch()
    (folder / "shop/models.py").write_text(source)
    config = folder / "pyproject.toml"
    config.write_text(f'[tool.asyncgen]\nsources = ["shop/models.py"]\nstubs = "none"\n{said}')
    text = build(config).texts["shop/models_async.py"]
    return text[text.index("async def awork") :]


QUERIES = {
    "a query": "return Book.objects.count()",
    "a saved row": "self.title = 'x'\nself.save()",
    "a relation": "return self.parent.title",
    "a transaction": "with transaction.atomic():\n    self.save()",
    "rows, and what computes": "return json.dumps([each.title for each in Book.objects.all()])",
}
OTHERS = {
    "hashing, before": "helper(b'x')\nreturn Book.objects.count()",
    "hashing, after": "count = Book.objects.count()\nhelper(b'x')\nreturn count",
    "sleep": "time.sleep(1)\nself.save()",
    "a process": "subprocess.run(['ls'])\nself.save()",
    "a file": "self.save()\nopen('x')",
    "the names of files": "self.save()\nos.listdir('.')",
    "a field's file": "self.save()\nself.cover.read()",
    "mail": "self.save()\nsend_mail('', '', '', [])",
    "what is not read": "self.save()\nfetch()",
    "what is passed": "self.save()\ngiven()",
    "a method of what is passed": "self.save()\ngiven.count()",
    "in a branch": "if self.title:\n    time.sleep(1)\nreturn Book.objects.count()",
    "in a comprehension": "return [helper(each.title) for each in Book.objects.all()]",
}


@pytest.mark.parametrize("body", QUERIES.values(), ids=QUERIES)
def test_what_only_queries_runs_on_the_loop(tmp_path: Path, body: str) -> None:
    assert ON_LOOP in written(tmp_path, body)


@pytest.mark.parametrize("body", OTHERS.values(), ids=OTHERS)
def test_what_may_wait_for_something_else_runs_on_a_thread(tmp_path: Path, body: str) -> None:
    assert ON_THREAD in written(tmp_path, body)


@pytest.mark.parametrize("body", [*QUERIES.values(), *OTHERS.values()], ids=[*QUERIES, *OTHERS])
def test_with_a_bridge_to_threads_nothing_is_decided(tmp_path: Path, body: str) -> None:
    assert "await sync_to_async(" in written(tmp_path, body, "")


def test_the_configuration_overrules_it(tmp_path: Path) -> None:
    on_thread = 'bridges = { "Book.work" = "asyncgen_runtime.on_worker" }\n'
    assert ON_THREAD in written(tmp_path, QUERIES["a query"], NATIVE + on_thread)
    on_loop = 'bridges = { "work" = "asyncgen_native.bridge" }\n'
    assert ON_LOOP in written(tmp_path, OTHERS["sleep"], on_loop)


def test_what_is_said_to_be_pure_does_not_wait(tmp_path: Path) -> None:
    body = OTHERS["what is not read"]
    assert ON_LOOP in written(tmp_path, body, NATIVE + 'pure = ["shop.unread.fetch"]\n')
    body = OTHERS["hashing, after"]
    assert ON_LOOP in written(tmp_path, body, NATIVE + 'pure = ["shop.models.helper"]\n')
    body = QUERIES["rows, and what computes"]
    assert ON_THREAD in written(tmp_path, body, NATIVE + 'blocks = ["json.dumps"]\n')


@pytest.mark.parametrize("bridge", ["bridge", "shop.not an identifier"])
def test_a_bridge_is_a_dotted_name(tmp_path: Path, bridge: str) -> None:
    with pytest.raises(AsyncgenError) as caught:
        written(tmp_path, QUERIES["a query"], f'bridges = {{ "work" = "{bridge}" }}\n')
    assert [each.code for each in caught.value.problems] == ["AG104"]


def test_a_pattern_that_matches_nothing_is_an_error(tmp_path: Path) -> None:
    written(tmp_path, QUERIES["a query"])
    config = tmp_path / "pyproject.toml"
    config.write_text(config.read_text() + 'bridges = { "nothing" = "shop.bridge" }\n')
    assert "AG108" in {each.code for each in Run(load(config)).result().errors}
