"""What a twin is called: a name of its own, or a problem and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.plan import Run
from asyncgen.problems import Problem, Severity

HEAD = "from django.db import models\nfrom asgiref.sync import sync_to_async\n"


def problems(root: Path, text: str, keys: str = "") -> list[Problem]:
    (root / "shop").mkdir()
    (root / "shop" / "__init__.py").touch()
    (root / "shop" / "models.py").write_text(HEAD + text, encoding="utf-8")
    path = root / "pyproject.toml"
    path.write_text(f'[tool.asyncgen]\nsources = ["shop/models.py"]\n{keys}\n', encoding="utf-8")
    return [each for each in Run(load(path)).result().problems if each.code == "AG306"]


HIDDEN = {
    "a field": "class Book(models.Model):\n    amount = models.IntegerField()\n"
    "    def mount(self): self.save()\n",
    "a property": "class Book(models.Model):\n    @property\n    def about(self): return 1\n"
    "    def bout(self): self.save()\n",
    "a method": "class Books(models.QuerySet):\n    def add(self): return self.count()\n"
    "    def dd(self): return self.count()\n",
    "a lazy method": "class Books(models.QuerySet):\n    def all_(self): return self.filter(a=1)\n"
    "    def ll_(self): return self.count()\n",
    "a class": "class Book(models.Model):\n    class Afters: pass\n"
    "    Afters.__name__\n    class afters: pass\n    def fters(self): self.save()\n",
    "an inherited attribute": "class Base(models.Model):\n    area = 3\n"
    "class Book(Base):\n    def rea(self): self.save()\n",
    "what a method sets": "class Book(models.Model):\n"
    "    def save(self, *args, **kwargs):\n        self.again = 1\n        super().save()\n"
    "    def gain(self): self.save()\n",
    "the other end of a relation": "class Book(models.Model):\n    def uthor(self): self.save()\n"
    "class Author(models.Model):\n"
    "    book = models.OneToOneField(Book, models.CASCADE, related_name='author')\n",
    "the key of a relation": "class Book(models.Model):\n"
    "    author = models.ForeignKey('Author', models.CASCADE)\n"
    "    def uthor_id(self): self.save()\n",
    "of Django's": "class Books(models.QuerySet):\n    def lias(self): return self.count()\n",
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_twin_hides_nothing(name: str, tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, HIDDEN[name])
    assert problem.severity is Severity.ERROR
    assert problem.location
    assert "rename" in problem.hint


SOURCE = (
    "class Books(models.QuerySet):\n    def one(self): return self.count()\n"
    "    def two(self): return self.count()\n"
)


@pytest.mark.parametrize(
    ("keys", "said"),
    {
        'rename = { one = "not-a-name" }': "no name in Python",
        'rename = { one = "async" }': "no name in Python",
        'rename = { one = "atwo" }': "another twin",
        'rename = { one = "alist" }': "another twin",
        'rename = { one = "filter" }': "a method of QuerySet",
        'prefix = "iter"': "",
    }.items(),
)
def test_names_that_are_given(keys: str, said: str, tmp_path: Path) -> None:
    extra = "    def __iter__(self): return super().__iter__()\n    def ator(self): self.count()\n"
    found = problems(tmp_path, SOURCE + extra, keys)
    assert found
    assert any(said in each.message for each in found)


def test_names_of_a_module_are_its_own(tmp_path: Path) -> None:
    text = "def one(): models.F.objects.count()\ndef two(): models.F.objects.count()\n"
    keys = 'functions = ["one", "two"]\nrename = { one = "atwo" }'
    assert len(problems(tmp_path, text, keys)) == 2


def test_classes_of_one_file_have_names_of_their_own(tmp_path: Path) -> None:
    text = SOURCE + "def made():\n    class Books(models.QuerySet):\n"
    text += "        def three(self): return self.count()\n    return Books\n"
    assert {each.message.partition(":")[0] for each in problems(tmp_path, text)} == {
        "shop.models.Books",
        "shop.models.<locals>.Books",
    }


@pytest.mark.parametrize(
    "by_hand",
    [
        "async def atotal(self): return 1",
        "def atotal(self): return sync_to_async(self.total)()",
        "def atotal(self): return anything(self)",
        "atotal = sync_to_async(total)",
    ],
)
def test_what_is_a_twin_already_is_kept(by_hand: str, tmp_path: Path) -> None:
    text = "class Books(models.QuerySet):\n    def total(self): return self.count()\n"
    assert not problems(tmp_path, f"{text}    {by_hand}\n")


def test_a_base_class_may_have_the_twin(tmp_path: Path) -> None:
    text = (
        "class Base(models.QuerySet):\n    async def aone(self): return 1\n"
        "class Books(Base):\n    def one(self): return self.count()\n"
        "    def get(self, *args, **kwargs): return super().get(*args, **kwargs)\n"
    )
    assert not problems(tmp_path, text)
