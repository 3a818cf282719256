"""One page that needs nothing else: all that an audit found, for people to look through."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from asyncgen.audit.finding import Finding, Level, Link
from asyncgen.audit.outcome import Outcome
from asyncgen.audit.places import shown
from asyncgen.audit.report.source import Owner, Row, Source
from asyncgen.codes import Code, codes

_APP_MARKS = ("apps.py", "models.py", "models", "migrations")  # what a folder of an app has


@dataclass(frozen=True, slots=True)
class Total:
    """How many findings something has."""

    name: str
    label: str
    count: int
    share: float  # of the largest


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain, with the lines around it."""

    text: str
    place: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Card:
    """A finding with all that is shown of it."""

    number: int
    finding: Finding
    rule: Code
    app: str
    place: str
    steps: list[Step]
    mend: str  # the flag that mends it, if one does

    @property
    def function(self) -> str:
        return self.finding.function or "in the file"

    @property
    def doubt(self) -> str:
        return "possible" if self.finding.level is Level.POSSIBLE else "certain"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, with what was found in it."""

    file: str
    cards: list[Card]

    @property
    def functions(self) -> int:
        return len({each.function for each in self.cards})


@dataclass
class Helper:
    """A synchronous function that code on the loop calls: what its twin would mend."""

    owner: Owner
    file: str
    cards: list[Card] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"{self.file}:{self.owner.line}"

    @property
    def twin(self) -> str:
        before, _, name = self.owner.name.rpartition(".")
        bare = name.lstrip("_")
        twin = f"{name[: len(name) - len(bare)]}a{bare}"
        return f"{before}.{twin}" if before else twin

    @property
    def has_twin(self) -> bool:
        return self.twin.rpartition(".")[2] in self.owner.siblings

    @property
    def is_public(self) -> bool:
        """Whether asyncgen writes a twin of it: it is no special method, and in no function."""
        class_name = self.owner.class_name
        name = self.owner.name.removeprefix(f"{class_name}." if class_name else "")
        return not name.startswith("_") and "." not in name

    @property
    def callers(self) -> int:
        """How many functions on the loop run it."""
        return len({each.finding.function for each in self.cards})


@dataclass(frozen=True, slots=True)
class Missing:
    """The twins that a class lacks, or the functions of a file, and what writes them."""

    title: str
    file: str
    helpers: list[Helper]
    settings: str


def text(outcome: Outcome, project: str) -> str:
    """The page. Source is read for its excerpts; nothing is executed."""
    page = _Page(outcome)
    environment = Environment(
        loader=PackageLoader("asyncgen.audit.report", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    helpers, entries = page.helpers(), page.entries()
    return environment.get_template("audit.html.jinja").render(
        project=project,
        found=outcome,
        cards=page.cards,
        codes=_totals((each.finding.code for each in page.cards), lambda code: codes()[code].what),
        apps=_totals((each.app for each in page.cards), str),
        entries=entries,
        files=_totals((each.file for each in entries for _ in each.cards), str),
        helpers=helpers,
        missing=page.missing(helpers),
        untold=page.grouped(outcome.audit.untold),
        ignored=[
            (each, comment, page.place(each.path, each.line)) for each, comment in outcome.ignored
        ],
        known=[(each, page.place(each.path, each.line)) for each in outcome.known],
        errors=sum(each.rule.severity.value == "error" for each in page.cards),
        mendable=sum(each.mend == "--fix" for each in page.cards),
    )


class _Page:
    def __init__(self, outcome: Outcome) -> None:
        self.found = outcome
        self.root = outcome.root
        self.source = cache(Source)
        self.cards = [self.card(number, each) for number, each in enumerate(outcome.findings, 1)]

    def place(self, path: Path, line: int) -> str:
        return f"{shown(path, self.root)}:{line}"

    def card(self, number: int, finding: Finding) -> Card:
        fix = finding.fix
        mend = ("--fix" if fix.safe else "--unsafe-fixes") if fix and fix.kind else ""
        return Card(
            number=number,
            finding=finding,
            rule=codes()[finding.code],
            app=self.app(finding.path),
            place=self.place(finding.path, finding.line),
            steps=self.steps(finding),
            mend=mend,
        )

    def steps(self, finding: Finding) -> list[Step]:
        """The statement first, then each step that stands elsewhere; what is said of one place
        stands together."""
        where = self.root / finding.path
        rows = self.source(where).around(finding.line, finding.end_line, 2)
        steps = [Step("", self.place(finding.path, finding.line), rows)]
        last = (where, finding.line)
        for link in finding.chain:
            here = (self.root / link.path, link.line)
            if here == last:
                step = steps[-1]
                joined = ", ".join(filter(None, [step.text, link.text]))
                steps[-1] = Step(joined, step.place, step.rows)
            else:
                rows = self.source(here[0]).around(link.line, link.line, 1)
                steps.append(Step(link.text, self.place(link.path, link.line), rows))
            last = here
        return steps

    def app(self, path: Path) -> str:
        """The folder of the app that a file is of, else its own."""
        folder = (self.root / path).parent
        for each in (folder, *folder.parents):
            if any((each / name).exists() for name in _APP_MARKS):
                return shown(each, self.root)
            if each == self.root:
                break
        return shown(folder, self.root)

    def entries(self) -> list[Entry]:
        """The files in which something was found, the worst first."""
        by_file: dict[str, list[Card]] = defaultdict(list)
        for each in self.cards:
            by_file[shown(each.finding.path, self.root)].append(each)
        entries = [Entry(file, cards) for file, cards in by_file.items()]
        return sorted(entries, key=lambda each: (-len(each.cards), each.file))

    def helpers(self) -> list[Helper]:
        """The functions that chains go through, those first whose twins would mend most."""
        found: dict[tuple[Path, Owner], Helper] = {}
        for card in self.cards:
            for path, owner in dict.fromkeys(self.through(card.finding)):
                file = shown(path, self.root)
                found.setdefault((path, owner), Helper(owner, file)).cards.append(card)
        order = lambda each: (-len(each.cards), each.file, each.owner.line)  # noqa: E731
        return sorted(found.values(), key=order)

    def through(self, finding: Finding) -> Iterable[tuple[Path, Owner]]:
        """The functions of the project that the chain goes through, but for that of the finding."""
        own = self.source(self.root / finding.path).owner(finding.line)
        for link in finding.chain:
            path = self.root / link.path
            owner = self.source(path).owner(link.line)
            if owner and not owner.is_async and path.is_relative_to(self.root) and owner != own:
                yield path, owner

    def missing(self, helpers: Sequence[Helper]) -> list[Missing]:
        """The helpers without a twin, by class, functions by file."""
        groups: dict[tuple[str, str], list[Helper]] = defaultdict(list)
        for each in helpers:
            if each.is_public and not each.has_twin:
                groups[each.file, each.owner.class_name].append(each)
        return [
            Missing(name or file, file, group, _settings(file, name, group))
            for (file, name), group in sorted(
                groups.items(), key=lambda each: -sum(len(one.cards) for one in each[1])
            )
        ]

    def grouped(self, links: Iterable[Link]) -> list[tuple[str, list[tuple[str, str]]]]:
        """By file: the place and the text of each."""
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for each in links:
            file = shown(each.path, self.root)
            groups[file].append((f"{file}:{each.line}", each.text))
        return sorted(groups.items(), key=lambda each: (-len(each[1]), each[0]))


def _settings(file: str, class_name: str, helpers: Sequence[Helper]) -> str:
    """What of [tool.asyncgen] covers these."""
    names = ", ".join(f'"{each.owner.name}"' for each in helpers)
    functions = "" if class_name else f"\nfunctions = [{names}]"
    return f'[tool.asyncgen]\nsources = ["{file}"]{functions}'


def _totals(names: Iterable[str], label: Callable[[str], str]) -> list[Total]:
    counts = Counter(names)
    most = max(counts.values(), default=1)
    return [
        Total(name, label(name), count, count / most)
        for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    ]
