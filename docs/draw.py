"""The pictures of the documentation: `python docs/draw.py` writes docs/_static/pictures anew.

Plain SVG on a light card, so that they read the same on a light and a dark page, and on an index.
The plots are drawn from the tables of the pages that show them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import product
from pathlib import Path

HERE = Path(__file__).parent
PICTURES = HERE / "_static" / "pictures"
BENCHMARKS = HERE / "explanation" / "benchmarks.md"
NATIVE = HERE / "how-to" / "native.md"

INK, GREY, PALE, GREEN, BLUE, AMBER = (
    "#1d2a26",
    "#66736e",
    "#dfe6e2",
    "#0c6b4f",
    "#2563a8",
    "#b45f06",
)
FONT = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
MONO = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


class Picture:
    """Shapes on a card of a size, in the order in which they are drawn."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.size = width, height
        self.title = title
        self.shapes: list[str] = []

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, edge: str = "none"
    ) -> None:
        self.shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" '
            f'fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: int = 15,
        fill: str = INK,
        anchor: str = "middle",
        is_code: bool = False,
        is_bold: bool = False,
    ) -> None:
        font = MONO if is_code else FONT
        weight = "600" if is_bold else "400"
        self.shapes.append(
            f'<text x="{x:g}" y="{y:g}" font-family="{font}" font-size="{size}" fill="{fill}" '
            f'text-anchor="{anchor}" font-weight="{weight}" xml:space="preserve">'
            f"{escape(text)}</text>"
        )

    def line(self, x: float, y: float, to_x: float, to_y: float, *, fill: str = GREY) -> None:
        self.shapes.append(
            f'<line x1="{x:g}" y1="{y:g}" x2="{to_x:g}" y2="{to_y:g}" stroke="{fill}" '
            'stroke-width="1.5"/>'
        )

    def arrow(self, x: float, y: float, to_x: float, to_y: float, *, fill: str = GREY) -> None:
        """A line whose head points along its last stretch, which is level or upright."""
        self.line(x, y, to_x, to_y, fill=fill)
        dx, dy = to_x - x, to_y - y
        length = (dx * dx + dy * dy) ** 0.5
        ux, uy = dx / length, dy / length
        left = (to_x - 9 * ux - 5 * uy, to_y - 9 * uy + 5 * ux)
        right = (to_x - 9 * ux + 5 * uy, to_y - 9 * uy - 5 * ux)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in ((to_x, to_y), left, right))
        self.shapes.append(f'<polygon points="{points}" fill="{fill}"/>')

    def __str__(self) -> str:
        width, height = self.size
        inner = "\n".join(self.shapes)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'role="img" aria-label="{escape(self.title)}">\n<title>{escape(self.title)}</title>\n'
            f'<rect width="{width}" height="{height}" rx="10" fill="#fbfdfc"/>\n{inner}\n</svg>\n'
        )


def idea() -> Picture:
    """One source, what is written of it, and who inherits what."""
    picture = Picture(960, 300, "Your sync method, and the async twin that asyncgen writes")
    picture.text(215, 36, "you write", fill=GREY)
    picture.box(20, 52, 390, 208, "#ffffff", PALE)
    _code(
        picture,
        40,
        82,
        [
            ("class BookQuerySet(", INK),
            ("    BookQuerySetAsync, QuerySet):", GREEN),
            ("", INK),
            ("  def total_revenue(self):", INK),
            ("    return self.aggregate(…)", INK),
            ("", INK),
            ("  def published(self):", INK),
            ("    return self.filter(…)", INK),
        ],
    )
    picture.arrow(416, 156, 542, 156, fill=GREEN)
    picture.text(478, 144, "asyncgen build", size=13, fill=GREEN, is_code=True)
    picture.text(478, 178, "reads, never runs", size=13, fill=GREY)
    picture.text(745, 36, "asyncgen writes, you commit", fill=GREY)
    picture.box(550, 52, 390, 118, "#ffffff", PALE)
    _code(
        picture,
        566,
        82,
        [
            ("class BookQuerySetAsync:", INK),
            ("  async def atotal_revenue(self):", GREEN),
            ("    return await sync_to_async(", INK),
            ("        self.total_revenue)()", INK),
        ],
    )
    picture.text(745, 202, "published() returns a queryset:", size=14, fill=GREY)
    picture.text(745, 222, "there is nothing to await, so it has no twin", size=14, fill=GREY)
    picture.text(
        745, 252, "await books.published().atotal_revenue()", size=14, is_code=True, fill=BLUE
    )
    return picture


def _code(picture: Picture, x: float, y: float, lines: Sequence[tuple[str, str]]) -> None:
    for number, (text, fill) in enumerate(lines):
        picture.text(x, y + 23 * number, text, size=15, fill=fill, anchor="start", is_code=True)


def timeline() -> Picture:
    """Two requests, each with its thread, and the loop between them."""
    picture = Picture(960, 330, "Two requests on one event loop, each with its worker thread")
    rows = (
        ("worker thread of request 1", 40),
        ("event loop", 140),
        ("worker thread of request 2", 240),
    )
    for name, y in rows:
        picture.text(16, y + 24, name, size=14, anchor="start", fill=GREY)
        picture.line(215, y + 18, 940, y + 18, fill=PALE)
    work = (
        (225, "view 1", GREEN),
        (325, "view 2", BLUE),
        (425, "other tasks", GREY),
        (600, "view 1", GREEN),
        (700, "view 2", BLUE),
        (820, "other tasks", GREY),
    )
    for x, what, fill in work:
        width = 165 if x == 425 else 90
        picture.box(x, 140, width, 36, "#ffffff", fill)
        picture.text(x + width / 2, 163, what, size=14, fill=fill)
    picture.box(320, 40, 270, 36, GREEN)
    picture.text(455, 63, "await books.atotal()", size=14, fill="#ffffff", is_code=True)
    picture.box(420, 240, 270, 36, BLUE)
    picture.text(555, 263, "await books.acount()", size=14, fill="#ffffff", is_code=True)
    picture.arrow(300, 138, 326, 80, fill=GREEN)
    picture.arrow(585, 80, 612, 136, fill=GREEN)
    picture.arrow(400, 178, 426, 236, fill=BLUE)
    picture.arrow(685, 236, 712, 180, fill=BLUE)
    picture.text(308, 100, "hop", size=13, anchor="end", fill=GREEN)
    picture.text(408, 222, "hop", size=13, anchor="end", fill=BLUE)
    picture.arrow(215, 308, 940, 308)
    picture.text(215, 300, "time", size=13, anchor="start", fill=GREY)
    return picture


def judging() -> Picture:
    """The questions, in their order, with the kind that each answer gives."""
    picture = Picture(960, 340, "The questions that are asked of a method, and its kind")
    questions = (
        ("Does Django\ncall it itself?", "yes", "hook", "no twin"),
        ("May it block,\non any path?", "no", "queryset/pure", "no twin"),
        ("Does it\ngive rows?", "yes", "iterator", "async for"),
        ("Is it a context\nmanager?", "yes", "context", "async with"),
        ("Does it return\na queryset?", "yes", "eager", "await, then chain"),
    )
    picture.text(
        20, 38, "from left to right, until an answer leads down", anchor="start", fill=GREY
    )
    for number, (question, answer, kind, twin) in enumerate(questions):
        x = 20 + 158 * number
        picture.box(x, 60, 130, 74, "#ffffff", GREY)
        for row, text in enumerate(question.split("\n")):
            picture.text(x + 65, 92 + 22 * row, text)
        picture.arrow(x + 65, 136, x + 65, 206)
        picture.text(x + 77, 176, answer, anchor="start", fill=GREY)
        picture.box(x, 210, 130, 62, GREY if twin == "no twin" else GREEN)
        picture.text(x + 65, 236, kind, fill="#ffffff", is_bold=True)
        picture.text(x + 65, 258, twin, size=14, fill="#ffffff")
        picture.arrow(x + 130, 97, x + 156, 97)
    picture.text(797, 86, "no", size=14, fill=GREY)
    picture.box(810, 60, 130, 74, GREEN)
    picture.text(875, 92, "value", fill="#ffffff", is_bold=True)
    picture.text(875, 114, "await", size=14, fill="#ffffff")
    note = (
        "What cannot be told counts as “may block”. Some paths one way, others another: ambiguous."
    )
    picture.text(20, 314, note, anchor="start")
    return picture


RATIO = re.compile(
    r"^\| ([^|]+?) \| ([\d.]+) \(([\d.]+) to ([\d.]+)\) \| ([\d.]+) \(([\d.]+) to ([\d.]+)\)", re.M
)


def benchmarks() -> Picture:
    """Each twin's time to that of Django's own method, as the page Benchmarks has it."""
    section = BENCHMARKS.read_text("utf-8").partition("## Twins beside Django")[2]
    tables = {}
    for name in ("SQLite", "PostgreSQL"):
        table = section.partition(f"\n{name}:\n")[2].strip().partition("\n\n")[0]
        tables[name] = RATIO.findall(table)
    names = [row[0] for row in tables["SQLite"]]
    top, step = 74, 26
    picture = Picture(
        960, top + step * len(names) + 60, "Time of the twin to that of Django's method"
    )
    left, right, low, high = 300, 930, 0.75, 1.05

    def place(ratio: float) -> float:
        return left + (ratio - low) / (high - low) * (right - left)

    for tick in (0.75, 0.8, 0.85, 0.9, 0.95, 1.0, 1.05):
        is_one = tick == 1.0
        picture.line(
            place(tick),
            top - 14,
            place(tick),
            top + step * len(names),
            fill=INK if is_one else PALE,
        )
        picture.text(place(tick), top + step * len(names) + 22, f"{tick:g}", size=13, fill=GREY)
    picture.text(
        left,
        top + step * len(names) + 44,
        "wall time, twin to Django; left of 1 the twin is faster",
        size=13,
        anchor="start",
        fill=GREY,
    )
    for number, (database, fill) in enumerate((("SQLite", GREEN), ("PostgreSQL", BLUE))):
        picture.box(left + 150 * number, 22, 14, 14, fill)
        picture.text(left + 22 + 150 * number, 35, database, size=14, anchor="start")
        for row in tables[database]:
            y = top + step * names.index(row[0]) + 5 + 8 * number
            ratio, start, end = map(float, row[4:7])
            picture.line(place(start), y, place(end), y, fill=fill)
            picture.shapes.append(
                f'<circle cx="{place(ratio):.1f}" cy="{y}" r="3.5" fill="{fill}"/>'
            )
    for number, name in enumerate(names):
        picture.text(left - 14, top + step * number + 14, name, size=14, anchor="end", is_code=True)
    return picture


def native() -> Picture:
    """How much is served at once, and how late, as the page of the native ORM has it."""
    found = _compared()
    columns = list(next(iter(found.values())))
    queries = sorted({each.partition(", ")[0] for each in columns if re.match(r"\d+ ms, ", each)})
    picture = Picture(960, 434, "Requests at once, beside stock Django: how many, and how late")
    tasks = (("10 tasks", GREEN), ("50 tasks", BLUE), ("200 tasks", AMBER))
    for number, (name, fill) in enumerate(tasks):
        picture.box(250 + 110 * number, 16, 14, 14, fill)
        picture.text(270 + 110 * number, 28, name, size=14, anchor="start")
    rows = [(74 + 34 * number, found[name]) for number, name in enumerate(found)]
    for (y, _), name in zip(rows, found, strict=True):
        picture.text(236, y + 5, name, size=14, anchor="end")
    step = 700 / (len(queries) + 1)
    for number, query in enumerate(queries):
        left = 250 + number * step
        named = f"queries of {query}, requests a second" if len(queries) == 1 else f"{query}, rate"
        panel = Panel(
            picture, left, left + step - 40, (0, 5, 10, 15, 20), f"{named}: more is better"
        )
        for (y, row), (offset, (name, fill)) in product(rows, zip((-8, 0, 8), tasks, strict=True)):
            panel.bar(y + offset, row[f"{query}, {name} /s"], fill)
    late = Panel(
        picture, 970 - step, 930, (0, 0.25, 0.5, 0.75, 1), "99th percentile: less is better"
    )
    for y, row in rows:
        late.bar(y, row[f"{queries[-1]}, 50 tasks p99 ms"], BLUE)
    return picture


def _compared() -> dict[str, dict[str, float]]:
    """Each side's ratios to stock Django, of all tables at the beginning of the section."""
    section = NATIVE.read_text("utf-8").partition("\n## Measured\n")[2].partition("\n##")[0]
    found: dict[str, dict[str, float]] = {}
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        head, _, *rows = (
            [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
        )
        for name, *cells in rows:
            found.setdefault(name, {}).update(zip(head[1:], map(float, cells), strict=True))
    return found


class Panel:
    """A scale from left to right, and bars on it."""

    def __init__(
        self, picture: Picture, left: float, right: float, ticks: Sequence[float], name: str
    ) -> None:
        self._picture, self._left, self._unit = picture, left, (right - left) / ticks[-1]
        for tick in ticks:
            x = left + tick * self._unit
            picture.line(x, 46, x, 372, fill=PALE)
            picture.text(x, 392, f"{tick:g}", size=13, fill=GREY)
        picture.text(left, 416, name, size=13, anchor="start", fill=GREY)

    def bar(self, y: float, value: float, fill: str) -> None:
        self._picture.shapes.append(
            f'<rect x="{self._left:g}" y="{y - 3:g}" width="{value * self._unit:.1f}" height="6" '
            f'fill="{fill}"/>'
        )


DRAWN = {f"{draw.__name__}.svg": draw for draw in (idea, timeline, judging, benchmarks, native)}


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, draw in DRAWN.items():
        (PICTURES / name).write_text(str(draw()), "utf-8")


if __name__ == "__main__":
    main()
