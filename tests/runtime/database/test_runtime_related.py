"""arelated()."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from asyncgen_runtime.related import arelated
from asyncgen_runtime.test import aassert_num_queries
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldError
from django.db import models
from django.test.utils import isolate_apps

from tests.testproject.library.models import Author, Book, Detail

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("database", "book")]


@pytest.fixture
def book(database):
    author = Author.objects.create(name="a")
    book = Book.objects.create(title="t", author=author)
    Detail.objects.create(book=book, blurb="b")


@pytest.mark.parametrize(
    ("queryset", "path", "queries", "expected"),
    [
        (Book.objects.all(), "author", 1, "a"),
        (Detail.objects.all(), "book", 1, "t"),
        (Book.objects.all(), "detail", 1, "b"),
        (Detail.objects.all(), "book.author", 2, "a"),
        (Detail.objects.all(), "book__author__name", 2, "a"),
        (Book.objects.defer("title"), "title", 1, "t"),
        (Book.objects.only("title"), "author.name", 2, "a"),
        (Book.objects.select_related("author"), "author.name", 0, "a"),
        (Book.objects.all(), "title", 0, "t"),
        (Book.objects.select_related("author", "detail"), "detail.book.author", 0, "a"),
    ],
)
async def test_one_hop_and_none_when_loaded(hops, queryset, path, queries, expected):
    obj = await queryset.all().aget()
    async with aassert_num_queries(queries):
        hops.clear()
        assert str(await arelated(obj, path)) == expected
        assert len(hops) == (1 if queries else 0)
        hops.clear()
        assert str(await arelated(obj, path)) == expected
        assert hops == []


async def test_deferred_foreign_key_column(hops):
    book = await Book.objects.only("title").aget()
    assert await arelated(book, "author_id") == (await Author.objects.aget()).pk


async def test_content_types_and_what_has_a_descriptor_of_its_own():
    permission = await Permission.objects.afirst()
    assert (await arelated(permission, "content_type")).app_label
    assert await arelated(permission, "content_type.app_label")


@isolate_apps("tests.testproject.library")
async def test_a_generic_foreign_key(hops):
    class Tag(models.Model):
        content_type = models.ForeignKey(ContentType, models.CASCADE)
        object_id = models.IntegerField()
        target = GenericForeignKey()

        class Meta:
            app_label = "library"

    author = await Author.objects.aget()
    kind = await sync_to_async(ContentType.objects.get_for_model)(Author)
    tag = Tag(content_type=kind, object_id=author.pk)
    hops.clear()
    assert await arelated(tag, "target.name") == "a"
    assert len(hops) == 1


async def test_annotations_are_loaded_attributes():
    from django.db.models import F

    book = await Book.objects.annotate(name=F("author__name")).aget()
    assert await arelated(book, "name") == "a"


async def test_none(hops):
    book = await Book.objects.acreate(title="of nobody")
    assert await arelated(book, "author") is None
    with pytest.raises(AttributeError, match="NoneType"):
        await arelated(book, "author.name")
    with pytest.raises(Book.detail.RelatedObjectDoesNotExist):
        await arelated(book, "detail")


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("nonsense", AttributeError, "'Book' object has no attribute 'nonsense'"),
        ("author.nonsense", AttributeError, "'Author' object has no attribute 'nonsense'"),
        ("", AttributeError, "no attribute ''"),
        ("author.", AttributeError, "no attribute ''"),
        ("tags", FieldError, r"Book\.tags stands for many objects"),
        ("author.books", FieldError, r"Author\.books stands for many objects"),
        ("shouted_title", FieldError, "neither a relation"),
        ("save", FieldError, "neither a relation"),
        ("title.upper", FieldError, "follows model instances"),
    ],
)
async def test_errors(path, error, message):
    book = await Book.objects.aget()
    with pytest.raises(error, match=message):
        await arelated(book, path)


async def test_not_a_model():
    with pytest.raises(FieldError, match="follows model instances"):
        await arelated(3, "real")
