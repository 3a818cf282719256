"""The two distributions of this repository belong together; .ci/wheel builds and installs them."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import cast

import pytest

ROOT = Path(__file__).resolve().parents[2]
Project = dict[str, str | list[str]]


def project(folder: Path) -> Project:
    with (folder / "pyproject.toml").open("rb") as stream:
        return cast(Project, tomllib.load(stream)["project"])


TOOL, RUNTIME = project(ROOT), project(ROOT / "runtime")


def test_they_have_one_version_and_one_license() -> None:
    for key in ("version", "requires-python", "license", "authors"):
        assert TOOL[key] == RUNTIME[key], key
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "runtime/LICENSE").read_bytes()


def test_production_needs_asgiref_alone() -> None:
    assert [each.partition(">")[0] for each in RUNTIME["dependencies"]] == ["asgiref"]


def test_the_tool_needs_the_runtime_of_its_series() -> None:
    assert f"asyncgen-runtime~={TOOL['version']}" in TOOL["dependencies"]


@pytest.mark.parametrize("package", ["Django", "django-stubs"])
def test_the_runtime_has_the_licence_of_what_it_was_made_from(package: str) -> None:
    """Word for word: docstrings come from one, types from the other."""
    assert "NOTICE.md" in RUNTIME["license-files"]
    notices = (ROOT / "runtime/NOTICE.md").read_text(encoding="utf-8")
    files = [
        each
        for each in distribution(package).files or ()
        if each.parent.name == "licenses" and each.stem == "LICENSE" and each.suffix in ("", ".md")
    ]
    (licence,) = files
    said = licence.read_text(encoding="utf-8")
    assert words(said) in words(re.sub("^> ?", "", notices, flags=re.M))


def words(text: str) -> str:
    return " ".join(text.split())
