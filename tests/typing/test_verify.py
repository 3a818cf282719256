"""`asyncgen build --verify`: what mypy and stubtest find points at the sync source."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from asyncgen.verify import Written, name_at, verify

from tests.support.building import build

Verify = Callable[[str, str], list[tuple[str, str]]]


@pytest.fixture
def verified(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """Replace text in the stub of the querysets, and verify: codes and the source lines."""
    root = Path(__file__).resolve().parents[2]
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "settings")
    monkeypatch.setenv("PYTHONPATH", str(root / "runtime"))
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    built = build(copy / "pyproject.toml", warnings=True)
    config, result, texts = built.config, built.result, built.texts
    source = (copy / "library" / "querysets.py").read_text().splitlines()

    def verified(before: str, after: str) -> list[tuple[str, str]]:
        path = "library/querysets_async.pyi"
        assert before in texts[path]
        texts[path] = texts[path].replace(before, after, 1)
        (copy / path).write_text(texts[path])
        written = [Written(stub, texts[stub.path]) for stub in result.stubs]
        found = verify(config, written)
        assert all(each.location for each in found)
        return [
            (each.code, source[each.location.line - 1].strip()) for each in found if each.location
        ]

    return verified


def test_nothing_is_found_in_what_was_built(verified: Verify) -> None:
    assert verified("class", "class") == []


def test_the_static_method_that_a_manager_copies_is_no_finding(tmp_path: Path) -> None:
    """`from_queryset` makes a method of it, which inspect tells to be as the static one."""
    root = Path(__file__).resolve().parents[2]
    copy = tmp_path / "bookshop"
    shutil.copytree(root / "examples" / "bookshop", copy)
    assert "def clean_isbn(self, text: str)" in (copy / "shop/querysets_managers.pyi").read_text()
    arguments = ["--config", str(copy / "pyproject.toml"), "--python", sys.prefix]
    command = [sys.executable, "-m", "asyncgen", *arguments, "build", "--verify"]
    environment = {each: it for each, it in os.environ.items() if each != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert "asyncgen: mypy and stubtest agree with 5 stubs" in done.stdout, done.stderr


def test_mypys_findings_point_at_the_sync_callable(verified: Verify) -> None:
    found = verified("async def arevenue(self) -> Decimal", "async def arevenue(self) -> Decimals")
    assert ("AG601", "def revenue(self) -> Decimal:") in found


def test_stubtests_findings_point_at_the_sync_callable(verified: Verify) -> None:
    found = verified("chunk_size: int = 10", "chunk_size: int = 11")
    assert found == [("AG602", "def stream(self, chunk_size: int = 10) -> Iterator[Book]:")]


def test_a_line_of_a_stub_is_found_in_its_definition() -> None:
    text = (
        "import x\n\nclass A:\n    @overload\n    def f(\n        self,\n    ) -> int: ...\n"
        "\ndef g(): ...\n"
    )
    assert [name_at(text, line) for line in (1, 3, 4, 7, 9)] == ["", "A", "A.f", "A.f", "g"]
