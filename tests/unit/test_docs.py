"""The documentation keeps to what the code does."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from asyncgen.config import DEFAULT_BRIDGE
from asyncgen.keys import KEYS
from asyncgen.schema import get_schema

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `([\w-]+)`\n(.*?)(?=^##|\Z)", CONFIGURATION, re.S | re.M))


def test_every_key_is_documented_and_no_other() -> None:
    assert set(SECTIONS) == set(KEYS)


@pytest.mark.parametrize("key", sorted(KEYS.keys() - {"source"}))
def test_every_key_has_an_example_that_is_valid(key: str) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", SECTIONS[key], re.S)
    assert KEYS[key].accepts(tomllib.loads(example)[key])


def test_links_between_documents_lead_somewhere() -> None:
    pages = [path for path in (ROOT / "docs").rglob("*.md") if "made" not in path.parts]
    for path in (*ROOT.glob("*.md"), ROOT / "changes/README.md", *pages):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_schema_is_that_of_the_keys_and_the_page() -> None:
    namespace = runpy.run_path(str(ROOT / "docs/write_schema.py"))
    committed = (ROOT / "generator/asyncgen/schema.json").read_text(encoding="utf-8")
    assert namespace["text"]() == committed, "run `make schema`"


def test_the_pictures_are_those_that_are_drawn_from_the_pages() -> None:
    namespace = runpy.run_path(str(ROOT / "docs/draw.py"))
    drawn = {name: str(draw()) for name, draw in namespace["DRAWN"].items()}
    folder = ROOT / "docs/_static/pictures"
    committed = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.svg")}
    assert committed == drawn, "run `make pictures`"


def test_the_schema_has_every_key_and_default() -> None:
    properties = cast(Mapping[str, Mapping[str, object]], get_schema()["properties"])
    assert properties.keys() == KEYS.keys()
    for key, value in {"style": "mixin", "bridge": DEFAULT_BRIDGE, "line-length": 88}.items():
        assert properties[key]["default"] == value
    for key in KEYS.keys() - {"source"}:
        assert properties[key]["description"], key


def test_every_fragment_of_the_changelog_has_a_kind_and_is_no_issue_by_mistake() -> None:
    """towncrier prints what stands before the kind as an issue, unless it begins with a plus."""
    towncrier = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]
    kinds = "|".join(each["directory"] for each in towncrier["type"])
    names = {path.name for path in (ROOT / "changes").iterdir()} - {*towncrier["ignore"]}
    assert names
    assert [
        each for each in names if not re.fullmatch(rf"(\+[\w-]+|\d+)\.({kinds})\.md", each)
    ] == []
