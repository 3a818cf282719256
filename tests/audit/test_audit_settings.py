"""`[tool.asyncgen.audit]`: what it may say, and how it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.config import Auditing, load
from asyncgen.problems import AsyncgenError

WHOLE = """
[tool.asyncgen.audit]
ignore = ["AG722", "AG73"]
threads = ["acme.run_in_pool"]
on-loop = ["acme.bus.subscribe"]
blocks = ["acme_client.fetch"]

[tool.asyncgen.audit.per-file-ignores]
"*/management/*" = ["AG720"]
"""


def loaded(folder: Path, text: str) -> Auditing:
    path = folder / "pyproject.toml"
    path.write_text(f"[tool.asyncgen]\n{text}")
    return load(path).audit


def test_every_key_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, WHOLE) == Auditing(
        ignore=("AG722", "AG73"),
        per_file_ignores={"*/management/*": ("AG720",)},
        threads=("acme.run_in_pool",),
        on_loop=("acme.bus.subscribe",),
        blocks=("acme_client.fetch",),
    )
    assert loaded(tmp_path, "") == Auditing()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[tool.asyncgen.audit]\nignores = []", "AG103", "'ignores' in [tool.asyncgen.audit]"),
        ('[tool.asyncgen.audit]\nignore = ["E501"]', "AG104", "codes of the audit"),
        ('[tool.asyncgen.audit]\nignore = "AG703"', "AG104", "codes of the audit"),
        ('[tool.asyncgen.audit]\nper-file-ignores = { "a.py" = "AG7" }', "AG104", "patterns"),
        ("audit = true", "AG104", "[tool.asyncgen.audit]"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, code: str, said: str
) -> None:
    with pytest.raises(AsyncgenError) as raised:
        loaded(tmp_path, text)
    (problem,) = raised.value.problems
    assert problem.code == code
    assert said in problem.message
    assert problem.location is not None
    assert problem.location.line == len(text.splitlines()) + 1
