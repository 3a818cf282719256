"""Methods of a small shop, run on rows of SQLite: what they really return, to compare with what is
inferred of them.

    python returned.py FOLDER

FOLDER holds a package `shop`, of which `models` and `MODELS` here are one, and `calls.json`: the
names of methods. Each is called on several receivers, with both values of `flag`; what came, if no
exception did, is printed as JSON: the members of a union, each `[its classes, its arguments]`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

MODELS = """
import contextlib
import datetime
import itertools
import json
import sys
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from contextlib import contextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from functools import cached_property, reduce
from itertools import chain, groupby, islice
from operator import attrgetter, itemgetter, or_

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Avg, Count, F, Max, Min, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Lower
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _


LIMIT = 3
NAMES = ("a", "b")


class Author(models.Model):
    name = models.CharField(max_length=40)
    born = models.DateField(null=True)

    def __str__(self):
        return self.name


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)


class BookQuerySet(models.QuerySet):
    def long(self):
        return self.filter(pages__gt=1)

    def total(self):
        return self.count()

    @contextmanager
    def held(self):
        with transaction.atomic():
            yield self.first()

{querysets}


class Book(models.Model):
    class Size(models.TextChoices):
        SMALL = "s", "Small"
        LARGE = "l", "Large"

    PAPER = "paper"
    FORMATS = [(PAPER, "Paper"), ("pdf", "PDF")]

    title = models.CharField(max_length=40)
    pages = models.IntegerField(default=1)
    price = models.DecimalField(max_digits=9, decimal_places=2)
    weight = models.FloatField(null=True)
    sold = models.DateTimeField(null=True)
    printed = models.DateField()
    lent = models.DurationField()
    format = models.CharField(max_length=9, choices=FORMATS, default=PAPER)
    size = models.CharField(max_length=1, choices=Size.choices, default=Size.SMALL)
    is_new = models.BooleanField(default=True)
    code = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    author = models.ForeignKey(Author, models.CASCADE, null=True, related_name="books")
    editor = models.ForeignKey(Author, models.CASCADE, related_name="edited")
    tags = models.ManyToManyField(Tag, related_name="books")
    previous = models.ForeignKey("self", models.CASCADE, null=True, related_name="following")

    objects = BookQuerySet.as_manager()

    @property
    def gross(self):
        return self.price * 2

    @cached_property
    def loan_count(self):
        return self.loans.count()

    @property
    def best_loan(self):
        return self.loans.order_by("-days").first()

    def label(self):
        return f"{self.title} ({self.pages})"

    def twice(self, number):
        return number * 2

    @classmethod
    def make(cls, title):
        return cls(title=title)

    @staticmethod
    def limit():
        return LIMIT

{models}


class Loan(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="loans")
    days = models.PositiveIntegerField()
    back = models.DateField(null=True)

    class Meta:
        ordering = ["pk"]
"""
ITEMS = 20  # of an iterator

Observed: TypeAlias = list[
    Any
]  # the classes of a value, most special first, and of each argument all


def fill(shop: Any) -> None:
    import datetime
    import uuid
    from decimal import Decimal

    from django.utils import timezone

    day = datetime.date(2026, 1, 2)
    first, second = (
        shop.Author.objects.create(name=n, born=b) for n, b in (("A", day), ("B", None))
    )
    tags = [shop.Tag.objects.create(name=name) for name in "xy"]
    before = None
    for number in range(3):
        is_full = number > 0
        before = shop.Book.objects.create(
            title=f"T{number}",
            pages=number * 10,
            price=Decimal("1.50"),
            weight=1.5 if is_full else None,
            sold=timezone.now() if is_full else None,
            printed=day,
            lent=datetime.timedelta(days=1),
            is_new=is_full,
            code=uuid.uuid4() if is_full else None,
            data={"a": 1},
            author=(None, first, second)[number],
            editor=first,
            previous=before,
        )
        if is_full:
            before.tags.set(tags)
            before.loans.create(days=number, back=day)
            before.loans.create(days=number + 2, back=None)


def observed(value: Any, depth: int = 0) -> Observed:
    """The classes of a value, and what it holds; an iterator is run through, a context manager
    entered."""
    from django.db import models

    cls = type(value)
    classes = names_of(cls)
    if depth > 5 or isinstance(value, str | bytes | models.Model):
        return [classes, []]
    if isinstance(value, type):
        return [
            ["builtins.type"],
            [[[[f"{e.__module__}.{e.__qualname__}" for e in value.__mro__], []]]],
        ]
    if isinstance(value, models.Manager):
        return [classes, [[observed(value.model(), depth)]]]
    if isinstance(value, models.QuerySet):
        rows = list(value[:ITEMS] if not value.query.is_sliced else value)
        return [classes, [[observed(value.model(), depth)], several(rows, depth)]]
    if isinstance(value, tuple):
        return [classes, [[observed(each, depth + 1)] for each in value]]
    if isinstance(value, Mapping):
        inner = [several(value.keys(), depth), several(value.values(), depth)]
        return [classes, inner]
    if hasattr(value, "__enter__") and hasattr(value, "__exit__"):
        with value as entered:
            return [["contextlib.AbstractContextManager"], [[observed(entered, depth + 1)]]]
    if hasattr(value, "__iter__"):
        kinds = ["collections.abc.Iterator"] if hasattr(value, "__next__") else []
        return [[*classes, *kinds], [several(islice(value, ITEMS), depth)]]
    return [classes, []]


def names_of(cls: type) -> list[str]:
    return [f"{each.__module__}.{each.__qualname__}" for each in cls.__mro__]


def several(values: Any, depth: int) -> list[Observed]:
    found: list[Observed] = []
    for each in values:
        one = observed(each, depth + 1)
        if one not in found:
            found.append(one)
    return found


def receivers(shop: Any, owner: str) -> Iterator[Any]:
    if owner == "BookQuerySet":
        yield from (shop.Book.objects.order_by("pk"), shop.Book.objects.none())
    else:
        yield from shop.Book.objects.order_by("pk")


def results(shop: Any, owner: str, name: str) -> list[Observed]:
    """All that the method gives."""
    from django.db import transaction

    found: list[Observed] = []
    count = 2 if owner == "BookQuerySet" else 3
    for number in range(count):
        for flag in (False, True):
            with transaction.atomic():
                made = list(receivers(shop, owner))[number]
                try:
                    one = observed(getattr(made, name)(flag))
                except (Exception, SystemExit):
                    one = []
                transaction.set_rollback(True)
            if one and one not in found:
                found.append(one)
    return found


def main(folder: str) -> None:
    import django
    from django.conf import settings
    from django.db import connection

    sys.path.insert(0, folder)
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "shop"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        SITE_NAME="x",
        ROOT_URLCONF="shop.urls",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", {"a.html": "x"})]
                },
            }
        ],
    )
    django.setup()
    from django.apps import apps

    with connection.schema_editor() as editor:
        for model in apps.get_models():
            editor.create_model(model)
    import shop.models as module

    fill(module)
    calls = json.loads(Path(folder, "calls.json").read_text("utf-8"))
    print(json.dumps([results(module, owner, name) for owner, name in calls]))


if __name__ == "__main__":
    main(sys.argv[1])
