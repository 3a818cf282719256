"""`--fix`: what each fixer makes of a statement, and what it leaves.

The finding stands where `«…»` is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from asyncgen.audit.finding import Finding, Fix
from asyncgen.config import Config
from asyncgen.mend.fixers import FIXERS
from asyncgen.mend.fixes import mends, replacements

Make = Callable[..., Finding]


@dataclass(frozen=True)
class Patient:
    """A file with findings, which are mended together."""

    root: Path
    make: Make

    def mended(self, source: str, *fixes: Fix, unsafe: bool = False) -> str:
        path = self.root / "jobs.py"
        text, findings = dedent(source), []
        for fix in fixes:
            head, _, rest = text.partition("«")
            marked, _, tail = rest.partition("»")
            text = head + marked + tail
            start, end = place(head), place(head + marked)
            findings.append(
                self.make(
                    path=path,
                    line=start[0],
                    column=start[1],
                    end_line=end[0],
                    end_column=end[1],
                    fix=fix,
                )
            )
        path.write_text(text)
        config = Config(self.root, self.root / "pyproject.toml", (), search=(self.root,))
        found = mends(config, findings, lambda each: each.stem, unsafe=unsafe)
        assert path.read_text() == text, "nothing is written"
        return found[0].after.decode() if found else text


def place(text: str) -> tuple[int, int]:
    return text.count("\n") + 1, len(text) - text.rfind("\n") - 1


@pytest.fixture
def patient(tmp_path: Path, make: Make) -> Patient:
    return Patient(tmp_path, make)


def body(text: str) -> str:
    return f"async def work(request, qs, crate, x):\n    {text}\n"


SLEEP = Fix("asyncio-sleep", "await asyncio.sleep(1)", safe=True)

# kind, text of the fix, statement, what becomes of it
SAFE = [
    (
        "request-user",
        "(await request.auser()).is_staff",
        "return not «request.user.is_staff»",
        "return not (await request.auser()).is_staff",
    ),
    (
        "await-twin",
        "await Site.objects.aget(code=code)",
        "site = «Site.objects.get(code=code)»",
        "site = await Site.objects.aget(code=code)",
    ),
    (
        "await-twin",
        "await Site.objects.aget(code=code)",
        "return «Site.objects.get(code=code)».name",
        "return (await Site.objects.aget(code=code)).name",
    ),
    (
        "await-twin",
        "await Crate.objects.acount()",
        'return f"{«Crate.objects.count()»} crates"',
        'return f"{await Crate.objects.acount()} crates"',
    ),
    (
        "await-twin",
        "await crates.aexists()",
        "«if crates.exists()»: pass",
        "if await crates.aexists(): pass",
    ),
    (
        "await-twin",
        'await crate.asave(update_fields=["site"])',
        "«crate.save(  # kept\n        update_fields=['site'],\n    )»",
        "await crate.asave(  # kept\n        update_fields=['site'],\n    )",
    ),
    (
        "await-twin",
        "await aremaining(1)",
        "return «remaining(1)» ** 2",
        "return await aremaining(1) ** 2",
    ),
    (
        "await-twin",
        "await site.ahas_room()",
        "return «site.has_room»",
        "return await site.ahas_room()",
    ),
    (
        "await-twin",
        "await qs.acount()",
        "return await «qs.count()»",
        "return await qs.acount()",
    ),
    (
        "await-twin",
        "await qs.afirst()",
        "return [«qs.first()» for _ in x]",
        "return [await qs.afirst() for _ in x]",
    ),
    (
        "django-twin",
        "(await request.auser()).is_staff",
        "return «request.user».is_staff",
        "return (await request.auser()).is_staff",
    ),
    (
        "django-twin",
        'await request.session.aget("seen", "never")',
        'return «request.session.get("seen", "never")»',
        'return await request.session.aget("seen", "never")',
    ),
    (
        "missing-await",
        "await qs.aexists()",
        "if «qs.aexists()»: pass",
        "if await qs.aexists(): pass",
    ),
    ("missing-await", "await qs.aget()", "return «qs.aget()».pk", "return (await qs.aget()).pk"),
    (
        "async-for",
        "async for crate in qs:",
        "«for crate in qs:\n        pass  # kept»",
        "async for crate in qs:\n        pass  # kept",
    ),
    (
        "async-for",
        "async for crate in qs:",
        "for crate in «qs»:\n        for each in crate: pass",
        "async for crate in qs:\n        for each in crate: pass",
    ),
    (
        "async-for",
        "async for crate in qs.aiterator(chunk_size=10):",
        "for crate in «qs.iterator(chunk_size=10)»: pass",
        "async for crate in qs.aiterator(chunk_size=10): pass",
    ),
    (
        "async-comprehension",
        "[each async for each in qs]",
        "return «[each for each in qs]»",
        "return [each async for each in qs]",
    ),
    (
        "async-comprehension",
        "{each.pk: each async for each in qs}",
        "return {each.pk: each for each in «qs» if each}",
        "return {each.pk: each async for each in qs if each}",
    ),
    (
        "list",
        "[crate async for crate in qs.all()]",
        "return «list(qs.all())»",
        "return [crate async for crate in qs.all()]",
    ),
    ("list", "", "return list(«qs»)", "return [row async for row in qs]"),
    ("list", "", "return «set(qs)»", "return {row async for row in qs}"),
    (
        "list",
        "",
        "return «sorted(qs, key=str)»",
        "return sorted([row async for row in qs], key=str)",
    ),
    ("unpack", "", "first, *_ = «qs.all()»", "first, *_ = [row async for row in qs.all()]"),
    ("fk-id", "crate.site_id", "return «crate.site.pk»", "return crate.site_id"),
    ("fk-id", "", "return «crate.site.id» + 1", "return crate.site_id + 1"),
    (
        "thread-the-call",
        "await sync_to_async(find)(1)",
        "return await «sync_to_async(find(1))»",
        "return await sync_to_async(find)(1)",
    ),
    (
        "thread-the-call",
        "",
        "return await «sync_to_async(find(1, k=2), thread_sensitive=False)()»",
        "return await sync_to_async(find, thread_sensitive=False)(1, k=2)",
    ),
    (
        "thread-the-call",
        'await sync_to_async(capacity_left)("A")',
        'return «capacity_left("A")».left',
        'return (await sync_to_async(capacity_left)("A")).left',
    ),
    (
        "to-thread",
        "await asyncio.to_thread(requests.get, url)",
        "return «requests.get(url, timeout=1)».json()",
        "return (await asyncio.to_thread(requests.get, url, timeout=1)).json()",
    ),
    ("to-thread", "await asyncio.to_thread(fetch)", "«fetch()»", "await asyncio.to_thread(fetch)"),
]
UNSAFE = [
    (
        "request-user",
        "(await request.auser()).is_staff",
        "return not «request.user.is_staff»",
        "return not (await request.auser()).is_staff",
    ),
    (
        "session-item",
        'await request.session.aget("seen")',
        'return «request.session["seen"]»',
        'return await request.session.aget("seen")',
    ),
    ("acount", "await qs.acount()", "return «len(qs)»", "return await qs.acount()"),
    ("aexists", "await qs.aexists()", "if «qs»: pass", "if await qs.aexists(): pass"),
    ("aexists", "await qs.aexists()", "return not «bool(qs)»", "return not await qs.aexists()"),
    (
        "aexists",
        "await (a or b).aexists()",
        "return «bool(a or b)»",
        "return await (a or b).aexists()",
    ),
    ("aexists", "", "return «not qs»", "return not await qs.aexists()"),
    ("acontains", "", "return «crate in qs»", "return await qs.acontains(crate)"),
    ("acontains", "", "if «crate not in qs»: pass", "if not await qs.acontains(crate): pass"),
    ("afirst", "", "return «qs[0]».pk", "return (await qs.afirst()).pk"),
]


@pytest.mark.parametrize(("kind", "text", "before", "after"), [*SAFE, *UNSAFE])
def test_each_kind_is_mended(
    patient: Patient, kind: str, text: str, before: str, after: str
) -> None:
    fix = Fix(kind, text, safe=True)
    assert patient.mended(body(before), fix) == body(after)
    compile(body(after), "jobs.py", "exec")


def test_every_fixer_has_a_case() -> None:
    assert {kind for kind, *_ in (*SAFE, *UNSAFE)} | {"asyncio-sleep", "aatomic"} == set(FIXERS)


# -- what is left --------------------------------------------------------------------------------

LEFT = {
    "a sync function": "def work():\n    return «qs.get()»\n",
    "a lambda": "async def work():\n    return lambda: «qs.get()»\n",
    "a function in an async one": (
        "async def work():\n    def inner():\n        return «qs.get()»\n    return inner\n"
    ),
    "a class body": "async def work():\n    class A:\n        x = «qs.get()»\n",
    "the module": "x = «qs.get()»\n",
    "a generator expression": "async def work():\n    return any(«qs.get()» for _ in x)\n",
    "no call of that name": "async def work():\n    return «qs.first()»\n",
    "two that may be meant": "async def work():\n    return «(a.get(1), b.get(2))»\n",
    "a default argument of a sync function": "def work(x=«qs.get()»): ...\n",
}


@pytest.mark.parametrize("source", LEFT.values(), ids=LEFT)
def test_what_cannot_be_awaited_or_told_is_left(patient: Patient, source: str) -> None:
    expected = source.replace("«", "").replace("»", "")
    assert patient.mended(source, Fix("await-twin", "await qs.aget()", safe=True)) == expected


def test_what_a_generator_expression_first_iterates_over_is_awaited(patient: Patient) -> None:
    mended = patient.mended(
        "async def work():\n    return any(each for each in «qs.get()»)\n",
        Fix("await-twin", "await qs.aget()", safe=True),
    )
    assert "for each in await qs.aget())" in mended


def test_a_generator_expression_does_not_become_an_async_one(patient: Patient) -> None:
    source = "async def work():\n    return sum(«each for each in qs»)\n"
    fix = Fix("async-comprehension", "", safe=True)
    assert "async for" not in patient.mended(source, fix)


def test_what_is_only_suggested_is_left_unless_it_is_asked_for(patient: Patient) -> None:
    source = "async def work():\n    return «len(qs)»\n"
    fix = Fix("acount", "await qs.acount()", safe=False)
    assert "len(qs)" in patient.mended(source, fix)
    assert "await qs.acount()" in patient.mended(source, fix, unsafe=True)


@pytest.mark.parametrize("kind", ["", "of another kind"])
def test_advice_is_no_mend(patient: Patient, kind: str) -> None:
    source = "async def work():\n    return «qs.get()»\n"
    assert "qs.get()" in patient.mended(source, Fix(kind, "await qs.aget()", safe=True))


def test_a_file_that_would_be_no_python_is_left(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a fixer does: here one awaits where nothing may."""
    from asyncgen.mend import fixes

    monkeypatch.setattr(fixes._Places, "is_async", lambda *_: True)
    source = "def work():\n    return «qs.get()»\n"
    assert "await" not in patient.mended(source, Fix("await-twin", "await qs.aget()", safe=True))


def test_a_file_that_is_no_python_is_left(patient: Patient) -> None:
    assert patient.mended("def «work»(:\n", SLEEP) == "def work(:\n"


# -- several, and what is around -----------------------------------------------------------------


def test_mends_within_each_other(patient: Patient) -> None:
    mended = patient.mended(
        """\
        async def work():
            for crate in «qs.filter(site=Site.objects.get())»:
                «crate.save()»
        """.replace(
            "«qs.filter(site=«Site.objects.get()»)»", "«qs.filter(site=Site.objects.get())»"
        ),
        Fix("async-for", "", safe=True),
        Fix("await-twin", "await crate.asave()", safe=True),
    )
    assert mended == dedent(
        """\
        async def work():
            async for crate in qs.filter(site=Site.objects.get()):
                await crate.asave()
        """
    )


def test_an_import_stands_where_it_belongs_and_what_nothing_needs_goes(patient: Patient) -> None:
    mended = patient.mended(
        '''\
        """A module."""

        from __future__ import annotations

        import json
        import time  # for sleep

        from django.shortcuts import get_object_or_404, render


        async def work(request):
            «time.sleep(1)»
            site = «get_object_or_404(Site, pk=1)»
            return render(request, json.dumps(site.pk))
        ''',
        SLEEP,
        Fix(
            "django-twin",
            "await aget_object_or_404(Site, pk=1)",
            safe=True,
            imports=("django.shortcuts.aget_object_or_404",),
        ),
    )
    assert mended == dedent(
        '''\
        """A module."""

        from __future__ import annotations

        import asyncio
        import json

        from django.shortcuts import aget_object_or_404, render


        async def work(request):
            await asyncio.sleep(1)
            site = await aget_object_or_404(Site, pk=1)
            return render(request, json.dumps(site.pk))
        '''
    )


def test_an_import_that_others_need_stays(patient: Patient) -> None:
    mended = patient.mended(
        """\
        import asyncio
        import time


        def wait():
            time.sleep(2)


        async def work():
            «time.sleep(1)»
        """,
        SLEEP,
    )
    assert mended.startswith("import asyncio\nimport time\n\n\ndef wait")
    assert "await asyncio.sleep(1)" in mended


def test_a_name_that_means_something_else_is_not_imported(patient: Patient) -> None:
    source = """\
        import time

        asyncio = object()


        async def work():
            «time.sleep(1)»
        """
    assert "    time.sleep(1)" in patient.mended(source, SLEEP)


def test_a_transaction(patient: Patient) -> None:
    mended = patient.mended(
        """\
        from django.db import transaction


        async def work(crate):
            «with transaction.atomic(using="other"):
                await crate.asave()»
        """,
        Fix("aatomic", "async with aatomic():", safe=False),
        unsafe=True,
    )
    assert mended == dedent(
        """\
        from asyncgen_runtime.transaction import aatomic


        async def work(crate):
            async with aatomic(using="other"):
                await crate.asave()
        """
    )


RELATIONS = {
    "await": (
        "crate = await Crate.objects.aget(pk=1)\n    return «crate.site».name",
        'crate = await Crate.objects.select_related("site").aget(pk=1)\n    return crate.site.name',
    ),
    "for": (
        "async for crate in Crate.objects.all():\n        print(«crate.site»)",
        'async for crate in Crate.objects.all().select_related("site"):\n        print(crate.site)',
    ),
    "comprehension": (
        "return [«crate.site».name async for crate in Crate.objects.filter(pk=1)]",
        "return [crate.site.name async for crate in "
        'Crate.objects.filter(pk=1).select_related("site")]',
    ),
    "two origins": (
        "crate = await Crate.objects.afirst()\n    crate = await Crate.objects.alast()\n"
        "    return «crate.site»",
        "crate = await Crate.objects.afirst()\n    crate = await Crate.objects.alast()\n"
        "    return crate.site",
    ),
    "no origin": ("return «request.site»", "return request.site"),
}


@pytest.mark.parametrize(("before", "after"), RELATIONS.values(), ids=RELATIONS)
def test_a_relation_is_loaded_with_its_rows(patient: Patient, before: str, after: str) -> None:
    source = f"async def work(request):\n    {before}\n"
    fix = Fix("select-related", 'Crate.objects.select_related("site")', safe=False)
    assert patient.mended(source, fix, unsafe=True) == f"async def work(request):\n    {after}\n"


def test_line_endings_and_encoding_stay(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "jobs.py"
    before = b"# coding: latin-1\r\nasync def work():\r\n    qs.get('\xe9')  # \xe9\r\n"
    path.write_bytes(before)
    finding = make(
        path=path,
        line=3,
        column=4,
        end_line=3,
        end_column=15,
        fix=Fix("await-twin", "await qs.aget('é')", safe=True),
    )
    config = Config(tmp_path, tmp_path / "pyproject.toml", (), search=(tmp_path,))
    (change,) = mends(config, [finding], lambda each: each.stem)
    assert change.after == before.replace(b"qs.get(", b"await qs.aget(")


def test_a_mend_is_also_told_as_lines_in_place_of_others(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "jobs.py"
    before = "import time\n\n\nasync def work():\n    time.sleep(1)\n    qs.get()\n"
    path.write_text(before)
    sleep = make(path=path, line=5, column=4, end_line=5, end_column=17, fix=SLEEP)
    advice = make(path=path, line=6, column=4, end_line=6, end_column=12, fix=Fix("", "…", True))
    config = Config(tmp_path, tmp_path / "pyproject.toml", (), search=(tmp_path,))
    made = replacements(config, [sleep, advice], lambda each: each.stem)
    assert list(made) == [sleep]
    lines = before.splitlines(keepends=True)
    for each in sorted(made[sleep], key=lambda each: -each.line):
        assert (each.column, each.end_column) == (1, 1)
        lines[each.line - 1 : each.end_line - 1] = [each.text]
    assert "".join(lines) == (
        "import asyncio\n\n\nasync def work():\n    await asyncio.sleep(1)\n    qs.get()\n"
    )
