"""`--confirm`: what the tests of a project have seen, beside what is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from asyncgen import audit
from asyncgen.audit.finding import Audit, Finding, Level, Link
from asyncgen.cli import main
from asyncgen.config import Config
from click.testing import CliRunner, Result

Make = Callable[..., Finding]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Two files; what is to be found in them, and what was seen, as (file, line, *chain)."""
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen]\n")
    for name in ("jobs.py", "helpers.py"):
        (tmp_path / name).write_text("async def work(): ...\n" * 9)
    monkeypatch.chdir(tmp_path)

    def fill(findings: Sequence[Finding], *seen: Sequence[tuple[str, int]]) -> Path:
        def audited(
            config: Config, paths: Sequence[Path], possible: bool, contents: object
        ) -> Audit:
            return Audit(tuple(findings), 2, (), ())

        monkeypatch.setattr(audit, "audited", audited)
        rows = [
            {
                "kind": "raises",
                "what": "QuerySet.get",
                "file": str(tmp_path / chain[0][0]),
                "line": chain[0][1],
                "function": "work",
                "chain": [[str(tmp_path / file), line, "work"] for file, line in chain],
                "test": "test_work.py::test_work",
            }
            for chain in seen
        ]
        record = tmp_path / "run.jsonl"
        record.write_text("".join(f"{json.dumps(each)}\n" for each in rows))
        return tmp_path

    return fill


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments], catch_exceptions=False)


def told(*arguments: str) -> list[tuple[str, int, str, bool]]:
    lines = run(*arguments, "--output-format", "json").stdout.splitlines()
    return [
        (each["code"], each["line"], each["level"], "seen at run time" in each["message"])
        for each in map(json.loads, lines)
    ]


def test_what_was_seen_is_told_from_what_was_not(
    project: Callable[..., Path], make: Make, tmp_path: Path
) -> None:
    first, second = (
        make(path=tmp_path / "jobs.py", line=line, end_line=line, chain=()) for line in (2, 5)
    )
    project([first, second], [("jobs.py", 2)])
    assert told("--confirm", "run.jsonl") == [
        ("AG704", 2, "certain", True),
        ("AG704", 5, "certain", False),
    ]
    said = run("--confirm", "run.jsonl").stdout
    assert "1 seen at run time, 0 seen and not found" in said


@pytest.mark.parametrize(
    "seen",
    [[("jobs.py", 2), ("helpers.py", 4)], [("helpers.py", 4)], [("jobs.py", 8), ("jobs.py", 2)]],
)
def test_a_chain_confirms_what_stands_on_it(
    project: Callable[..., Path], make: Make, tmp_path: Path, seen: list[tuple[str, int]]
) -> None:
    finding = make(
        path=tmp_path / "jobs.py",
        line=2,
        end_line=2,
        chain=(Link(tmp_path / "helpers.py", 4, "find()"),),
    )
    project([finding], seen)
    assert told("--confirm", "run.jsonl") == [("AG704", 2, "certain", True)]


def test_what_was_possible_and_seen_is_certain(
    project: Callable[..., Path], make: Make, tmp_path: Path
) -> None:
    finding = make(path=tmp_path / "jobs.py", line=2, end_line=2, chain=(), level=Level.POSSIBLE)
    project([finding], [("jobs.py", 2)])
    assert told() == []
    assert told("--confirm", "run.jsonl") == [("AG704", 2, "certain", True)]


def test_what_was_seen_and_not_found_is_told(project: Callable[..., Path]) -> None:
    project([], [("jobs.py", 3), ("helpers.py", 1)])
    result = run("--confirm", "run.jsonl")
    assert result.exit_code == 1
    assert result.stdout.startswith(
        "jobs.py:3: warning: QuerySet.get raised SynchronousOnlyOperation in "
        "test_work.py::test_work, and no finding says so [AG742]\n"
    )
    assert "helpers.py:1" in result.stdout


def test_a_comment_ignores_what_was_seen(project: Callable[..., Path]) -> None:
    folder = project([], [("jobs.py", 1)])
    jobs = folder / "jobs.py"
    jobs.write_text("async def work(): ...  # asyncgen: ignore[AG742] once, at start\n")
    assert run("--confirm", "run.jsonl").exit_code == 0


def test_what_was_seen_elsewhere_is_not_of_the_project(project: Callable[..., Path]) -> None:
    folder = project([], [("jobs.py", 3)])
    record = folder / "run.jsonl"
    record.write_text(record.read_text().replace(str(folder), "/usr/lib/other"))
    assert run("--confirm", "run.jsonl").exit_code == 0


@pytest.mark.parametrize("text", ["no json\n", "[]\n", '{"kind": "raises"}\n'])
def test_what_is_no_record_is_status_2(project: Callable[..., Path], text: str) -> None:
    folder = project([])
    (folder / "run.jsonl").write_text(text)
    result = run("--confirm", "run.jsonl")
    assert result.exit_code == 2
    assert "AG112" in result.stderr
    (folder / "run.jsonl").unlink()
    assert run("--confirm", "run.jsonl").exit_code == 2
