"""The rules of classification: kinds that are not a matter of evaluation, in the right order."""

from __future__ import annotations

import pytest
from asyncgen.candidates import Rules
from asyncgen.surface import Kind

from tests.unit.analysis import decisions, kinds, methods


def test_private_names_and_special_methods_are_skipped() -> None:
    assert methods("def _a(self): pass\ndef __str__(self): return ''") == {
        "_a": "skipped",
        "__str__": "skipped",
    }


def test_include_asks_for_a_private_or_pure_callable() -> None:
    found = kinds(
        """
        class Book(models.Model):
            def _load(self): return self.save()
            def label(self): return "x"
        """,
        Rules(include=("Book._load", "label")),
    )
    assert found == {"Book._load": "value", "Book.label": "value"}


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("fetch", "skipped"),
        ("Books.fetch", "skipped"),
        ("shop.Books.f*", "skipped"),
        ("Authors.*", "value"),
    ],
)
def test_exclude_patterns(pattern: str, kind: str) -> None:
    source = "class Books(models.QuerySet):\n    def fetch(self): return self.get()\n"
    assert kinds(source, Rules(exclude=(pattern,))) == {"Books.fetch": kind}


@pytest.mark.parametrize(
    "word", ["queryset", "eager", "value", "iterator", "context", "pure", "hook"]
)
def test_a_pragma_decides(word: str) -> None:
    assert methods(f"# asyncgen: {word}\ndef f(self): return unknown()") == {"f": word}


def test_a_pragma_skips_a_function_or_a_class() -> None:
    source = """
    class Books(models.QuerySet):  # asyncgen: skip
        def f(self): return self.get()
    class Authors(models.QuerySet):
        def f(self):  # asyncgen: skip
            return self.get()
    """
    assert kinds(source) == {"Books.f": "skipped", "Authors.f": "skipped"}


@pytest.mark.parametrize(
    "decorator", ["property", "functools.cached_property", "not_installed.classproperty"]
)
def test_properties_are_skipped(decorator: str) -> None:
    assert methods(f"@{decorator}\ndef f(self): return self.get()") == {"f": "skipped"}


@pytest.mark.parametrize(
    ("base", "name"),
    [
        ("models.Manager", "get_queryset"),
        ("models.Manager", "contribute_to_class"),
        ("models.Manager", "deconstruct"),
        ("models.QuerySet", "as_manager"),
        ("models.QuerySet", "resolve_expression"),
        ("models.Model", "from_db"),
        ("models.Model", "check"),
    ],
)
def test_hooks(base: str, name: str) -> None:
    assert methods(f"def {name}(self, **k): return self.nothing()", base) == {name: "hook"}


def test_check_is_a_hook_where_django_can_call_it() -> None:
    """Django passes keyword arguments of its own to `check`; Q.check() is something else."""
    source = """
    class Licence:
        def check(self, day): return Book.objects.filter(day=day).exists()
    class Field:
        def check(self, **kwargs): return Book.objects.exists()
    class Book(models.Model): pass
    """
    assert kinds(source) == {"Licence.check": "value", "Field.check": "hook"}


def test_include_asks_for_a_hook() -> None:
    source = """
    class Book(models.Model):
        @classmethod
        def check(cls, **kwargs): return cls.objects.exists()
    """
    assert kinds(source) == {"Book.check": "hook"}
    assert kinds(source, Rules(include=("check",))) == {"Book.check": "value"}


def test_a_registered_system_check_is_a_hook() -> None:
    source = """
    from django.core import checks
    from django.core.checks import register as registered

    @checks.register()
    def one(app_configs, **kwargs): return list(Book.objects.all())

    @registered("models")
    def two(app_configs, **kwargs): return []

    @other.register
    def three(app_configs, **kwargs): return list(Book.objects.all())

    class Book(models.Model): pass
    """
    assert kinds(source) == {"one": "hook", "two": "hook", "three": "value"}


def test_hooks_by_name_are_hooks_of_classes_only() -> None:
    assert kinds("def check(): return Book.objects.get()\nclass Book(models.Model): pass") == {
        "check": "value"
    }


def test_asynchronous_callables_are_skipped() -> None:
    source = """
    from contextlib import asynccontextmanager
    async def one(): pass
    @asynccontextmanager
    async def two(): yield
    """
    assert set(kinds(source).values()) == {"skipped"}


def test_abstract_methods_are_skipped() -> None:
    source = """
    def one(self): raise NotImplementedError
    def two(self, x):
        "Not here."
        raise NotImplementedError("two")
    @abc.abstractmethod
    def three(self): return self.get()
    """
    assert set(methods(source).values()) == {"skipped"}


def test_a_twin_by_hand_is_left_alone_unless_it_is_to_be_replaced() -> None:
    source = """
    class Books(models.QuerySet):
        def total(self): return self.count()
        async def atotal(self): return await self.acount()
        def rest(self): return self.filter()
        async def arest(self): return self.filter()
    """
    assert kinds(source) == {
        "Books.total": "handwritten",
        "Books.atotal": "skipped",
        "Books.rest": "queryset",
        "Books.arest": "skipped",
    }
    assert kinds(source, Rules(replace_handwritten=True))["Books.total"] == "value"


def test_names_of_twins() -> None:
    source = "class Books(models.QuerySet):\n    def f(self): return self.get()\n"
    assert decisions(source)["Books.f"].twin == "af"
    assert decisions(source, Rules(prefix="async_"))["Books.f"].twin == "async_f"
    assert decisions(source, Rules(rename={"Books.f": "g"}))["Books.f"].twin == "g"


def test_only_kinds_that_block_have_twins() -> None:
    assert {kind for kind in Kind if kind.has_twin} == {
        Kind.EAGER,
        Kind.VALUE,
        Kind.ITERATOR,
        Kind.CONTEXT,
        Kind.AMBIGUOUS,
    }


def test_evidence_names_file_line_and_chain() -> None:
    source = """
    class Books(models.QuerySet):
        def best(self):
            return self._best()
        def _best(self):
            return self.filter(id=self.count())
    """
    evidence = decisions(source)["Books.best"].evidence
    assert [str(each.location) for each in evidence] == ["shop.py:4", "shop.py:5", "shop.py:7"]
    assert "calls QuerySet.count, which queries" in evidence[-1].message


def test_methods_for_type_checkers_only_are_no_candidates_and_shadow_nothing() -> None:
    source = """
    from typing import TYPE_CHECKING
    class Books(models.QuerySet):
        if TYPE_CHECKING:
            def count(self) -> str: ...
            def fresh(self) -> "Books": ...
        def fresh(self):
            return self.filter(id=self.count())
    """
    assert kinds(source) == {"Books.fresh": "eager"}
