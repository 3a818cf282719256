"""Run sources in an event loop, where Django raises for each query.

    python -m tests.support.loop.run < PLAN > ANSWERS

PLAN is a JSON object of sources by name, each of which defines `f`. It is called once, on rows of a
SQLite database with no relation loaded, by the names of its parameters. ANSWERS says of each
whether it `raised` SynchronousOnlyOperation, also where it swallows that, or `returned`; or what
else went wrong.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation

FILES = Path(tempfile.gettempdir(), "asyncgen-loop")
TEMPLATES = {"name.html": "{{ book.author.name }}"}
RAISED: list[str] = []


def set_up() -> None:
    """Django with an empty database, which notes each query that is attempted in the loop."""
    loader = ("django.template.loaders.locmem.Loader", TEMPLATES)
    engine = "django.template.backends.django.DjangoTemplates"
    contrib = ("auth", "contenttypes", "messages", "sessions", "sites")
    settings.configure(
        SECRET_KEY="only for tests",
        USE_TZ=True,
        SITE_ID=1,
        ROOT_URLCONF=types.ModuleType("urls"),
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[*(f"django.contrib.{name}" for name in contrib), "shelf"],
        TEMPLATES=[{"BACKEND": engine, "OPTIONS": {"loaders": [loader]}}],
        MEDIA_ROOT=str(FILES),
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    )
    settings.ROOT_URLCONF.urlpatterns = []
    django.setup()
    made = SynchronousOnlyOperation.__init__

    def noted(self: SynchronousOnlyOperation, *args: object) -> None:
        RAISED.append(str(self))
        made(self, *args)

    SynchronousOnlyOperation.__init__ = noted  # type: ignore[method-assign,assignment]


def fill() -> None:
    """Some rows of everything."""
    from django.contrib.auth.models import User
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command
    from shelf.models import Book, Detail, Label, Note, Writer

    call_command("migrate", run_syncdb=True, verbosity=0)
    boss = Writer.objects.create(name="W")
    writer = Writer.objects.create(name="V", boss=boss)
    user = User.objects.create_user("reader", password=None)
    for number in range(3):
        book = Book.objects.create(
            title=f"t{number}", pages=number * 100 + 1, author=writer, owner=user, cover="cover.txt"
        )
        Detail.objects.create(book=book, text="x")
    book.labels.add(Label.objects.create(name="x"))
    kind = ContentType.objects.get_for_model(Book)
    Note.objects.create(text="x", content_type=kind, object_id=book.pk)
    FILES.mkdir(exist_ok=True)
    (FILES / "cover.txt").write_text("x")


def arguments() -> dict[str, Any]:
    """What is passed for parameters, by their names."""
    from django.contrib.auth.models import User
    from django.test import RequestFactory
    from shelf.models import Book, Detail, Label, Note, Writer

    request = RequestFactory().get("/?page=1")
    request.user = User.objects.get()
    return {
        "book": Book.objects.first(),
        "books": Book.objects.all(),
        "detail": Detail.objects.first(),
        "flag": True,
        "label": Label.objects.get(),
        "n": 3,
        "name": "abc",
        "note": Note.objects.get(),
        "other": Book.objects.last(),
        "request": request,
        "user": User.objects.get(),
        "writer": Writer.objects.get(name="V"),
    }


def run(name: str, source: str) -> str:
    """What became of the call."""
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sites.models import Site
    from django.core.cache import cache

    for kept in (ContentType.objects.clear_cache, Site.objects.clear_cache, cache.clear):
        kept()
    module = types.ModuleType(f"shop_{len(sys.modules)}")
    sys.modules[module.__name__] = module
    exec(compile(source, name, "exec"), module.__dict__)
    passed = arguments()
    parameters = inspect.signature(module.f).parameters
    given = [passed[each] for each in parameters if each in passed]
    RAISED.clear()

    async def called() -> str:
        try:
            module.f(*given)
        except SynchronousOnlyOperation:
            return "raised"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return "returned"

    said = asyncio.run(called())
    return "raised" if RAISED else said


def main() -> int:
    sys.path.insert(0, str(Path(__file__).parent))
    set_up()
    fill()
    plan = json.load(sys.stdin)
    print(json.dumps({name: run(name, source) for name, source in plan.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
