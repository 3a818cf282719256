"""An oracle for what is certain: the sources are run in an event loop, on SQLite, and Django raises
SynchronousOnlyOperation exactly where a certain finding stands.

What a function does to get rows is combined with what it does with them, and with chains of
queryset methods that Hypothesis draws.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from textwrap import indent

import pytest
from asyncgen.audit import audited
from asyncgen.config import Config
from depot import MODELS
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

HEAD = """\
import asyncio
import copy
from asgiref.sync import sync_to_async
from django.db.models import Prefetch
from depot.models import Carrier, Crate, Seal, Site, Tag


def weigh(crates):
    return sum(crate.weight for crate in crates)


def name_site(crate):
    return crate.site.name


"""

# How `crate` comes about.
ROWS = {
    "aget": "crate = await Crate.objects.aget(label='C1')",
    "afirst": "crate = await Crate.objects.heavy().afirst()",
    "related": "crate = await Crate.objects.select_related('site').aget(label='C1')",
    "own method": "crate = await Crate.objects.with_site().order_by('pk').afirst()",
    "other one": "crate = await Crate.objects.select_related('carrier').aget(label='C1')",
    "cleared": "crate = await Crate.objects.with_site().select_related(None).aget(label='C1')",
    "prefetched": "crate = await Crate.objects.prefetch_related('tags', 'site').aget(label='C1')",
    "deferred": "crate = await Crate.objects.defer('note').aget(label='C1')",
    "only": "crate = await Crate.objects.only('label', 'site').aget(label='C1')",
    "made": "site = await Site.objects.afirst()\ncrate = Crate(site=site, label='x')",
    "created": "site = await Site.objects.afirst()\n"
    "crate = await Crate.objects.acreate(site=site, label='x')",
    "of a site": "site = await Site.objects.afirst()\ncrate = await site.crates.afirst()",
    "in a loop": "async for crate in Crate.objects.all():\n    pass",
    "last of a list": "crate = [each async for each in Crate.objects.with_site()][-1]",
    "of a thread": "crate = await sync_to_async(Crate.objects.get)(label='C1')",
    "loaded in a thread": "crate = await Crate.objects.aget(label='C1')\n"
    "await sync_to_async(lambda: crate.site)()",
    "assigned": "crate = await Crate.objects.aget(label='C1')\n"
    "crate.site = await Site.objects.afirst()",
}
# What is done with it.
READS = {
    "column": "return crate.label, crate.site_id",
    "key": "return crate.site.name",
    "key by helper": "return name_site(crate)",
    "key by getattr": "return getattr(crate, 'site')",
    "note": "return crate.note",
    "reverse": "return hasattr(crate, 'seal')",
    "many": "return [tag.name for tag in crate.tags.all()]",
    "many awaited": "return [tag.name async for tag in crate.tags.all()]",
    "site's property": "return crate.site.busy",
    "save": "return crate.save()",
    "asave": "return await crate.asave()",
    "in a thread": "return await sync_to_async(name_site)(crate)",
    "argument": "return await sync_to_async(str)(crate.site)",
}
# How `crates` comes about.
QUERYSETS = {
    "all": "crates = Crate.objects.all()",
    "filtered": "crates = Crate.objects.filter(weight__gt=0)",
    "own": "crates = Crate.objects.heavy()",
    "none": "crates = Crate.objects.none()",
    "filled": "crates = Crate.objects.all()\nasync for _ in crates:\n    pass",
    "filled by comprehension": "crates = Crate.objects.all()\n[_ async for _ in crates]",
    "filled in a thread": "crates = Crate.objects.all()\nawait sync_to_async(list)(crates)",
    "lost": "crates = Crate.objects.all()\n[_ async for _ in crates]\ncrates = crates.all()",
    "of a thread": "crates = await sync_to_async(Crate.objects.all)()",
    "of a relation": "site = await Site.objects.afirst()\ncrates = site.crates.all()",
    "prefetched": "site = await Site.objects.prefetch_related('crates').afirst()\n"
    "crates = site.crates.all()",
    "prefetched, filtered": "site = await Site.objects.prefetch_related('crates').afirst()\n"
    "crates = site.crates.filter(weight__gt=0)",
    "list": "crates = [crate async for crate in Crate.objects.all()]",
}
USES = {
    "for": "for crate in crates:\n    return crate.label",
    "async for": "async for crate in crates:\n    return crate.label",
    "comprehension": "return [crate.label for crate in crates]",
    "list": "return list(crates)",
    "len": "return len(crates)",
    "if": "if crates:\n    return 1",
    "not": "return not crates",
    "index": "return crates[0] if False else None",
    "slice": "return crates[:1]",
    "text": "return f'{crates}'",
    "in": "return 1 in crates",
    "helper": "return weigh(crates)",
    "in a thread": "return await sync_to_async(weigh)(crates)",
    "sorted": "return sorted(crates, key=lambda crate: crate.weight)",
}
# What a queryset is asked.
ASKED = {
    "count": "return crates.count()",
    "acount": "return await crates.acount()",
    "exists": "return crates.exists()",
    "filter": "return crates.filter(label='x')",
    "get": "return crates.filter(label='C1').get()",
    "update": "return crates.filter(label='C1').update(weight=3)",
    "iterator": "for crate in crates.iterator():\n    return crate",
}
CHAINS = (
    *(".all()", ".heavy()", ".with_site()", ".filter(weight__gt=0)", ".order_by('-pk')"),
    *(".select_related('carrier')", ".select_related(None)", ".select_related('site')"),
    *(".prefetch_related('tags')", ".prefetch_related('site')", ".exclude(label='')"),
    *(".defer('note')", ".only('label', 'site')", ".distinct()", ".using('default')"),
)
READS_OF_CHAINS = ("crate.site.name", "crate.note", "crate.label", "list(crate.tags.all())")

SETTINGS = """
SECRET_KEY = "for the tests only"
INSTALLED_APPS = ["depot"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "depot.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
# Runs each function in an event loop, and prints where the first SynchronousOnlyOperation leaves
# it: functions to lines, 0 for none.
RUNNER = """
import asyncio, json, os, sys, traceback, warnings
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from django.core.exceptions import SynchronousOnlyOperation
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from depot.models import Carrier, Crate, Seal, Site, Tag
site = Site.objects.create(name="A")
tag = Tag.objects.create(name="fragile")
for label in ("C1", "C2"):
    crate = Crate.objects.create(
        site=site, carrier=Carrier.objects.create(name="c"), label=label, note="n"
    )
    crate.tags.add(tag)
    Seal.objects.create(crate=crate, number="1")
import depot.jobs as jobs
found = {}
for name, function in vars(jobs).items():
    if not name.startswith("case_"):
        continue
    found[name] = 0
    try:
        asyncio.run(function())
    except SynchronousOnlyOperation as error:
        steps = traceback.extract_tb(error.__traceback__)
        found[name] = next(step.lineno for step in steps if step.name == name)
    except TypeError:
        found[name] = -1  # async for over what is not asynchronous, and the reverse
    except Exception:
        del found[name]  # an unsaved object has no relations to many: nothing to compare
print(json.dumps(found))
"""


def source(cases: Iterable[tuple[str, str]]) -> str:
    """A module with a function for each of the cases: how it begins, and how it ends."""
    made = (
        f"async def case_{number}():\n{indent(f'{begin}{chr(10)}{end}', '    ')}\n\n\n"
        for number, (begin, end) in enumerate(cases)
    )
    return HEAD + "".join(made)


def project(folder: Path, text: str) -> None:
    (folder / "depot").mkdir(parents=True)
    files = {"settings.py": SETTINGS, "run.py": RUNNER, "depot/__init__.py": ""}
    files |= {"depot/models.py": MODELS, "depot/jobs.py": text}
    for name, content in files.items():
        (folder / name).write_text(content)


def ran(folder: Path) -> Mapping[str, int]:
    """Where each function raises when it is run."""
    finished = subprocess.run(
        [sys.executable, "run.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    lines: dict[str, int] = json.loads(finished.stdout)
    return lines


def told(folder: Path) -> Mapping[str, int]:
    """Where the audit says that each function raises first."""
    config = Config(folder, folder / "pyproject.toml", (), search=(folder,))
    lines: dict[str, int] = {}
    for finding in audited(config, [folder / "depot" / "jobs.py"], False).findings:
        name = finding.function.rpartition(".")[2]
        lines.setdefault(name, finding.line if finding.code != "AG711" else -1)
    return lines


def differences(folder: Path, cases: list[tuple[str, str]]) -> list[str]:
    """The cases of which the audit says something else than a run."""
    project(folder, source(cases))
    run, said = ran(folder), told(folder)
    # Some chains contradict themselves, such as only() and select_related() of one relation.
    assert len(run) > len(cases) * 0.75, "most can be compared"
    return [
        "\n".join((f"raises in line {run[name]}, told {said.get(name, 0)}:", *case))
        for name, case in ((f"case_{number}", case) for number, case in enumerate(cases))
        if name in run and run[name] != said.get(name, 0)
    ]


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(ROWS, READS), (QUERYSETS, USES), (dict(list(QUERYSETS.items())[:-1]), ASKED)],
    ids=["rows", "querysets", "asked"],
)
def test_what_raises_is_found_and_nothing_else(
    begins: Mapping[str, str], ends: Mapping[str, str], tmp_path: Path
) -> None:
    cases = list(product(begins.values(), ends.values()))
    assert differences(tmp_path, cases) == []


@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    cases=st.lists(
        st.tuples(st.lists(st.sampled_from(CHAINS), max_size=5), st.sampled_from(READS_OF_CHAINS)),
        min_size=30,
        max_size=60,
    )
)
def test_what_chains_load_is_known(
    cases: list[tuple[list[str], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = [
        (f"crate = await Crate.objects{''.join(chain)}.afirst()", f"return {read}")
        for chain, read in cases
    ]
    assert differences(tmp_path_factory.mktemp("chains"), made) == []
