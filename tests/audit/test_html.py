"""The page of `--html`: all that was found is in it, nothing else is needed, and it can be used."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from textwrap import dedent

import pytest
from asyncgen.audit.baseline import Fingerprint
from asyncgen.audit.finding import Audit, Finding, Fix, Level, Link
from asyncgen.audit.ignores import ignores
from asyncgen.audit.outcome import Outcome
from asyncgen.audit.report import html
from asyncgen.audit.report.source import Source

Make = Callable[..., Finding]

JOBS = '''\
from depot.helpers import capacity_left


async def work(code):
    """Text with <b>tags</b> & more."""
    return capacity_left(code)


async def other():
    return capacity_left("B")
'''
HELPERS = """\
class Stock:
    def left(self):
        return Site.objects.get()

    def total(self):
        return 1

    async def atotal(self):
        return 1


def capacity_left(code):
    return Stock().left()


def _private(code):
    return Stock().total()
"""


@pytest.fixture
def found(tmp_path: Path, make: Make) -> Outcome:
    for name, text in {"depot/jobs.py": JOBS, "depot/helpers.py": HELPERS}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "depot/models.py").touch()
    jobs, helpers = tmp_path / "depot/jobs.py", tmp_path / "depot/helpers.py"

    def chain(line: int) -> tuple[Link, ...]:
        return (
            Link(jobs, line, "capacity_left()"),
            Link(helpers, 13, "calls Stock.left"),
            Link(helpers, 3, "queries"),
        )

    common = {"path": jobs, "column": 11, "end_column": 30}
    first = make(line=6, end_line=6, chain=chain(6), function="depot.jobs.work", **common)
    second = make(
        line=10,
        end_line=10,
        chain=chain(10),
        function="depot.jobs.other",
        code="AG720",
        level=Level.POSSIBLE,
        message="<script>alert(1)</script>: it blocks",
        fix=Fix("", "by hand", safe=False),
        **common,
    )
    third = make(
        line=17,
        end_line=17,
        chain=(Link(helpers, 17, "calls Stock.total"), Link(helpers, 6, "waits")),
        function="depot.helpers._private",
        **(common | {"path": helpers}),
    )
    (comment,) = ignores(jobs, "x = 1  # asyncgen: ignore[AG701] only at start\n")
    return Outcome(
        root=tmp_path,
        findings=(first, second, third),
        ignored=((make(path=jobs, message="an old one"), comment),),
        known=(make(path=jobs, message="a known one"),),
        mended=(Fingerprint("depot/jobs.py", "work", "AG701", "gone()"),),
        audit=Audit((), 7, ("depot.jobs.work", "depot.jobs.other"), (Link(helpers, 1, "who?"),)),
    )


class Reader(HTMLParser):
    """The tags of a page, and whether they are closed in turn."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_whole_and_needs_nothing_else(found: Outcome) -> None:
    page = html.text(found, "depot")
    reader = Reader(page)
    assert not reader.wrong
    assert not reader.open
    needed = [
        (tag, key)
        for tag, attributes in reader.tags
        for key in ("src", "srcset", "href", "action")
        if key in attributes and not str(attributes[key]).startswith(("#", "https://docs."))
    ]
    assert needed == []
    assert not [tag for tag, _ in reader.tags if tag in ("link", "img", "iframe")]
    assert "@import" not in page
    assert "url(" not in page
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [str(each["href"])[1:] for tag, each in reader.tags if tag == "a" and "href" in each]
    assert {each for each in targets if "/" not in each} <= set(ids)


def test_what_the_source_says_is_no_markup(found: Outcome) -> None:
    page = html.text(found, "<project>")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>tags" not in page
    assert "&lt;project&gt;" in page


def test_each_finding_has_its_chain_beside_the_source(found: Outcome) -> None:
    page = html.text(found, "depot")
    (first,) = re.findall(r'<details class="finding" id="finding-1".*?</details>', page, re.S)
    assert re.findall(r'class="mono">([\w/.]+:\d+)<', first) == [
        "depot/jobs.py:6",
        "depot/helpers.py:13",
        "depot/helpers.py:3",
    ]
    marked = re.findall(r'<span class="marked"><i>(\d+)</i>(.*?)\n</span>', first)
    assert [number for number, _ in marked] == ["6", "13", "3"]
    assert "capacity_left(code)" in re.sub(r"<[^>]+>", "", marked[0][1])
    assert "await sync_to_async(capacity_left)" in first
    assert 'data-mend="--fix"' in first
    (second,) = re.findall(r'<details class="finding" id="finding-2".*?</details>', page, re.S)
    assert 'data-level="possible"' in second
    assert "Copy" not in second, "advice is not to be pasted"


def test_helpers_are_ranked_by_what_goes_through_them(found: Outcome) -> None:
    helpers = html._Page(found).helpers()
    assert [(each.owner.name, len(each.cards), each.callers) for each in helpers] == [
        ("Stock.left", 2, 2),
        ("capacity_left", 2, 2),
        ("Stock.total", 1, 1),
    ]
    assert [each.has_twin for each in helpers] == [False, False, True]


def test_missing_twins_say_what_writes_them(found: Outcome) -> None:
    page = html._Page(found)
    first, second = page.missing(page.helpers())
    assert (first.title, [each.twin for each in first.helpers]) == ("Stock", ["Stock.aleft"])
    assert first.settings == '[tool.asyncgen]\nsources = ["depot/helpers.py"]'
    assert second.title == "depot/helpers.py"
    assert second.settings.endswith('\nfunctions = ["capacity_left"]')


def test_what_is_accepted_and_what_is_open_is_there(found: Outcome) -> None:
    page = html.text(found, "depot")
    for text in ("an old one", "only at start", "a known one", "gone()", "who?"):
        assert text in page


def test_a_page_without_findings_says_so(tmp_path: Path) -> None:
    empty = Outcome(tmp_path, (), (), (), (), Audit((), 3, (), ()))
    page = html.text(empty, "depot")
    assert "Nothing blocks the event loop" in page
    assert not Reader(page).wrong


def test_source_keeps_every_character(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('x = f"""a\n  {1 + 2}<b>"""  # é\n\n\tdef f(): "s"\n')
    for text in (path.read_text(), "def (:\n  '''open\n", "", "x = 1"):
        path.write_text(text)
        rows = Source(path).lines
        plain = [re.sub(r"</?span[^>]*>", "", str(each)) for each in rows]
        shown = "\n".join(plain).replace("&lt;", "<").replace("&gt;", ">")
        assert shown.replace("&#39;", "'").replace("&#34;", '"') == text.rstrip("\n")


def test_a_file_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert Source(tmp_path / "a.py").around(3, 3, 2) == []


# -- in a browser --------------------------------------------------------------------------------

SCRIPT = """
const out = [];
const key = (key, target = document.body) =>
  target.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
const visible = () => [...document.querySelectorAll(".finding")].filter(e => e.offsetParent).length;
out.push(visible());
document.querySelector('[data-filter=code][data-value=AG720]').click();
out.push(visible(), document.getElementById("shown").textContent);
key("Escape"); out.push(visible());
const search = document.getElementById("search");
search.value = "stock.total"; search.dispatchEvent(new Event("input")); out.push(visible());
search.value = "no such thing"; search.dispatchEvent(new Event("input"));
out.push(visible(), !document.getElementById("none").hidden);
key("Escape");
key("j"); key("j"); out.push(document.activeElement.closest(".finding").id);
key("k"); out.push(document.activeElement.closest(".finding").id);
key("e"); out.push(document.querySelectorAll(".finding[open]").length);
const before = getComputedStyle(document.body).backgroundColor;
key("t"); out.push(before !== getComputedStyle(document.body).backgroundColor);
key("?"); out.push(document.getElementById("help").open);
out.push(document.documentElement.scrollWidth <= innerWidth);
document.body.innerHTML = "<main id=out>" + JSON.stringify(out) + "</main>";
"""


@pytest.mark.parametrize("width", [1280, 500])
def test_the_page_works_in_a_browser(found: Outcome, tmp_path: Path, width: int) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("neither chromium nor google-chrome is installed")
    page = html.text(found, "depot").replace("</body>", f"<script>{SCRIPT}</script></body>")
    (tmp_path / "page.html").write_text(page)
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    command += [f"--window-size={width},900", (tmp_path / "page.html").as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    (result,) = re.findall(r'<main id="out">(.*?)</main>', shown)
    expected = dedent(
        """\
        [3,1,"1 of 3",3,1,0,true,"finding-2","finding-1",3,true,true,true]"""
    )
    assert result == expected
