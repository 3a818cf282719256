"""The cases in `tests/cases/audit`: sources with what is found in them.

Each line of a case says its codes in a comment, with a question mark where the finding is only
possible. What no line says must not be found.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from asyncgen.audit import audited
from asyncgen.audit.finding import Level
from asyncgen.codes import rules
from asyncgen.config import Auditing, Config
from depot import MODELS

from tests.support.cases import cases

CASES = cases("audit")
SETTINGS = """
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "table": {"BACKEND": "django.core.cache.backends.db.DatabaseCache"},
    "files": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache"},
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "depot.context.extras",
            ],
        },
    }
]
"""
_SAID = re.compile(r"#((?: AG\d+\??)+)$")


def said(text: str) -> dict[int, list[str]]:
    """The codes that each line says."""
    found = ((number, _SAID.search(line)) for number, line in enumerate(text.splitlines(), 1))
    return {number: match[1].split() for number, match in found if match}


@pytest.mark.parametrize("name", CASES)
def test_what_a_case_says_is_found_and_nothing_else(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "depot"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "models.py").write_text(MODELS)
    (folder / "settings.py").write_text(SETTINGS)
    for file, text in CASES[name].files.items():
        path = folder / (file or "jobs.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    config = Config(tmp_path, tmp_path / "pyproject.toml", (), search=(tmp_path,))
    codes: dict[int, list[str]] = {}
    for each in audited(config, [folder / "jobs.py"], True).findings:
        code = each.code + ("?" if each.level is Level.POSSIBLE else "")
        if code not in codes.setdefault(each.line, []):
            codes[each.line].append(code)
    CASES[name].came_of_lines({line: " ".join(said) for line, said in codes.items()}, _SAID)


def test_each_rule_has_a_case() -> None:
    """But for what needs more than a source: comments, and a run of the tests."""
    text = "".join(case.source for case in CASES.values())
    told = {code.rstrip("?") for codes in said(text).values() for code in codes}
    assert set(rules()) - told == {"AG741", "AG742"}


CONFIGURED = """
import acme
from acme.pools import run_in_pool
from depot.models import Crate


def own_pool(function, *args):
    return function(*args)


async def hands_over():
    await run_in_pool(Crate.objects.count)
    await own_pool(Crate.objects.count)
    await own_pool(lambda: list(Crate.objects.all()))
    acme.fetch()  # AG720


@acme.subscribe
def subscriber(event):
    Crate.objects.count()  # AG708


class Worker(acme.Worker):
    def work(self):
        Crate.objects.count()  # AG708
"""


def test_the_configuration_adds_to_what_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "depot"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "models.py").write_text(MODELS)
    (folder / "jobs.py").write_text(CONFIGURED)
    auditing = Auditing(
        threads=("acme.pools.run_in_pool", "depot.jobs.own_pool"),
        on_loop=("acme.Worker", "acme.subscribe"),
        blocks=("acme.fetch",),
    )
    path = tmp_path / "pyproject.toml"
    config = Config(tmp_path, path, (), search=(tmp_path,), audit=auditing)
    audit = audited(config, [folder / "jobs.py"], False)
    assert {each.line: [each.code] for each in audit.findings} == said(CONFIGURED)
