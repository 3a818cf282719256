"""Which way out a finding has: what `--fix` may write, and what is only said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asyncgen.audit import audited
from asyncgen.audit.finding import Fix
from asyncgen.config import Config

MODELS = """
from django.db import models

class Dock(models.Model):
    code = models.CharField(max_length=9, unique=True)

class Port(models.Model):
    code = models.CharField(max_length=9, primary_key=True)

class Harbour(Port):
    pass

class Boat(models.Model):
    dock = models.ForeignKey(Dock, models.CASCADE)
    dock_by_code = models.ForeignKey(Dock, models.CASCADE, to_field="code")
    port = models.ForeignKey(Port, models.CASCADE)
    harbour = models.OneToOneField(Harbour, models.CASCADE)
    next = models.ForeignKey("self", models.CASCADE, null=True)
    elsewhere = models.ForeignKey("yard.Crane", models.CASCADE)
    chart = models.FileField(upload_to="charts")

class Sail(models.Model):
    boat = models.OneToOneField(Boat, models.CASCADE, related_name="sail")
"""
HELPERS = """
import requests
from django.core.files.storage import default_storage
from quay.models import Boat

def fetch(url):
    return requests.get(url, timeout=1).json()

def fetch_both(url):
    return fetch(url), fetch(url)

def fetch_again(url):
    return requests.get(url) or fetch_again(url)

def read(name):
    return default_storage.open(name)

def fetch_and_save(url):
    answer = requests.get(url)
    Boat.objects.create(name=answer)

def fetch_and_call(url, then):
    then(requests.get(url))

def fetch_through(url):
    return fetch_and_save(url)
"""
JOB = """
import itertools
from asgiref.sync import sync_to_async
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest
from quay.helpers import *
from quay.models import *

async def job(url, then, request: HttpRequest = None):
    boat = await Boat.objects.aget()
{body}
"""
Ways = Callable[[str], list[Fix | None]]


@pytest.fixture
def ways(tmp_path: Path) -> Ways:
    """The ways out of what is found in the body of a function, in the order of its lines."""

    def found(body: str) -> list[Fix | None]:
        folder = tmp_path / "quay"
        folder.mkdir()
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        texts = {"models": MODELS, "helpers": HELPERS, "jobs": JOB.format(body=lines)}
        for name, text in {**texts, "__init__": ""}.items():
            (folder / f"{name}.py").write_text(text)
        config = Config(tmp_path, tmp_path / "pyproject.toml", (), search=(tmp_path,))
        return [each.fix for each in audited(config, [folder / "jobs.py"], False).findings]

    return found


@pytest.mark.parametrize(
    ("read", "text"),
    [
        ("dock.pk", "boat.dock_id"),
        ("dock.id", "boat.dock_id"),
        ("next.id", "boat.next_id"),
        ("port.pk", "boat.port_id"),
        ("harbour.pk", "boat.harbour_id"),
    ],
)
def test_the_key_of_a_relation_is_in_its_column(ways: Ways, read: str, text: str) -> None:
    assert ways(f"return boat.{read}") == [Fix("fk-id", text, safe=True)]


@pytest.mark.parametrize(
    "read",
    ["dock_by_code.pk", "dock_by_code.id", "port.id", "harbour.id", "elsewhere.id", "sail.pk"],
)
def test_what_the_column_may_not_hold_is_read_from_the_row(ways: Ways, read: str) -> None:
    (way,) = ways(f"return boat.{read}")
    assert way == Fix("select-related", f'.select_related("{read.split(".")[0]}")', safe=False)


@pytest.mark.parametrize("helper", ["fetch", "fetch_both", "fetch_again", "read"])
def test_a_helper_that_only_waits_does_so_in_a_thread_of_its_own(ways: Ways, helper: str) -> None:
    text = f"await asyncio.to_thread({helper}, url)"
    assert ways(f"{helper}(url)") == [Fix("to-thread", text, safe=True, imports=("asyncio",))]


@pytest.mark.parametrize(
    "call", ["fetch_and_save(url)", "fetch_through(url)", "fetch_and_call(url, then)"]
)
def test_a_helper_that_may_query_does_so_in_the_thread_of_the_database(
    ways: Ways, call: str
) -> None:
    (way,) = ways(call)
    name, _, arguments = call.partition("(")
    assert way is not None
    assert (way.kind, way.safe) == ("thread-the-call", True)
    assert way.text == f"await sync_to_async({name})({arguments}"


@pytest.mark.parametrize("body", ["boat.chart.read()", "await sync_to_async(boat.chart.read)()"])
def test_a_file_is_opened_where_it_is_read(ways: Ways, body: str) -> None:
    """The attribute alone opens it."""
    (way,) = ways(f"return {body}")
    assert way is not None
    assert (way.kind, way.text) == ("", "await sync_to_async(lambda: boat.chart.read())()")


BLOCK = """\
with transaction.atomic():
    boat.save()
    if boat:
        boat.delete()
boat.save()
"""


def test_what_is_in_a_transaction_is_mended_after_it(ways: Ways) -> None:
    told = [each and (each.kind, each.text, each.safe) for each in ways(BLOCK)]
    assert told == [
        ("aatomic", "async with aatomic():", False),
        ("", "await boat.asave()", False),
        ("", "await boat.adelete()", False),
        ("await-twin", "await boat.asave()", True),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "return list(zip([1], Boat.objects.all()))",
        "return next(iter(Boat.objects.all()))",
        "return sorted(map(str, Boat.objects.all()))",
        "return list(itertools.chain(Boat.objects.all(), [1]))",
        "return Paginator(Boat.objects.all(), 3).page(1)",
    ],
)
def test_what_would_run_through_a_sync_iterator_is_only_suggested(
    ways: Ways, statement: str
) -> None:
    told = ways(statement)
    assert told, "it is found"
    assert not any(each and each.safe for each in told)


def test_a_file_that_only_another_python_can_read_is_told_by_its_lines(tmp_path: Path) -> None:
    """LibCST reads what a newer Python than this may: here, what no Python does."""
    source = "import time\n\n\nasync def f(g):\n    time.sleep(1)\n    g(a=1, a=2)\n"
    (tmp_path / "jobs.py").write_text(source)
    config = Config(tmp_path, tmp_path / "pyproject.toml", (), search=(tmp_path,))
    (found,) = audited(config, [tmp_path / "jobs.py"], False).findings
    assert (found.line, found.column, found.end_column) == (5, 4, 17)
    assert found.statement == "time.sleep(1)"


ROWS = "Boat.objects.all()"
LISTED = f"[row async for row in {ROWS}]"


@pytest.mark.parametrize(
    ("read", "way"),
    {
        f"return len({ROWS})": Fix("acount", f"await {ROWS}.acount()", safe=False),
        f"return bool({ROWS})": Fix("aexists", f"await {ROWS}.aexists()", safe=False),
        f"return set({ROWS})": Fix("list", f"{{row async for row in {ROWS}}}", safe=True),
        f"return sorted({ROWS}, key=str)": Fix("list", f"sorted({LISTED}, key=str)", safe=True),
        f"return boat in {ROWS}": Fix("acontains", f"await {ROWS}.acontains(boat)", safe=False),
        f"return boat not in {ROWS}": Fix(
            "acontains", f"not await {ROWS}.acontains(boat)", safe=False
        ),
        f"return not {ROWS}": Fix("aexists", f"not await {ROWS}.aexists()", safe=False),
        f"return {ROWS}[0]": Fix("afirst", f"await {ROWS}.afirst()", safe=False),
        f"return {ROWS}[url]": Fix("", f"rows = {LISTED}", safe=False),
        f"if {ROWS}: return 1": Fix("aexists", f"await {ROWS}.aexists()", safe=False),
        f"while {ROWS}: return 1": Fix("aexists", f"await {ROWS}.aexists()", safe=False),
        f"return 1 if {ROWS} else 2": Fix("aexists", f"await {ROWS}.aexists()", safe=False),
        f"return len({ROWS} | {ROWS})": Fix(
            "acount", f"await ({ROWS} | {ROWS}).acount()", safe=False
        ),
        f"if {ROWS} & {ROWS}: return 1": Fix(
            "aexists", f"await ({ROWS} & {ROWS}).aexists()", safe=False
        ),
        f"return sorted({ROWS}, **then)": Fix("list", f"sorted({LISTED}, **then)", safe=True),
        f'return f"{{{ROWS}}}"': Fix("", f"rows = {LISTED}", safe=False),
        f"for each in {ROWS}: url = each": Fix(
            "async-for", f"async for each in {ROWS}:", safe=True
        ),
        f"for each in {ROWS}.iterator(): url = each": Fix(
            "async-for", f"async for each in {ROWS}.aiterator():", safe=True
        ),
        f"return [each.pk for each in {ROWS}]": Fix(
            "async-comprehension", f"[each.pk async for each in {ROWS}]", safe=True
        ),
        f"first, *others = {ROWS}": Fix("unpack", LISTED, safe=True),
    }.items(),
)
def test_rows_are_asked_for_as_what_is_done_with_them_wants(
    ways: Ways, read: str, way: Fix
) -> None:
    assert ways(read) == [way]


@pytest.mark.parametrize(
    ("read", "way"),
    {
        "return request.user.pk": Fix("django-twin", "await request.auser()", safe=True),
        "return request.session['a']": Fix("", "await request.session.aget('a')", safe=False),
        "request.session['a'] = 1": Fix("", "await request.session.aset('a', 1)", safe=False),
        "return request.session.get('a')": Fix(
            "django-twin", "await request.session.aget('a')", safe=True
        ),
        "return 'a' in request.session": Fix("", "await request.session.ahas_key('a')", safe=False),
        "return 'a' not in request.session": Fix(
            "", "not await request.session.ahas_key('a')", safe=False
        ),
        "request.session.flush()": Fix("django-twin", "await request.session.aflush()", safe=True),
    }.items(),
)
def test_users_and_sessions_have_twins_of_djangos(ways: Ways, read: str, way: Fix) -> None:
    assert ways(read) == [way]
