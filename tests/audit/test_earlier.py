"""What is kept of an audit says the same as an audit from nothing, whatever is edited."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from asyncgen.audit import audited, earlier, engine
from asyncgen.audit.finding import Audit
from asyncgen.audit.selection import selected
from asyncgen.audit.units import Unit
from asyncgen.config import load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("kept_readings")

VIEWS = """\
from asgiref.sync import sync_to_async
from django.shortcuts import render
from shop.models import Book
from shop.services import total
import notes


async def index(request):
    {body}
"""
# What an asynchronous view does: most of it depends on another file.
BODIES = (
    "return total(Book.objects.all())",
    "return await sync_to_async(total)(Book.objects.all())",
    "book = await Book.objects.aget(pk=1)\n    return book.author",
    "book = await Book.objects.aget(pk=1)\n    return book.told()",
    "return render(request, 'shop/page.html', {'books': Book.objects.all()})",
    "return notes.read()",
    "await Book(title='a').asave()",
    "return request.user",
)
SERVICES = (
    "def total(books):\n    return books.count()\n",
    "def total(books):\n    return books\n",
    "def total(books):\n    return [each for each in books]\n",
    "def total(books:\n",  # cannot be read
)
MODELS = """\
from django.db import models
{imports}

class Author(models.Model):
    pass


class Book(models.Model):
    title = models.TextField()
    author = models.{field}

    def told(self):
        return {told}
"""
FILES: dict[str, tuple[str, ...]] = {
    "shop/views.py": tuple(VIEWS.format(body=each) for each in BODIES),
    "shop/services.py": SERVICES,
    "shop/models.py": tuple(
        MODELS.format(imports=imports, field=column, told=told)
        for imports, told in (("", "self.title"), ("from shop import texts", "texts.told(self)"))
        for column in ("ForeignKey(Author, models.CASCADE)", "TextField()")
    ),
    "shop/texts.py": (
        "",
        "def told(book):\n    return open(book.title).read()\n",
        "def told(book):\n    return 1\n",
    ),
    "shop/receivers.py": (
        "",
        "# a note\n",
        "from django.db.models.signals import post_save\nfrom django.dispatch import receiver\n"
        "from shop.models import Book\n\n\n@receiver(post_save, sender=Book)\n"
        "async def saved(sender, **kwargs):\n    return Book.objects.count()\n",
    ),
    "shop/templates/shop/page.html": (
        "",
        "{% for book in books %}{{ book.title }}{% endfor %}",
        "{% include 'shop/part.html' %}",
        "{% load shelf %}{% total %}",
    ),
    "shop/templatetags/shelf.py": (
        "",
        "from django import template\nfrom shop.models import Book\n\n"
        "register = template.Library()\n\n\n@register.simple_tag\ndef total():\n"
        "    return Book.objects.count()\n",
        "from django import template\n\nregister = template.Library()\n",
    ),
    "shop/templates/shop/part.html": ("", "{{ books.count }}"),
    "templates/shop/page.html": ("", "nothing"),
    "notes.py": ("", "def read():\n    return open('notes').read()\n"),
    "site/settings.py": ("", "AUTH_USER_MODEL = 'shop.Author'\n"),
    "other/plain.py": ("", "X = 1\n", "def total():\n    return 1\n", "class Manager:\n    pass\n"),
    "pyproject.toml": (
        "[tool.asyncgen]\n",
        "[tool.asyncgen]\n[tool.asyncgen.audit]\nblocks = ['shop.services.total']\n",
        "[tool.asyncgen]\n[tool.asyncgen.audit]\nthreads = ['shop.services.total']\n",
    ),
}
EDIT = st.sampled_from(sorted(FILES)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from((None, *FILES[name])))
)
NEEDED = ("shop/views.py", "shop/models.py", "pyproject.toml")


@dataclass
class Shop:
    """A project; a file without a text is not there."""

    root: Path
    texts: dict[str, str | None] = field(
        default_factory=lambda: {name: texts[0] or None for name, texts in FILES.items()}
    )

    def write(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        for name, text in {"shop/__init__.py": "", **self.texts}.items():
            if text is not None:
                path = self.root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def audited(self, *names: str) -> Audit:
        config = load(self.root / "pyproject.toml")
        return audited(config, selected(config, [self.root / name for name in names]), True)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The engines that were made: each audits everything."""
    made: list[object] = []

    class Counted(engine.Engine):
        def __post_init__(self) -> None:
            made.append(self)
            super().__post_init__()

    monkeypatch.setattr(engine, "Engine", Counted)
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path / "project")
    made.write()
    return made


def from_nothing(shop: Shop) -> Audit:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(earlier, "recalled", lambda *args: None)
        patch.setattr(earlier, "keep", lambda *args: None)
        return shop.audited()


@settings(
    max_examples=int(os.environ.get("ASYNCGEN_EDITS", "6")),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(EDIT, min_size=4, max_size=12))
def test_after_any_edits_an_audit_finds_what_one_from_nothing_finds(
    shop: Shop, edits: list[tuple[str, str | None]]
) -> None:
    shop = Shop(shop.root)  # of one test there is one folder, and of one example one project
    for name, text in edits:
        if text is not None or name not in NEEDED:
            shop.texts[name] = text
        shop.write()
        assert shop.audited() == from_nothing(shop)
        assert shop.audited() == from_nothing(shop)  # of what was kept just now


def edit(name: str, text: str) -> Callable[[Shop], None]:
    def make(shop: Shop) -> None:
        (shop.root / name).parent.mkdir(parents=True, exist_ok=True)
        (shop.root / name).write_text(text)

    return make


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda shop: None, id="nothing"),
        pytest.param(edit("other/plain.py", "X = 2\n"), id="a file that is not read"),
        pytest.param(edit("README.md", "async def\n"), id="a file that is no module"),
    ],
)
def test_what_makes_no_difference_has_nothing_audited_again(
    change: Callable[[Shop], None], shop: Shop, engines: list[object]
) -> None:
    edit("other/plain.py", "X = 1\n")(shop)
    before = shop.audited()
    change(shop)
    assert before.findings
    assert shop.audited() == before
    assert len(engines) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(edit("other/plain.py", "async def f():\n    open('a')\n"), id="async"),
        pytest.param(edit("shop/services.py", f"X = 1\n{SERVICES[1]}"), id="a module's names"),
        pytest.param(edit("notes.py", "def read(): open('notes')\n"), id="a module not there"),
        pytest.param(edit("other/new.py", ""), id="a new file"),
        pytest.param(edit("pyproject.toml", FILES["pyproject.toml"][1]), id="the configuration"),
        pytest.param(lambda shop: (shop.root / "shop/services.py").unlink(), id="a file gone"),
    ],
)
def test_what_may_make_a_difference_has_all_audited_again(
    change: Callable[[Shop], None], shop: Shop, engines: list[object]
) -> None:
    edit("other/plain.py", "X = 1\n")(shop)
    shop.audited()
    change(shop)
    shop.audited()
    assert len(engines) == 2


def test_a_template_that_changes_during_an_audit_has_all_audited_again(
    shop: Shop, engines: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "shop/templates/shop/page.html"
    shop.texts |= {"shop/views.py": FILES["shop/views.py"][4], page: "before"}
    shop.write()
    whole = engine.Engine.units

    def then_edited(self: engine.Engine) -> list[Unit]:
        units = whole(self)
        edit(page, FILES[page][1])(shop)
        return units

    monkeypatch.setattr(engine.Engine, "units", then_edited)
    shop.audited()
    shop.audited()
    assert len(engines) == 2


def test_a_tag_that_comes_or_changes_has_its_templates_audited_again(shop: Shop) -> None:
    page, shelf = "shop/templates/shop/page.html", "shop/templatetags/shelf.py"
    shop.texts |= {"shop/views.py": FILES["shop/views.py"][4], page: FILES[page][3]}
    shop.write()
    told = [shop.audited()]
    for text in FILES[shelf][1:]:
        edit(shelf, text)(shop)
        told.append(shop.audited())
        assert told[-1] == from_nothing(shop)
    assert [[each.code for each in audit.findings] for audit in told] == [[], ["AG707"], []]


def test_a_new_file_has_the_others_audited_again(shop: Shop, engines: list[object]) -> None:
    shop.audited("shop/views.py")
    edit("shop/new.py", "")(shop)
    shop.audited("shop/views.py")
    assert len(engines) == 2


def test_another_environment_has_all_audited_again(
    shop: Shop, engines: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.audited()
    monkeypatch.setenv("VIRTUAL_ENV", str(shop.root / "environment"))
    shop.audited()
    assert len(engines) == 2


def test_what_somebody_else_wrote_is_not_taken(shop: Shop, engines: list[object]) -> None:
    shop.audited()
    for path in Path(os.environ["XDG_CACHE_HOME"], "asyncgen").glob("*.json"):
        path.chmod(0o644)
    shop.audited()
    assert len(engines) == 2
