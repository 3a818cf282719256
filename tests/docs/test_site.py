"""The pages that `make docs` makes: every link within them leads to something that is there."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

# What a theme makes of nothing of ours.
NO_PAGES = {"genindex.html", "py-modindex.html", "search.html"}


class Page(HTMLParser):
    """The ids of a page, and what it links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if tag == "a" and (href := given.get("href")):
            self.links.append(href)
        if tag == "img" and (source := given.get("src")):
            self.links.append(source)


def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    known = pages(site)
    assert len(known) > 40
    dead = []
    for path, page in known.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if ":" in address.partition("/")[0]:
                continue  # another site
            target = (path.parent / unquote(address)).resolve() if address else path
            if not target.exists() or (
                anchor and target in known and unquote(anchor) not in known[target].ids
            ):
                dead.append(f"{path.relative_to(site)}: {link}")
    assert not dead


def test_every_page_can_be_reached(site: Path) -> None:
    known = pages(site)
    reached = {
        (path.parent / unquote(urldefrag(link)[0])).resolve()
        for path, page in known.items()
        for link in page.links
    }
    lost = {path.name for path in known if path not in reached} - NO_PAGES
    assert not lost
