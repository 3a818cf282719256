"""The two distributions of this repository belong together; .ci/wheel builds and installs them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import cast

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
