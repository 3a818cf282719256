"""Living with findings: comments, configuration, baseline, and the exit status that follows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
from asyncgen import audit
from asyncgen.audit import baseline
from asyncgen.audit.finding import Audit, Finding, Fix, Level
from asyncgen.audit.ignores import ignores
from asyncgen.cli import main
from asyncgen.config import Config
from asyncgen.contents import Contents
from click.testing import CliRunner, Result

Make = Callable[..., Finding]

JOBS = """\
    async def first():
        return Site.objects.get()


    async def second():
        return [
            crate
            for crate in Crate.objects.all()
        ]
    """


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Make) -> Callable[..., Finding]:
    """A project of one file, and findings that the audit is to have in it."""
    findings: list[Finding] = []
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen]\n")
    (tmp_path / "jobs.py").write_text(dedent(JOBS))
    monkeypatch.chdir(tmp_path)

    def audited(config: Config, paths: Sequence[Path], possible: bool, contents: object) -> Audit:
        return Audit(tuple(findings), 2, (), ())

    monkeypatch.setattr(audit, "audited", audited)

    def add(line: int, code: str = "AG701", **changes: object) -> Finding:
        finding = make(path=tmp_path / "jobs.py", line=line, end_line=line, code=code, **changes)
        findings.append(finding)
        return finding

    return add


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments], catch_exceptions=False)


def rewrite(old: str, new: str, name: str = "jobs.py") -> None:
    text = Path(name).read_text()
    assert old in text
    Path(name).write_text(text.replace(old, new))


def codes(result: Result) -> list[str]:
    return [json.loads(line)["code"] for line in result.stdout.splitlines()]


# -- comments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "comment",
    [
        "# asyncgen: ignore[AG701] only at start",
        "# asyncgen:ignore[AG701]",
        "# asyncgen: ignore[AG714, AG701]",
        "# asyncgen: ignore[AG70]",
        "# noqa: AG701",
        "# noqa: E501, AG701 because",
        "# type: ignore[x]  # asyncgen: ignore[AG701]",
    ],
)
def test_a_comment_passes_over_a_finding_of_its_statement(
    found: Callable[..., Finding], comment: str
) -> None:
    found(2)
    assert run().exit_code == 1
    rewrite("get()", f"get()  {comment}")
    result = run()
    assert result.exit_code == 0, result.output
    assert "1 ignored by comments" in result.stdout


@pytest.mark.parametrize("place", ["    return [", "        crate\n", "    ]"])
def test_a_comment_stands_anywhere_in_a_statement(
    found: Callable[..., Finding], place: str
) -> None:
    found(8, code="AG702")
    rewrite(place, f"{place.rstrip()}  # asyncgen: ignore[AG702]\n")
    assert run().exit_code == 0


def test_a_comment_with_a_line_of_its_own_is_about_the_statement_below(
    found: Callable[..., Finding],
) -> None:
    found(3)
    rewrite("    return Site", "    # asyncgen: ignore[AG701] why\n    return Site")
    assert run().exit_code == 0


@pytest.mark.parametrize(
    "comment", ["# noqa", "# noqa: E501", "# asyncgen: skip", "# type: ignore"]
)
def test_comments_of_others_say_nothing(found: Callable[..., Finding], comment: str) -> None:
    found(2)
    rewrite("get()", f"get()  {comment}")
    assert codes(run("--output-format", "json")) == ["AG701"]


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# asyncgen: ignore[AG703]", "nothing here is AG703"),
        ("# noqa: AG703", "nothing here is AG703"),
        ("# asyncgen: ignore", "names no code"),
        ("# asyncgen: ignore[E501]", "names no code"),
    ],
)
def test_a_comment_that_passes_over_nothing_is_told(
    found: Callable[..., Finding], comment: str, said: str
) -> None:
    found(2)
    rewrite("get()", f"get()  {comment}")
    result = run("--output-format", "concise")
    first, second, _ = result.stdout.splitlines()
    assert "AG701" in first
    assert second.startswith("jobs.py:2:32: AG741 ")
    assert said in second


def test_a_comment_may_pass_over_what_is_only_possible(found: Callable[..., Finding]) -> None:
    found(2, level=Level.POSSIBLE)
    rewrite("get()", "get()  # asyncgen: ignore[AG701] checked by hand")
    assert run().exit_code == 0
    assert run("--possible").exit_code == 0


def test_text_in_strings_is_no_comment() -> None:
    assert ignores(Path("a.py"), 'x = "# asyncgen: ignore[AG701]"\n') == []


def test_a_file_that_is_no_python_has_no_comments() -> None:
    assert ignores(Path("a.py"), 'x = """  # asyncgen: ignore[AG701]\n') == []


# -- what is told --------------------------------------------------------------------------------


def test_what_is_only_possible_is_told_on_request(found: Callable[..., Finding]) -> None:
    found(2, level=Level.POSSIBLE)
    assert run().exit_code == 0
    assert codes(run("--possible", "--output-format", "json")) == ["AG701"]


@pytest.mark.parametrize(
    ("table", "left"),
    [
        ('ignore = ["AG702"]', ["AG701"]),
        ('ignore = ["AG70"]', []),
        ('per-file-ignores = { "j*.py" = ["AG701"] }', ["AG702"]),
        ('per-file-ignores = { "tests/*" = ["AG701"] }', ["AG701", "AG702"]),
    ],
)
def test_the_configuration_passes_over_codes(
    found: Callable[..., Finding], table: str, left: list[str]
) -> None:
    found(2)
    found(8, code="AG702")
    Path("pyproject.toml").write_text(f"[tool.asyncgen.audit]\n{table}\n")
    result = run("--output-format", "json")
    assert codes(result) == left
    assert result.exit_code == bool(left)


def test_statistics_are_printed_beside(found: Callable[..., Finding]) -> None:
    found(2)
    found(8)
    assert "2  AG701  a query on the event loop" in run("--statistics").stdout


def test_a_project_without_a_configuration_is_audited(found: Callable[..., Finding]) -> None:
    Path("pyproject.toml").unlink()
    found(2)
    assert run().exit_code == 1


def test_what_is_wrong_with_the_configuration_is_status_2(found: Callable[..., Finding]) -> None:
    Path("pyproject.toml").write_text("[tool.asyncgen.audit]\nignores = []\n")
    result = run()
    assert result.exit_code == 2
    assert "AG103" in result.stderr
    assert run("nowhere.py").exit_code == 2


# -- baseline ------------------------------------------------------------------------------------


def test_a_baseline_accepts_what_there_is_and_tells_what_is_new(
    found: Callable[..., Finding],
) -> None:
    found(2)
    assert run("--baseline", "accepted.json", "--write-baseline").exit_code == 0
    result = run("--baseline", "accepted.json")
    assert result.exit_code == 0
    assert "1 known in the baseline" in result.stdout
    found(8, code="AG702", statement="return [crate for crate in Crate.objects.all()]")
    result = run("--baseline", "accepted.json", "--output-format", "json")
    assert codes(result) == ["AG702"]
    assert result.exit_code == 1


def test_a_baseline_knows_no_lines_and_no_layout(make: Make) -> None:
    root = Path("/srv/depot-project")
    accepted = baseline.of_findings([make(statement='capacity_left("A", 3)')], root)
    moved = make(line=99, statement="capacity_left(\n    'A',\n    3,\n)")
    assert baseline.compared([moved], accepted, root).new == ()
    for change in ({"function": "depot.jobs.other"}, {"code": "AG701"}, {"statement": "f()"}):
        other = replace(make(statement='capacity_left("A", 3)'), **change)  # type: ignore[arg-type]
        assert baseline.compared([other], accepted, root).new == (other,)


def test_a_second_statement_like_the_first_is_new(make: Make) -> None:
    root = Path("/srv/depot-project")
    first, second = make(), make(line=20)
    split = baseline.compared([first, second], baseline.of_findings([first], root), root)
    assert split.known == (first,)
    assert split.new == (second,)


def test_what_is_mended_is_said(found: Callable[..., Finding], make: Make) -> None:
    accepted = baseline.of_findings([make(path=Path("jobs.py").absolute())], Path.cwd())
    baseline.write(Path("accepted.json"), accepted)
    result = run("--baseline", "accepted.json")
    assert result.exit_code == 0
    assert "mended: jobs.py: AG704 return" in result.stdout


def test_a_baseline_is_read_as_it_was_written(make: Make, tmp_path: Path) -> None:
    root = Path("/srv/depot-project")
    accepted = baseline.of_findings([make(), make(), make(code="AG701")], root)
    baseline.write(tmp_path / "a.json", accepted)
    assert baseline.read(tmp_path / "a.json") == accepted
    assert (tmp_path / "a.json").read_text().count("\n") == 7  # a line for each, and five around
    baseline.write(tmp_path / "a.json", baseline.Baseline())
    assert baseline.read(tmp_path / "a.json") == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "findings": []}', '{"version": 1, "findings": [1]}']
)
def test_what_is_no_baseline_is_status_2(found: Callable[..., Finding], text: str) -> None:
    Path("accepted.json").write_text(text)
    result = run("--baseline", "accepted.json")
    assert result.exit_code == 2
    assert "AG111" in result.stderr
    assert "--write-baseline" in result.stderr


def test_a_baseline_that_is_not_there_is_status_2(found: Callable[..., Finding]) -> None:
    assert run("--baseline", "accepted.json").exit_code == 2
    assert run("--write-baseline").exit_code == 2


# -- which files ---------------------------------------------------------------------------------


def test_folders_give_what_is_of_the_project(tmp_path: Path) -> None:
    from asyncgen.audit.selection import selected

    root = tmp_path / "project"
    kept = ["a.py", "shop/views.py"]
    aside = [".hidden/a.py", "env/lib/b.py", "node_modules/c.py", "shop/__pycache__/d.py", "e.txt"]
    for name in (*kept, *aside, "env/pyvenv.cfg", "shop/rows_async.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    (root / "shop/rows_async.py").write_text("# Generated by asyncgen from shop/rows.py.\n")
    config = Config(root, root / "pyproject.toml", ())
    assert selected(config, ()) == [root / each for each in kept]
    assert selected(config, (root / "shop",)) == [root / "shop/views.py"]
    named = root / ".hidden/a.py"
    assert selected(config, (named,)) == [named]


# -- mends ---------------------------------------------------------------------------------------


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Make) -> Path:
    """A file in which the audit finds the first synchronous call alone, so that it takes several
    runs to find all."""
    path = tmp_path / "jobs.py"
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen]\n")
    path.write_text("async def work(qs):\n    qs.get()\n    qs.get()\n    len(qs)\n")
    monkeypatch.chdir(tmp_path)
    fixes = {
        "qs.get()": Fix("await-twin", "await qs.aget()", safe=True),
        "len(qs)": Fix("acount", "await qs.acount()", safe=False),
    }

    def audited(
        config: Config, paths: Sequence[Path], possible: bool, contents: Contents | None
    ) -> Audit:
        text = (contents or Contents()).of(path).decode()
        for number, line in enumerate(text.splitlines(), start=1):
            if fix := fixes.get(line.strip()):
                place = {"line": number, "end_line": number, "column": 4, "end_column": len(line)}
                return Audit((make(path=path, fix=fix, **place),), 1, (), ())
        return Audit((), 1, (), ())

    monkeypatch.setattr(audit, "audited", audited)
    return path


def test_mends_are_repeated_until_nothing_is_left_that_is_safe(queries: Path) -> None:
    result = run("--fix")
    assert queries.read_text() == (
        "async def work(qs):\n    await qs.aget()\n    await qs.aget()\n    len(qs)\n"
    )
    assert result.stdout.startswith("mended jobs.py\n")
    assert result.exit_code == 1, "one is left"
    assert run("--unsafe-fixes").exit_code == 0
    assert "await qs.acount()" in queries.read_text()


def test_a_diff_writes_nothing(queries: Path) -> None:
    before = queries.read_text()
    result = run("--diff")
    assert result.exit_code == 1
    shown = [line for line in result.stdout.splitlines() if line.startswith(("-  ", "+  "))]
    assert shown == ["-    qs.get()", "-    qs.get()", *2 * ["+    await qs.aget()"]], "all rounds"
    assert queries.read_text() == before


def test_sarif_has_the_lines_that_a_mend_writes(queries: Path) -> None:
    (found,) = json.loads(run("--output-format", "sarif").stdout)["runs"][0]["results"]
    (replacement,) = found["fixes"][0]["artifactChanges"][0]["replacements"]
    assert replacement["insertedContent"]["text"] == "    await qs.aget()\n"
    assert replacement["deletedRegion"] == {
        "startLine": 2,
        "startColumn": 1,
        "endLine": 3,
        "endColumn": 1,
    }
