"""The documentation keeps to what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from asyncgen.config import KEYS

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
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
