"""Every code has a page, and what its page shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import asyncgen
import pytest
from asyncgen.cli import main
from asyncgen.codes import codes, rules, text
from click.testing import CliRunner

PACKAGE = Path(asyncgen.__file__).parent
CONFIGURATION = '[tool.asyncgen]\nsources = ["shop/*.py"]\n'
MODULE = """\
from django.db import models


class Sale(models.Model):
    def total(self):
        return Sale.objects.count()


def double(number: int) -> int:
    return 2 * number
"""


def test_every_code_that_is_printed_has_a_page_and_no_other() -> None:
    printed = {
        code
        for path in PACKAGE.rglob("*.py")
        for code in re.findall(r'"(AG\d{3})"', path.read_text("utf-8"))
    }
    assert printed == {*codes()}


SHOWN = [each.code for each in codes().values() if each.example and each.code not in rules()]


@pytest.mark.parametrize("code", SHOWN)
def test_an_example_brings_its_code(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = codes()[code]
    first, _, _ = shown.example.partition("\n")
    files = {"pyproject.toml": CONFIGURATION, "shop/models.py": MODULE, "shop/__init__.py": ""}
    files[first.removeprefix("# ")] = shown.example
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).with_name("__init__.py").touch()
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    verbs = ["init"] if code == "AG109" else ["check", "build", "check"]
    printed = "".join(CliRunner().invoke(main, verb).output for verb in verbs)
    severities = set(re.findall(rf"(error|warning): .*\[{code}\]", printed))
    assert severities, printed
    # A class without its mixin is a warning until the project uses a mixin.
    assert severities == {"warning" if code == "AG502" else shown.severity.value}


def test_a_page_says_why_and_the_way_out() -> None:
    page = text("ag305")
    assert page.startswith("AG305 A callable is ambiguous (warning)\n")
    assert "For example:\n\n    # shop/models.py\n" in page
    assert "`# asyncgen: queryset`" in page
    assert "AG703 lazy-relation-on-loop" in text("AG703")


def test_a_code_that_is_none_names_the_nearest() -> None:
    result = CliRunner().invoke(main, ["rule", "AG3055"])
    assert result.exit_code == 2
    assert "there is no code AG3055 [AG208]\n  did you mean AG305?" in result.output
