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
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.shortcuts import get_object_or_404
from shop.unread import fetch

def helper(text):
    return hashlib.sha256(text).hexdigest()

class Book(models.Model):
    title = models.TextField()
    on = models.DateField()
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE)

    def work(self, given=None):
{body}

class Picture(models.Model):
    file = models.ImageField()

class Tag(models.Model):
    name = models.TextField()

@receiver([post_delete, post_save], sender=Tag)
def received(sender, **kwargs):
    helper(b"x")
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
    "the next row": "return self.get_next_by_on()",
    "rows that are made, one by one": "Book.objects.bulk_create(Book(title=x) for x in 'abc')",
    "a function after the commit": "transaction.on_commit(lambda: Book.objects.count())",
    "rows of a model with files": "return Picture.objects.count()",
    "a deleted row of a model with files": "Picture.objects.get().delete()",
    "rows of a model with receivers": "return Tag.objects.update(name='x')",
}
OTHERS = {
    "hashing, before": "helper(b'x')\nreturn Book.objects.count()",
    "hashing, after": "count = Book.objects.count()\nhelper(b'x')\nreturn count",
    "sleep": "time.sleep(1)\nself.save()",
    "a process": "subprocess.run(['ls'])\nself.save()",
    "a file": "self.save()\nopen('x')",
    "the names of files": "self.save()\nos.listdir('.')",
    "a field's file": "self.save()\nPicture.objects.get().file.read()",
    "a row with a file": "Picture().save()",
    "a new row with a file": "Picture.objects.create()",
    "many rows with files": "Picture.objects.bulk_create([Picture()])",
    "a receiver of a saved row": "Tag().save()",
    "a receiver of a new row": "Tag.objects.get_or_create(name='x')",
    "a receiver of a deleted row": "Tag.objects.filter(name='x').delete()",
    "a generator": (
        "def rows():\n    helper(b'x')\n    yield Book()\nBook.objects.bulk_create(rows())"
    ),
    "a generator expression": "Book.objects.bulk_create(Book(title=helper(x)) for x in b'')",
    "a function after the commit": "transaction.on_commit(lambda: helper(b'x'))",
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
