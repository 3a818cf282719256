"""The column of asyncgen in the table of emitters is what asyncgen emits now."""

from __future__ import annotations

import sys
from pathlib import Path

import emitters

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_has_what_asyncgen_emits(tmp_path: Path) -> None:
    emitter = emitters.emitters(Path(sys.executable).parent)["asyncgen"]
    found = emitters.column(emitters.emitted(emitter, tmp_path), emitter.prefix)
    text = (ROOT / "docs" / "reference" / "typing.md").read_text()
    table = text.partition(emitters.MARKS[0])[2].partition(emitters.MARKS[1])[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    assert {row[0]: row[1] for row in rows[2:]} == dict(zip(emitters.FEATURES, found, strict=True))
