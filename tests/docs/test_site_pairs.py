"""asyncgen.sphinx: both of a pair stand in one entry, and both can be linked to."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import zlib
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOKSHOP = ROOT / "examples/bookshop"


def names(inventory: Path) -> dict[str, str]:
    """Of an objects.inv: each name of Python's, and the page and anchor that it has."""
    head, _, body = inventory.read_bytes().partition(b"compressed using zlib.\n")
    assert head.startswith(b"# Sphinx inventory version 2")
    entries = (line.split(" ", 4) for line in zlib.decompress(body).decode().splitlines())
    return {name: uri for name, role, _, uri, _ in entries if role.startswith("py:")}


def entries(page: Path) -> list[str]:
    """Each entry of a page as text, its signatures first, one a line."""
    text = page.read_text("utf-8")
    found = []
    for entry in re.findall(r'<dl class="py (?:method|function)[^"]*">.*?</dl>', text, re.S):
        lines = re.sub(r"(</dt>)", r"\1\n", entry.replace("\n", " "))
        plain = unescape(re.sub(r"<[^>]+>", "", lines)).replace("¶", "")
        found.append("\n".join(" ".join(line.split()) for line in plain.splitlines()).strip())
    return found


# -- asyncgen_django ------------------------------------------------------------------------------


def surface(series: str) -> dict[str, list[str]]:
    """Of each mixin of asyncgen_django, by its full name: the twins that its module writes."""
    root = ROOT / "generated/asyncgen_django"
    found: dict[str, list[str]] = {}
    for path in root.rglob(f"v{series}.py"):
        module = ".".join(path.parent.relative_to(root.parent).parts)
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Async"):
                found[f"{module}.{node.name}"] = [
                    each.name
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                    and (ast.get_docstring(each) or "").startswith("Asynchronous `")
                ]
    return found


def test_the_inventory_has_both_names_of_every_pair(site: Path) -> None:
    known = names(site / "objects.inv")
    python = str(ROOT / ".cache/venv-docs/bin/python")
    command = [python, "-c", "import django; print('%d_%d' % django.VERSION[:2])"]
    series = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    missing, pairs = [], 0
    for mixin, twins in surface(series).items():
        module, _, name = mixin.rpartition(".")
        joined = f"{module}.Async{name.removesuffix('Async')}"
        for twin in twins:
            if joined in known:
                pairs += 1
                # A property's twin is named without its `a`, too: `acount` of `count`.
                missing += [
                    f"{joined}.{n}" for n in (twin, twin[1:]) if f"{joined}.{n}" not in known
                ]
            elif f"{mixin}.{twin}" not in known:
                missing.append(f"{mixin}.{twin}")
    assert not missing
    assert pairs > 150


def test_what_is_no_pair_is_in_the_inventory(site: Path) -> None:
    known = names(site / "objects.inv")
    for name in ("AsyncQuerySet.alist", "AsyncManager.alist", "AsyncQuerySet.as_manager"):
        assert f"asyncgen_django.{name}" in known


@pytest.mark.parametrize(
    "lines",
    [
        ("get(*args, **kwargs)", "async aget(*args: Any, **kwargs: Any) → _Row"),
        ("count()", "async acount() → int"),
        (
            "iterator(chunk_size=None)",
            "async for aiterator(chunk_size: int | None = None) → AsyncIterator[_Row]",
        ),
    ],
)
def test_pairs_are_stacked_and_marked(site: Path, lines: tuple[str, str]) -> None:
    found = entries(site / "reference/made/django/querysets.html")
    assert any(tuple(entry.splitlines()[:2]) == lines for entry in found)


def test_a_pair_has_one_text_and_a_link_to_both_of_django(site: Path) -> None:
    page = site / "reference/made/django/querysets.html"
    found = [each for each in entries(page) if each.startswith("get(*args")]
    assert found
    for entry in found:
        assert entry.count("Perform the query and return a single object") == 1
    text = page.read_text("utf-8")
    for name in ("get", "aget"):
        target = f"ref/models/querysets/#django.db.models.query.QuerySet.{name}"
        assert re.search(rf'href="https://docs.djangoproject.com/en/\d\.\d/{target}"', text), name


# -- a project of one's own -----------------------------------------------------------------------

CONF = """\
import os, sys
sys.path.insert(0, {bookshop!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
import django
django.setup()
extensions = ["asyncgen.sphinx"]
asyncgen_pairs = {layout!r}
autodoc_default_options = {{"members": True, "inherited-members": "QuerySet,Manager,Model"}}
"""
INDEX = """\
Shop
====

.. autoclass:: shop.querysets.BookQuerySet

.. autoclass:: shop.querysets.OrderQuerySet

.. automodule:: shop.services

.. automodule:: shop.services_async

All in one: :py:meth:`shop.querysets.BookQuerySet.atotal_revenue`.
"""


@pytest.fixture(scope="session", params=["stacked", "linked"])
def shop(
    request: pytest.FixtureRequest, site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The bookshop's documentation, in one layout."""
    source = tmp_path_factory.mktemp(request.param)
    conf = CONF.format(bookshop=str(BOOKSHOP), layout=request.param)
    (source / "conf.py").write_text(conf, "utf-8")
    (source / "index.rst").write_text(INDEX, "utf-8")
    sphinx = ROOT / ".cache/venv-docs/bin/sphinx-build"
    done = subprocess.run(
        [sphinx, "-q", "-W", "-b", "html", source, source / "out"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return source / "out"


def test_both_of_every_pair_are_in_the_inventory_and_on_the_page(shop: Path) -> None:
    known = names(shop / "objects.inv")
    text = (shop / "index.html").read_text("utf-8")
    for pair in (
        ("shop.querysets.BookQuerySet.total_revenue", "shop.querysets.BookQuerySet.atotal_revenue"),
        ("shop.querysets.BookQuerySet.on_hold", "shop.querysets.BookQuerySet.aon_hold"),
        ("shop.querysets.OrderQuerySet.latest_of", "shop.querysets.OrderQuerySet.alatest_of"),
        ("shop.services.place_order", "shop.services_async.aplace_order"),
    ):
        for name in pair:
            assert name in known
            assert f'id="{name}"' in text


def test_signatures_are_those_of_the_stub(shop: Path) -> None:
    signatures = [line for entry in entries(shop / "index.html") for line in entry.splitlines()]
    for expected in (
        "async atotal_revenue() → Decimal",
        "async aprice_range() → dict[str, Decimal | None]",  # inferred: the module says nothing
        "async arunning_low(below: int = ...) → list[str]",
        "async for aprice_list() → AsyncIterator[str]",
        "async with aon_hold() → AbstractAsyncContextManager[int]",
    ):
        assert expected in signatures


def test_the_twin_stands_with_its_sync_method(shop: Path) -> None:
    text = (shop / "index.html").read_text("utf-8")
    ids = re.findall(r'<dt class="[^"]*" id="shop\.querysets\.BookQuerySet\.(\w+)"', text)
    pairs = list(itertools.pairwise(ids))
    for name in ("total_revenue", "price_range", "running_low", "price_list", "on_hold"):
        assert (name, f"a{name}") in pairs


def test_in_the_linked_layout_each_names_the_other(shop: Path) -> None:
    found = entries(shop / "index.html")
    (revenue,) = (each for each in found if each.startswith("total_revenue()"))
    if shop.parent.name.startswith("stacked"):
        assert revenue.splitlines()[1].startswith("async atotal_revenue()")
        assert "Asynchronous version" not in revenue
        return
    assert revenue.endswith("Asynchronous version: atotal_revenue().")
    (twin,) = (each for each in found if each.startswith("async atotal_revenue()"))
    assert "Asynchronous version of total_revenue()." in twin


def test_functions_of_two_modules_link_to_one_another(shop: Path) -> None:
    text = (shop / "index.html").read_text("utf-8")
    linked = re.findall(r'<a class="reference internal" href="#([\w.]+)" title', text)
    assert {"shop.services.place_order", "shop.services_async.aplace_order"} <= set(linked)
