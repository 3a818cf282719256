"""How findings print: each format says all that it can, in its own form."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from asyncgen import codes
from asyncgen.audit.finding import Finding, Level, Link
from asyncgen.audit.report import sarif, summary
from asyncgen.audit.report.formats import FORMATS
from asyncgen.problems import AsyncgenError
from sarif_objects import faults

Make = Callable[..., Finding]

ROOT = Path("/srv/depot-project")


def test_full_says_what_why_and_the_way_out(make: Make) -> None:
    assert FORMATS["full"]([make()], ROOT) == (
        "depot/jobs.py:12: error: capacity_left() queries on the event loop [AG704]\n"
        "  capacity_left(), in async def helper_deep  depot/jobs.py:12\n"
        "  -> find_site()                             depot/helpers.py:25\n"
        "  -> Site.objects.get(), which queries       depot/helpers.py:21\n"
        '  await sync_to_async(capacity_left)("A")\n'
    )


def test_full_tells_what_is_only_possible_from_what_is_certain(make: Make) -> None:
    (line,) = FORMATS["full"](
        [make(code="AG720", level=Level.POSSIBLE, chain=(), fix=None)], ROOT
    ).splitlines()
    assert line.startswith("depot/jobs.py:12: possible warning: ")


def test_concise_is_a_line_for_each_with_its_column(make: Make) -> None:
    assert FORMATS["concise"]([make(), make(line=14, column=0)], ROOT) == (
        "depot/jobs.py:12:12: AG704 capacity_left() queries on the event loop\n"
        "depot/jobs.py:14:1: AG704 capacity_left() queries on the event loop\n"
    )


def test_github_annotates_the_statement_and_hides_nothing_in_its_syntax(make: Make) -> None:
    said = FORMATS["github"]([make(message="100 %: a\nb", path=ROOT / "a,b:c.py")], ROOT)
    assert said.count("\n") == 1
    head, _, message = said.removeprefix("::error ").partition("::")
    properties = dict(each.split("=") for each in head.split(","))
    assert properties == {
        "file": "a%2Cb%3Ac.py",
        "line": "12",
        "endLine": "12",
        "title": "AG704",
        "col": "12",
        "endColumn": "30",
    }
    assert message.startswith("100 %25: a%0Ab%0Acapacity_left(), in async def")
    assert message.endswith('%0Aawait sync_to_async(capacity_left)("A")\n')


def test_github_has_no_columns_across_lines(make: Make) -> None:
    assert ",col=" not in FORMATS["github"]([make(end_line=13)], ROOT)


def test_json_is_an_object_a_line(make: Make) -> None:
    first, second = FORMATS["json"]([make(), make(fix=None, chain=())], ROOT).splitlines()
    found = json.loads(first)
    assert list(found)[:8] == [
        "file", "line", "end_line", "code", "level", "message", "chain", "fix",
    ]  # fmt: skip
    assert found["file"] == "depot/jobs.py"
    assert (found["line"], found["column"], found["end_column"]) == (12, 12, 30)
    assert found["chain"][1] == ["depot/helpers.py", 25, "find_site()"]
    assert found["fix"] == {
        "kind": "thread-the-call",
        "text": 'await sync_to_async(capacity_left)("A")',
        "safe": True,
        "imports": [],
    }
    assert json.loads(second)["fix"] is None
    assert json.loads(second)["chain"] == []


# -- SARIF ---------------------------------------------------------------------------------------


def test_sarif_keeps_to_its_specification(make: Make) -> None:
    many = [
        make(),
        make(path=ROOT / "a b/ü.py", function="", chain=(), fix=None),
        make(code="AG720", level=Level.POSSIBLE),
        make(chain=(Link(Path("/usr/lib/django/query.py"), 3, "QuerySet.get()"),)),
    ]
    replacements = {many[0]: [sarif.Replacement(12, 12, 12, 30, "await …")]}
    log = json.loads(sarif.text(many, ROOT, replacements))
    assert list(faults(log)) == []
    assert list(faults(json.loads(FORMATS["sarif"]([], ROOT)))) == []


@pytest.mark.parametrize(
    "broken",
    [
        {"runs": []},
        {"version": "2.0.0", "runs": [{"tool": {"driver": {"name": "x"}}}]},
        {"version": "2.1.0", "runs": [{"tool": {}}]},
        {"version": "2.1.0", "runs": []},
        {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "chain": []}]},
    ],
)
def test_the_check_of_sarif_finds_what_is_wrong(broken: object) -> None:
    assert list(faults(broken))


def test_sarif_has_the_chain_the_fix_and_a_fingerprint(make: Make) -> None:
    finding = make()
    replacement = sarif.Replacement(12, 12, 12, 30, "await …")
    moved = replace(finding, line=40, end_line=40)
    (run,) = json.loads(sarif.text([finding, moved], ROOT, {finding: [replacement]}))["runs"]
    first, second = run["results"]
    (flow,) = first["codeFlows"][0]["threadFlows"]
    assert [
        each["location"]["physicalLocation"]["region"]["startLine"] for each in flow["locations"]
    ] == [12, 25, 21]
    (change,) = first["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == "await …"
    assert change["replacements"][0]["deletedRegion"]["endColumn"] == 30
    assert "fixes" not in second
    mark, again = (each["partialFingerprints"]["asyncgen/v1"] for each in (first, second))
    assert mark.partition(":")[0] == again.partition(":")[0]
    assert mark != again


# -- what is said beside ---------------------------------------------------------------------------


def test_statistics_count_by_code_the_most_frequent_first(make: Make) -> None:
    said = summary.statistics([make(), make(code="AG701"), make()])
    assert said.splitlines() == [
        f"2  AG704  {codes.rules()['AG704'].what}",
        f"1  AG701  {codes.rules()['AG701'].what}",
    ]


@pytest.mark.parametrize("code", codes.rules())
def test_each_rule_has_a_page_with_its_example_and_way_out(code: str) -> None:
    said = codes.text(code.lower())
    rule = codes.rules()[code]
    assert said.startswith(f"{code} {rule.name}")
    for text in (rule.example, rule.way):
        assert all(f"    {line}" in said for line in text.splitlines())


def test_a_code_that_is_none_is_told_with_the_nearest() -> None:
    with pytest.raises(AsyncgenError) as raised:
        codes.text("AG799")
    assert raised.value.problems[0].code == "AG208"
    assert "AG7" in raised.value.problems[0].hint
