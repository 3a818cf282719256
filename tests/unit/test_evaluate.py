"""What bodies return, and whether they query: one small source for each mechanism."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest
from asyncgen.analysis import Evaluator
from asyncgen.analysis.values import NESTING_LIMIT, Bound, Builtin, Foreign, Level, Type

from tests.unit.analysis import PRELUDE, class_named, classifier, decisions, kinds, methods

# -- querysets: each body is a method of a QuerySet ------------------------------------------------

LAZY = {
    "filter": "return self.filter(a=1)",
    "chain": "return self.exclude(a=1).order_by('b').distinct()",
    "super": "return super().filter(a=1)",
    "super with arguments": "return super(Thing, self).filter(a=1)",
    "explicit base": "return models.QuerySet.filter(self, a=1)",
    "slice": "return self[a:b]",
    "union": "return self.filter(a=1) | self.filter(b=1)",
    "subquery": "return self.filter(x=models.Subquery(self.values('pk')))",
    "exists": "return self.annotate(x=models.Exists(self.filter(a=1)))",
    "own class": "return self.__class__(self.model, using=self._db)",
    "self": "self._hints = {}\nreturn self",
    "changed class": "self.query.__class__ = Other\nreturn self",
    "clone": "clone = self._chain()\nclone.flag = True\nreturn clone",
    "both paths": "if a:\n    return self.filter(a=1)\nreturn self.none()",
    "conditional": "return self.filter(a=1) if a else self",
    "or None": "return self.filter(a=1) if a else None",
    "raise": "if not a:\n    raise ValueError(a)\nreturn self.all()",
    "loop": "found = self\nfor each in a:\n    found = found.filter(a=each)\nreturn found",
    "reduce": "from functools import reduce\nreturn self.filter(reduce(lambda x, y: x | y, a))",
    "cast": "from typing import cast\nreturn cast('QuerySet', self.filter(a=1))",
    "private helper": "return self._helper()",
    "getattr": "return getattr(self, 'filter')(a=1)",
    "other manager": "return Book.objects.filter(x__in=self)",
    "default manager": "return self.model._default_manager.all()",
    "options' manager": "return self.model._meta.default_manager.all()",
    "argument's manager": "return a.objects.filter(b=b)",
    "argument that chains": "return a.filter(b=b)",
    "queryset argument": "return queryset",
    "kept in an attribute": "self._rows = self.filter(a=1)\nreturn self._rows",
    "setting": "from django.conf import settings\nreturn self.all() if settings.X else self",
    "walrus": "if (found := self.filter(a=1)) is not None:\n    return found",
    "annotated": "found: models.QuerySet = a()\nreturn found",
    "lambda": "return (lambda x: x.filter(a=1))(self)",
    "match": "match a:\n    case 1:\n        return self.all()\n    case _:\n        return self",
    "deleted attribute": "del self.cached_rows\nreturn self",
    "mixed in lazily": "return self.filter(x__in=[1, 2]).using('other')",
}

EAGER = {
    "copy": "import copy\nreturn copy.copy(self)",  # pickling fetches the rows, and copying asks it
    "truth": "if self.filter(a=1):\n    pass\nreturn self",
    "not": "if not self:\n    return self.none()\nreturn self",
    "and": "return self.filter(a=1) and self.filter(b=1)",
    "while": "while self.filter(a=1):\n    pass\nreturn self",
    "assert": "assert self.filter(a=1)\nreturn self",
    "iterate": "for each in self:\n    pass\nreturn self",
    "comprehension": "return self.filter(x__in=[each.pk for each in self])",
    "list": "list(self)\nreturn self",
    "len": "return self.filter(a=len(self))",
    "sorted": "return self.filter(x__in=sorted(self, key=str))",
    "index": "return self.filter(a=self[0])",
    "stepped slice": "self[::2]\nreturn self",
    "in": "if a in self:\n    return self.none()\nreturn self",
    "f-string": "a = f'{self}'\nreturn self",
    "format": "a = '%s' % self\nreturn self",
    "unpack": "a, b = self.filter(a=1)\nreturn self",
    "star": "Thing(*self)\nreturn self",
    "extend": "found = []\nfound.extend(self)\nreturn self",
    "first": "return self.filter(a=self.first())",
    "count": "return self.filter(a=self.count())",
    "private helper": "self._eager_helper()\nreturn self",
    "nested function": "def inner():\n    return self.get()\nreturn self.filter(a=inner())",
    "property": "return self.filter(a=self.cached_rows)",
    "cursor": "connection.cursor().execute('x')\nreturn self",
    "with cursor": "with connection.cursor() as cursor:\n    pass\nreturn self",
    "content type": "return self.filter(t=ContentType.objects.get_for_model(self.model))",
    "Site": "return self.filter(site=Site.objects.get_current())",
    "atomic": "with transaction.atomic():\n    return self.all()",
    "helper class": "return Helper(a).narrow(self)",
    "queryset in an argument": "rows(self.filter(a=1))\nreturn self",
    "map": "return self.filter(x__in=map(str, self))",
    "chain": "from itertools import chain\nlist(chain(self, [1]))\nreturn self",
    "lambda": "return (lambda x: x.filter(a=x.count()))(self)",
    "reduce": (
        "from functools import reduce\nreduce(lambda x, y: Book.objects.get(x=x), a)\nreturn self"
    ),
    "annotated argument": "return self.filter(a=total(a))",
    "foreign key of an argument": "return self.filter(a=book.author)",
    "late": "try:\n    a()\nexcept Exception:\n    self.get()\nreturn self",
    "finally": "try:\n    return self.all()\nfinally:\n    self.get()",
}

VALUES = {
    "count": "return self.count()",
    "get": "return self.get(a=1)",
    "row": "return self.filter(a=1)[0]",
    "row or None": "found = self[:1]\nreturn found and found[0] or None",
    "list": "return list(self)",
    "iterator read": "return [each for each in self.iterator()]",
    "dict": "return {each.pk: each for each in self}",
    "update": "return self.update(a=1)",
    "argument": "return a.save()",
    "unknown": "return something()",
    "signal": "from django.dispatch import Signal\nSignal().send(self)",
    "dynamic": (
        "from django.utils.module_loading import import_string\nreturn import_string(a)(1)"
    ),
    "mail": "from django.core.mail import send_mail\nsend_mail('a', 'b', 'c', [])",
    "cache": "from django.core.cache import cache\nreturn cache.get('a')",
}

PURE = {
    "Q": "return models.Q(a=1) | models.Q(b=2)",
    "meta": "return self.model._meta.get_field('a').name",
    "constant": "return 1",
    "nothing": "pass",
    "strings": "return ', '.join(each.strip() for each in 'a,b'.split(','))",
    "settings": "from django.conf import settings\nreturn settings.DEBUG",
    "reverse": "from django.urls import reverse\nreturn reverse('a', args=[1])",
    "time": "from django.utils import timezone\nreturn timezone.now() - timezone.localdate()",
    "logging": "import logging\nlogging.getLogger(__name__).info('a')",
    "vendor": "return connection.vendor",
    "dict": "found = {'a': [1]}\nfound['b'] = [2]\nreturn [x for y in found.values() for x in y]",
    "sorted": "return sorted([2, 1], key=lambda each: -each)",
    "raise": "raise ValueError(a)",
    "local class": "return Point(1, 2).total()",
    "recursion": "return self._down(3)",
}

AMBIGUOUS = {
    "queryset or list": "if a:\n    return self.all()\nreturn []",
    "queryset or row": "return self.all() if a else self.get()",
    "queryset or expression": "return self.all() if a else models.Subquery(self.all())",
    "tainted": "return decorate(self)",
}

PROJECT = """
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db import connection, transaction
from elsewhere import decorate, something
from other import total

class Author(models.Model):
    name = models.CharField()

class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)

class Helper:
    def __init__(self, wanted):
        self.wanted = wanted
    def narrow(self, queryset):
        for each in queryset:
            self.wanted = each
        return queryset

class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def total(self):
        return self.x + self.y

def rows(found):
    return [each for each in found]

class Thing(models.QuerySet):
    def _helper(self):
        return self.filter(a=1)
    def _eager_helper(self):
        return self.get()
    def _down(self, n):
        return 0 if n == 0 else self._down(n - 1)
    @property
    def cached_rows(self):
        return list(self)
    def method(self, a, b, book, queryset):
"""
OTHER = "def total(found):\n    return sum(found.objects.all())\n"


def _decide(body: str) -> str:
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    return kinds(PROJECT + indented, other=OTHER)["Thing.method"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(body, kind, id=f"{kind}: {name}")
        for kind, table in [
            ("queryset", LAZY),
            ("eager", EAGER),
            ("value", VALUES),
            ("pure", PURE),
            ("ambiguous", AMBIGUOUS),
        ]
        for name, body in table.items()
    ],
)
def test_a_method_of_a_queryset(body: str, kind: str) -> None:
    assert _decide(body) == kind


# -- iterators and contexts -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def f(self):\n    for each in self:\n        yield each", "iterator"),
        ("def f(self):\n    yield from self", "iterator"),
        ("def f(self): return self.iterator()", "iterator"),
        ("def f(self): return iter(self)", "iterator"),
        ("def f(self): return map(str, self)", "iterator"),
        ("def f(self):\n    import itertools\n    return itertools.chain(self, self)", "iterator"),
        ("def f(self):\n    return (each.pk for each in self)", "iterator"),
        ("def f(self) -> Iterator[int]: return helper()", "iterator"),
        ("@contextlib.contextmanager\ndef f(self):\n    yield self", "context"),
        (
            "def f(self):\n    from django.db import transaction\n    return transaction.atomic()",
            "context",
        ),
        ("def f(self) -> AbstractContextManager[None]: return helper()", "context"),
    ],
)
def test_iterators_and_contexts(source: str, kind: str) -> None:
    assert methods(source) == {"f": kind}


def test_an_object_that_is_entered_is_a_context() -> None:
    source = """
    import threading
    _local = threading.local()
    class Quiet:
        def __enter__(self): _local.quiet = True
        def __exit__(self, *args): _local.quiet = False
    def quiet(): return Quiet()
    """
    assert kinds(source)["quiet"] == "context"


# -- annotations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        ("models.QuerySet", "queryset"),
        ("'models.QuerySet[Book]'", "queryset"),
        ("Self", "queryset"),
        ("QuerySet[Any] | None", "queryset"),
        ("Optional['Thing']", "queryset"),
        ("int", "value"),
        ("list[models.Model]", "value"),
        ("QuerySet | list[int]", "ambiguous"),
        ("Any", "value"),
    ],
)
def test_an_annotation_outranks_inference(annotation: str, kind: str) -> None:
    assert methods(f"def f(self) -> {annotation}: return unknown()") == {"f": kind}


def test_an_annotation_that_the_body_contradicts_is_ambiguous() -> None:
    assert methods("def f(self) -> dict: return self.filter(a=1)") == {"f": "ambiguous"}
    assert methods("def f(self) -> Iterable[int]: return self.filter(a=1)") == {"f": "queryset"}


def test_an_annotation_does_not_say_that_nothing_is_queried() -> None:
    assert methods("def f(self) -> models.QuerySet: return self.filter(a=self.get())") == {
        "f": "eager"
    }


def test_overloads_say_together_what_is_returned() -> None:
    source = """
    @typing.overload
    def f(self, flat: Literal[True]) -> list[int]: ...
    @typing.overload
    def f(self, flat: Literal[False]) -> models.QuerySet: ...
    def f(self, flat): return unknown()
    @typing.overload
    def g(self, a: int) -> models.QuerySet: ...
    @typing.overload
    def g(self, a: str) -> "Thing": ...
    def g(self, a): return unknown()
    """
    assert methods(source) == {"f": "ambiguous", "g": "queryset"}


def test_a_type_variable_is_its_bound() -> None:
    source = """
    from typing import TypeVar
    Q = TypeVar("Q", bound="models.QuerySet")
    T = TypeVar("T")
    class Thing(models.QuerySet):
        def f(self: Q) -> Q: return unknown()
        def g(self, a: T) -> T: return unknown()
    """
    assert kinds(source) == {"Thing.f": "queryset", "Thing.g": "value"}


# -- models ---------------------------------------------------------------------------------------

MODELS = """
from django.contrib.contenttypes.fields import GenericRelation
from django.utils.functional import cached_property
from django.urls import reverse
class AuthorManager(models.Manager):
    def get_queryset(self): return super().get_queryset().defer("biography")
class Author(models.Model):
    name = models.CharField()
    biography = models.TextField()
    objects = AuthorManager()
    def books(self): return self.book_set.all()
    def titles(self): return self.written.filter(a=1)
    def has_profile(self): return self.profile is not None
    def story(self): return self.biography
    def label(self): return self.name.upper()
class Profile(models.Model):
    author = models.OneToOneField(Author, models.CASCADE)
class Essay(models.Model):
    author = models.ForeignKey("shop.Author", models.CASCADE, related_name="written")
class Book(models.Model):
    author = models.ForeignKey("Author", models.CASCADE)
    parent = models.ForeignKey("self", models.CASCADE)
    editors = models.ManyToManyField(Author)
    tags = GenericRelation("Tag")
    price = models.DecimalField()
    kind = models.CharField(choices=[])
    published = models.DateField()
    data = models.JSONField()
"""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("return self.author.name", "value"),
        ("return self.author_id", "pure"),
        ("return self.parent", "value"),
        ("return self.editors.all()", "queryset"),
        ("return self.editors.count()", "value"),
        ("return self.tags.all()", "eager"),
        ("return self.price * 2", "pure"),
        ("return self.get_kind_display()", "pure"),
        ("return self.get_next_by_published()", "value"),
        ("return self.published.year", "pure"),
        ("return [x for x in self.data.get('a') or []]", "pure"),
        ("return reverse('book', args=[self.pk])", "pure"),
        ("return reverse('book', args=[self.author.pk])", "value"),
        ("self.price = 1", "pure"),
        ("self.save()", "value"),
        ("self.full_clean()", "value"),
        ("self.summary = 1", "value"),
        ("return self.stored", "value"),
        ("return type(self).objects.filter(a=1)", "queryset"),
        ("return self._meta.model._default_manager.get()", "value"),
        ("self._note = 1\nreturn self._note", "pure"),
        ("return hasattr(self, 'parent')", "value"),  # reads the relation
        ("return hasattr(self, 'title')", "pure"),
        ("return self.undeclared", "value"),
        ("return str(self)", "value"),
    ],
)
def test_a_method_of_a_model(body: str, kind: str) -> None:
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    more = """
    @property
    def summary(self): return 1
    @summary.setter
    def summary(self, value): self.parent = Book.objects.get(pk=value)
    @cached_property
    def stored(self): return self.editors.exists()
    def __str__(self): return self.author.name
    def method(self):
"""
    assert kinds(MODELS + more + indented)["Book.method"] == kind


def test_reverse_relations_and_deferred_fields() -> None:
    found = kinds(MODELS)
    assert {name: found[f"Author.{name}"] for name in ("books", "titles")} == {
        "books": "queryset",
        "titles": "queryset",
    }
    assert found["Author.has_profile"] == "value"
    assert found["Author.story"] == "value"
    assert found["Author.label"] == "pure"


def test_an_abstract_model_s_fields_may_be_declared_by_the_models_made_of_it() -> None:
    source = """
    class Named(models.Model):
        def label(self): return self.name
        def owner(self): return self.maker
        class Meta: abstract = True
    class Book(Named):
        name = models.CharField()
        maker = models.ForeignKey("auth.User", models.CASCADE)
    """
    assert kinds(source) == {"Named.label": "pure", "Named.owner": "value"}


def test_a_model_is_found_by_a_loader_s_string() -> None:
    source = """
    from django.apps import apps
    from loading import get_class
    Loaded = get_class("inner.managers", "Books")
    class AbstractBook(models.Model):
        objects = Loaded.as_manager()
        class Meta: abstract = True
    class Shelf(models.Model):
        def books(self): return apps.get_model("shop", "Book").objects.cheap()
        def one(self): return apps.get_model("shop", "Book").objects.best()
    """
    managers = """
    from django.db import models
    class Books(models.QuerySet):
        def cheap(self): return self.filter(price=1)
        def best(self): return self.first()
    """
    more = {"inner.managers": managers, "loading": "def get_class(*names): ...", "inner": ""}
    found = kinds(source, None, **more)
    assert found == {"Shelf.books": "queryset", "Shelf.one": "value"}


# -- managers -------------------------------------------------------------------------------------


def test_managers_however_they_are_made() -> None:
    source = """
    class Books(models.QuerySet):
        def cheap(self): return self.filter(price=1)
        def best(self): return self.first()
    Assigned = models.Manager.from_queryset(Books)
    class Based(models.Manager.from_queryset(Books)):
        def pick(self): return self.cheap()
    class OfAssigned(Assigned):
        def pick(self): return self.best()
    class One(models.Model):
        objects = Books.as_manager()
        def f(self): return One.objects.cheap()
    class Two(models.Model):
        objects = models.Manager.from_queryset(Books)()
        def f(self): return Two.objects.cheap().filter(a=Two.objects.best())
    class Three(models.Model):
        objects = Assigned()
        def f(self): return Three.objects.best()
    class Four(models.Model):
        others = Based()
        def f(self): return Four.others.pick()
    """
    found = kinds(source)
    assert found["Based.pick"] == "queryset"
    assert found["OfAssigned.pick"] == "value"
    assert found["One.f"] == "queryset"
    assert found["Two.f"] == "eager"
    assert found["Three.f"] == "value"
    assert found["Four.f"] == "queryset"


def test_the_queryset_of_a_manager_is_what_get_queryset_returns() -> None:
    source = """
    class Books(models.QuerySet):
        def cheap(self): return self.filter(a=self.count())
    class BookManager(models.Manager):
        def get_queryset(self): return Books(self.model, using=self._db)
        def cheap(self): return self.get_queryset().cheap()
        def loud(self): return self.all().shout()
    """
    assert kinds(source)["BookManager.cheap"] == "eager"


def test_an_unknown_manager_s_method_may_be_a_namesake_in_the_project() -> None:
    source = """
    class Trees(models.Manager):
        def below(self, node): return self.filter(a=self.count())
    class Node(models.Model):
        def children(self): return self._tree_manager.below(self)
        def model(self, model): return model.objects.below(self)
    """
    found = kinds(source)
    assert (found["Node.children"], found["Node.model"]) == ("eager", "eager")


def test_mixins_that_are_no_querysets_themselves() -> None:
    source = """
    class BookQuerySetMixin:
        def cheap(self): return super().filter(a=1)
        def best(self): return self.first()
        def fresh(self): return self.filter(a=1)
    class Nothing:
        def cheap(self): return 1
    """
    assert kinds(source) == {
        "BookQuerySetMixin.cheap": "queryset",
        "BookQuerySetMixin.best": "value",
        "BookQuerySetMixin.fresh": "queryset",
        "Nothing.cheap": "pure",
    }


def test_what_is_only_called_so_is_no_queryset_and_no_model() -> None:
    source = """
    import pydantic
    from pydantic import BaseModel
    from nowhere import BaseNodeModel
    class BookQuerySetMixin: pass
    class ViewQuerySetMixin:
        def get_queryset(self): pass
    class BookManagerMixin:
        def get_queryset(self): pass
    class Schema(BaseModel): pass
    class Settings(pydantic.BaseModel): pass
    class Row(BaseNodeModel): pass
    """
    evaluator = classifier({"shop": PRELUDE + dedent(source)}).evaluator
    module = evaluator.resolver.module("shop")
    assert module
    assert {name: evaluator.role(found) for name, found in module.classes.items()} == {
        "BookQuerySetMixin": "queryset",
        "ViewQuerySetMixin": "",
        "BookManagerMixin": "manager",
        "Schema": "",
        "Settings": "",
        "Row": "model",
    }


def test_bases_that_cannot_be_found_are_no_crash() -> None:
    source = """
    from nowhere import BookQuerySet, Node
    class Books(BookQuerySet):
        def cheap(self): return self.filter(a=1)
        def odd(self): return self.injected()
    class Leaf(Node):
        def odd(self): return self.injected()
    """
    found = kinds(source)
    assert found["Books.cheap"] == "queryset"
    assert found["Books.odd"] == "ambiguous"


def test_a_private_method_that_is_overridden_is_followed_from_django_s_own() -> None:
    source = """
    class Books(models.QuerySet):
        def _chain(self):
            self.get()
            return super()._chain()
        def cheap(self): return self.filter(a=1)
    """
    assert kinds(source)["Books.cheap"] == "eager"


# -- members bound by assignment -------------------------------------------------------------------


def test_aliases_are_what_they_stand_for() -> None:
    source = """
    def add_product(self): return self.create()
    add = add_product
    def _cheap(self): return self.filter(a=1)
    cheap = _cheap
    def made(cls): return cls
    made = classmethod(made)
    """
    found = methods(source)
    assert (found["add"], found["cheap"]) == ("value", "queryset")


def test_decorators_keep_the_kind() -> None:
    source = """
    @transaction.atomic
    def f(self): return self.get()
    @retry(times=3)
    def g(self): return self.filter(a=1)
    """
    assert methods(source) == {"f": "value", "g": "queryset"}


# -- calls ----------------------------------------------------------------------------------------


def test_a_helper_is_judged_by_what_it_is_passed() -> None:
    source = """
    def names(found): return [each.strip() for each in found]
    def plain(): return names(["a"])
    def busy(): return names(Book.objects.all())
    def choose(found=None, flat=False):
        if found is None:
            found = []
        if flat:
            return list(found)
        return found
    class Book(models.Model): pass
    class Books(models.QuerySet):
        def lazy(self): return choose(self)
        def eager(self): return choose(self, flat=True)
    """
    found = kinds(source)
    assert found["plain"] == "pure"
    assert found["busy"] == "value"
    assert found["Books.lazy"] == "queryset"
    assert found["Books.eager"] == "value"


def test_mutual_recursion_settles() -> None:
    source = """
    class Books(models.QuerySet):
        def even(self, n): return self if n == 0 else self.odd(n - 1)
        def odd(self, n): return self.none() if n == 0 else self.even(n - 1)
        def busy(self, n): return self.all() if n == 0 else self.idle(n)
        def idle(self, n):
            self.get()
            return self.busy(n - 1)
    """
    assert kinds(source) == {
        "Books.even": "queryset",
        "Books.odd": "queryset",
        "Books.busy": "eager",
        "Books.idle": "eager",
    }


def test_many_functions_that_call_each_other_are_evaluated_in_reasonable_time() -> None:
    names = [f"f{n}" for n in range(14)]
    calls = "; ".join(f"self.{name}(x)" for name in names)
    body = "\n".join(f"def {name}(self, x):\n    {calls}\n    return self" for name in names)
    assert set(methods(body).values()) == {"queryset"}


def test_arguments_that_grow_from_call_to_call_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also beside one that may be the name of an attribute, whose calls are evaluated apart."""
    evaluations, evaluated = [], Evaluator.evaluated

    def counted(*arguments: Any) -> Any:
        evaluations.append(1)
        return evaluated(*arguments)

    monkeypatch.setattr(Evaluator, "evaluated", counted)
    source = """
    import traceback
    def walk(error, name):
        walk(error.__cause__, name)
        walk(error.__context__, name)
        return getattr(error, name)
    def start():
        return walk(traceback.TracebackException(), "stack")
    """
    assert kinds(source).keys() == {"walk", "start"}
    assert len(evaluations) < 200


@pytest.mark.parametrize(
    ("test", "kind"),
    [
        ("isinstance(found, models.QuerySet)", "queryset"),
        ("not isinstance(found, models.QuerySet)", "pure"),
    ],
)
def test_isinstance_tells_what_a_branch_has(test: str, kind: str) -> None:
    source = f"def f(found):\n    if {test}:\n        return found\n    raise TypeError\n"
    assert kinds(source) == {"f": kind}


def test_functions_with_transactions_are_values() -> None:
    source = """
    from django.db import transaction
    __all__ = ["order"]
    def order(book):
        with transaction.atomic():
            book.copies -= 1
            book.save()
        return book
    """
    assert kinds(source) == {"order": "value"}


def test_a_dict_that_many_branches_add_to_stays_one_dict() -> None:
    ifs = "\n".join(f"    if flag == {n}:\n        found[{n}] = flags.a{n}" for n in range(40))
    source = f"import flags\ndef f(flag):\n    found = {{}}\n{ifs}\n    return found\n"
    assert kinds(source) == {"f": "pure"}


def test_a_loop_over_what_is_not_read_settles() -> None:
    chain = "\n".join(f"        x{n} = part.a{n} or part.b{n}; part = x{n}" for n in range(12))
    source = f"from elsewhere import part\ndef f(part=part):\n    for n in part:\n{chain}\n"
    assert kinds(source) == {"f": "value"}


def test_an_iterator_that_is_its_own_iterator() -> None:
    source = """
    class Lines:
        def __iter__(self):
            return self
        def __next__(self):
            if not Shelf.objects.exists():
                raise StopIteration
            return "x"
    class Shelf(models.Model):
        def texts(self):
            return [line for line in Lines()]
        def lines(self):
            return Lines()
    """
    found = kinds(source)
    assert (found["Shelf.texts"], found["Shelf.lines"]) == ("value", "iterator")


# -- what an argument, a setting, a request or a file is asked -----------------------------------

ASKED = """
import importlib
from django.conf import settings
from django.http import HttpRequest
from elsewhere import PicturesField, ThumbnailImageField
CALLBACK = getattr(settings, "CALLBACK", lambda each: None)
class Mixin:
    def save(self): super().save()
    def validate_unique(self): return super().validate_unique()
    def clean(self): return super().__repr__()
class Book(models.Model):
    title = models.CharField()
    code = models.CharField()
    author = models.ForeignKey("Author", models.CASCADE)
    cover = models.ImageField()
    back = PicturesField()
    spine = ThumbnailImageField()
    SIZE = 3
    label = models.CharField()
class Shelf:
    label = property(lambda self: Book.objects.get())
    @property
    def price(self): return 1
    @price.setter
    def price(self, value): self.book = Book.objects.get(price=value)
class Essay(models.Model):
    title = models.TextField()
class Tale(Book):
    @property
    def code(self): return self.author.code
    def method(self, other, data, cache, field, request, anything, typed: HttpRequest):
"""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        # what an argument has by the name of a field, where nothing else has that name
        ("return other.title", "pure"),
        ("return other.SIZE", "pure"),
        ("return other.code", "value"),
        ("return other.label", "value"),
        ("return other.author", "value"),
        ("return other.unheard_of", "value"),
        ("other.title = ''", "pure"),
        ("other.price = 1", "value"),
        # an item of an argument, not a row
        ("return data.get('key')", "pure"),
        ("return data.get('key', self.author)", "value"),
        ("return data.get(key='x')", "value"),
        ("return cache.get('key')", "value"),
        # a field of a model
        ("return field.many_to_many or field.get_internal_type()", "pure"),
        # the head of a request, and the rest of it
        ("return request.headers.get('a') or request.META['b'] or request.method.lower()", "pure"),
        ("return request.build_absolute_uri(request.path)", "pure"),
        ("return request.POST.get('a')", "value"),
        ("return request.user.is_authenticated", "value"),
        ("return typed.GET.getlist('a')", "pure"),
        ("return typed.user.is_authenticated", "value"),
        # a setting is pure, what it names may do anything
        ("return settings.DEBUG and settings.NAMES.get('a').lower()", "pure"),
        ("return settings.CALLBACK(self)", "value"),
        ("return settings.CALLBACKS['a'](self)", "value"),
        ("return [check() for check in settings.CHECKS]", "value"),
        ("return CALLBACK(self)", "value"),
        # so may what a module has that is imported by name
        ("return getattr(importlib.import_module(data), other)", "pure"),
        ("return __import__(data)", "pure"),
        ("return importlib.import_module(data).run()", "value"),
        ("return getattr(importlib.import_module(data), other)()", "value"),
        # the storage is asked
        ("return self.cover.name", "pure"),
        ("return self.cover.size", "value"),
        ("return self.cover.file.size", "value"),
        ("self.cover.seek(0)", "value"),
        ("return self.back", "pure"),
        ("return self.spine", "value"),
        # methods that only strings and dates have
        ("return data.isidentifier() and other.zfill(3)", "pure"),
        ("return data.isoformat() or other.total_seconds()", "pure"),
        # the standard library
        ("import urllib.parse\nreturn urllib.parse.urlsplit(data).netloc", "pure"),
        ("import urllib.request\nreturn urllib.request.urlopen(data)", "value"),
        ("import time\nreturn time.perf_counter()", "pure"),
        ("import time\ntime.sleep(1)", "value"),
        # Django's own methods chain without a query
        ("return models.Subquery(Book.objects.all().values('pk').reverse())", "pure"),
        # no item of a number
        ("found, rest = (True, [(1, 2)])\nreturn [[y for y in x] for x in rest[:2]]", "pure"),
    ],
)
def test_what_is_asked_of_things_that_are_not_read(body: str, kind: str) -> None:
    indented = "\n".join(f"        {line}" for line in body.splitlines())
    assert kinds(ASKED + indented)["Tale.method"] == kind


def test_super_in_a_mixin_is_whatever_it_is_mixed_into() -> None:
    found = kinds(ASKED + "        pass")
    assert found["Mixin.save"] == "value"
    assert found["Mixin.validate_unique"] == "value"
    assert found["Mixin.clean"] == "pure"


def test_attributes_by_getattr_are_what_it_returns_for_the_name() -> None:
    source = """
    from django.conf import settings
    from django.contrib.contenttypes.models import ContentType
    DEFAULTS = {"SIZE": 1, "TYPE": ContentType}
    class Settings:
        def __getattr__(self, name):
            if name == "OWNER":
                return Book.objects.get()
            return getattr(settings, "SHOP", {}).get(name) or DEFAULTS[name]
    conf = Settings()
    class Books(models.Manager):
        def get_queryset(self): return BookSet(self.model)
        def __getattr__(self, name): return getattr(self.get_queryset(), name)
    class BookSet(models.QuerySet):
        def cheap(self): return self.filter(price=conf.SIZE)
        def of_type(self, a): return self.filter(kind=conf.TYPE.objects.get_for_model(a))
    class Book(models.Model):
        objects = Books()
        def size(self): return conf.SIZE
        def owner(self): return conf.OWNER
        def few(self): return Book.objects.cheap()
        def alike(self): return Book.objects.of_type(self)
    """
    found = kinds(source)
    assert {name: kind for name, kind in found.items() if "__" not in name} == {
        "Books.get_queryset": "hook",
        "BookSet.cheap": "queryset",
        "BookSet.of_type": "eager",
        "Book.size": "pure",
        "Book.owner": "value",
        "Book.few": "queryset",
        "Book.alike": "eager",
    }


def test_a_field_is_what_its_class_is_made_of() -> None:
    source = """
    from fields import OwnerField, TagField, CodeField
    class Book(models.Model):
        owner = OwnerField("Author")
        tags = TagField("Tag")
        code = CodeField()
        def who(self): return self.owner.name
        def tagged(self): return self.tags.filter(a=1)
        def short(self): return self.code[:3]
    """
    fields = """
    from django.db import models
    class OwnerField(models.ForeignKey): ...
    class TagField(models.ManyToManyField): ...
    class CodeField(models.CharField): ...
    """
    assert kinds(source, fields=fields) == {
        "Book.who": "value",
        "Book.tagged": "queryset",
        "Book.short": "pure",
    }


def test_the_model_of_a_manager_is_the_one_that_has_it() -> None:
    source = """
    class BookSet(models.QuerySet):
        def size(self): return self.model.compute(1)
        def found(self): return self.filter(pk=self.model.look_up())
    class Books(models.Manager):
        def found(self): return self.filter(pk=self.model.look_up())
    class Shared(models.Manager):
        def size(self): return self.model.compute(1)
    class Book(models.Model):
        objects = BookSet.as_manager()
        others = Books()
        shared = Shared()
        @staticmethod
        def compute(n): return n + 1
        @classmethod
        def look_up(cls): return cls.objects.count()
    class Shelf(models.Model):
        shared = Shared()
    """
    found = kinds(source)
    assert found["BookSet.size"] == "pure"
    assert found["BookSet.found"] == found["Books.found"] == "eager"
    assert found["Shared.size"] == "value"


def test_a_property_made_of_two_functions() -> None:
    source = """
    class Book(models.Model):
        author = models.ForeignKey("Author", models.CASCADE)
        def _get(self): return self.author.name
        def _set(self, name): self.author = Author.objects.get(name=name)
        by = property(_get, _set)
        def read(self): return self.by
        def write(self, name): self.by = name
    def rename(book, name): book.by = name
    """
    found = kinds(source)
    assert {found[name] for name in ("Book.read", "Book.write", "rename")} == {"value"}


def test_a_function_that_is_assigned_in_another_branch_is_both() -> None:
    source = """
    if something():
        helper = lambda book: book.author.name
    else:
        def helper(book): return None
    def double(book): return None
    double = wrap(double)
    class Book(models.Model):
        author = models.ForeignKey("Author", models.CASCADE)
        def name(self): return helper(self)
    """
    assert kinds(source)["Book.name"] == "value"


def test_what_is_put_into_a_container_in_branches_does_not_multiply() -> None:
    puts = "".join(f"\n    if a == {n}:\n        rows.append(a.b{n})" for n in range(9))
    text = f"def gather(a):\n    rows = []{puts}\n    return rows\n"
    made = classifier({"shop": PRELUDE + text})
    module = made.evaluator.resolver.module("shop")
    assert module is not None
    outcome = made.evaluator.outcome(Bound(module.functions["gather"], module))
    assert {each.name for each in outcome.returns if isinstance(each, Builtin)} == {"list"}
    assert len(outcome.returns) <= 10  # one more a branch, not twice as many


def test_containers_in_containers_are_told_apart_to_a_depth() -> None:
    """What is deeper is not lost; it stands in the innermost container."""
    inner = Foreign("deep.inside")
    value: Type = inner
    for name in ("set", "list", "dict", "tuple", "list", "set"):
        value = Builtin(name, frozenset({value}))
    names = []
    while isinstance(value, Builtin):
        names.append(value.name)
        (value,) = value.elements
    assert names == ["set", "list", "tuple", "dict"]
    assert len(names) == NESTING_LIMIT
    assert value == inner


def test_a_recursion_over_what_is_nested_without_end_comes_to_an_end() -> None:
    source = """
    import pickle
    from collections import OrderedDict, defaultdict, deque
    def unpacked(item):
        kind = type(item)
        if kind == tuple:
            return tuple(unpacked(each) for each in item)
        elif kind == dict:
            return dict((unpacked(key), unpacked(each)) for key, each in item.items())
        elif kind == defaultdict:
            return defaultdict(list, ((key, unpacked(each)) for key, each in item.items()))
        elif kind == set:
            return set(unpacked(each) for each in item)
        elif kind == OrderedDict:
            return OrderedDict((unpacked(key), unpacked(each)) for key, each in item.items())
        elif kind == deque:
            return deque((unpacked(each) for each in item), maxlen=item.maxlen)
        try:
            return {unpacked(key): unpacked(each) for key, each in item.items()}
        except AttributeError:
            return [unpacked(each) for each in item]
    class Stored(models.Model):
        def load(self): return unpacked(pickle.loads(self.data))
    """
    assert kinds(source) == {"unpacked": "value", "Stored.load": "value"}


def test_what_takes_too_much_to_follow_is_not_proved() -> None:
    calls = "".join(f"def f{n}(a): return {n}\n" for n in range(9))
    text = calls + f"def total(): return [{', '.join(f'f{n}(1)' for n in range(9))}]\n"
    for limit, level in ((9, Level.CLEAN), (8, Level.DOUBT)):
        evaluator = classifier({"shop": text}).evaluator
        evaluator.outcomes.effort_limit = limit
        module = evaluator.resolver.module("shop")
        assert module is not None
        effect = evaluator.outcome(Bound(module.functions["total"], module)).effect
        assert effect.level is level
        assert ("nest too deeply" in str(effect.evidence)) is (level is Level.DOUBT)


def test_the_lists_of_an_enumeration_type_are_plain() -> None:
    source = """
    class Kind(models.TextChoices):
        NOVEL = "n", "Novel"
    class Other:
        NOVEL = "n"
    class Book(models.Model):
        kind = models.CharField(max_length=1, choices=Kind.choices)
        def demand_kind(self):
            if self.kind not in Kind.values:
                raise ValueError(", ".join(Kind.values))
        def labels(self): return dict(Kind.choices) | {name: 1 for name in Kind.names}
        def other(self): return ", ".join(Other.values)
    """
    found = kinds(source)
    assert (found["Book.demand_kind"], found["Book.labels"]) == ("pure", "pure")
    assert found["Book.other"] == "value"


# -- roles -----------------------------------------------------------------------------------------

ROLES = {
    "BookQuerySet": "queryset",
    "Counted": "queryset",  # BookQuerySet mixes it in
    "Deeper": "queryset",
    "Dated": "model",
    "SomeManagerMixin": "manager",  # it is called so
    "SomeManager": "manager",  # and this has nothing else
    "LockManager": "",
    "OpenManager": "manager",  # with a base that may be anything
    "Unused": "",
}


def test_what_a_queryset_manager_or_model_mixes_in_has_its_role() -> None:
    text = """
class Deeper: ...
class Counted(Deeper): ...
class BookQuerySet(Counted, models.QuerySet): ...
class Dated: ...
class Book(Dated, models.Model): ...
class SomeManagerMixin: ...
class SomeManager(SomeManagerMixin): ...
class LockManager: ...
class OpenManager(base()): ...
class Unused: ...
"""
    made = classifier({"shop": PRELUDE + text})
    found = {name: class_named(made.evaluator.resolver, "shop", name) for name in ROLES}
    assert {name: made.evaluator.role(each) for name, each in found.items()} == ROLES
    assert made.evaluator.inherited_role(found["Counted"]) == ""


@pytest.mark.parametrize("name", ["value", "name"])
def test_what_a_choice_is_worth_is_no_method_of_its_base(name: str) -> None:
    source = (
        "from django.db import models\n"
        "class Status(models.TextChoices):\n    DRAFT = 'd'\n"
        f"def f(): return Status.DRAFT.{name}\n"
    )
    assert decisions(source)["f"].evidence[0].message == "returns str"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Decimal(1)", "a Decimal"),
        ("random.choice([1])", "what random.choice() gives"),
        ("date.today", "datetime.date.today"),
    ],
)
def test_what_is_not_read_is_said_in_words(given: str, said: str) -> None:
    imports = "import random\nfrom datetime import date\nfrom decimal import Decimal\n"
    assert (
        decisions(f"{imports}def f(): return {given}\n")["f"].evidence[0].message
        == f"returns {said}"
    )
