"""What is kept of a build says the same as a build from nothing, whatever is edited."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent, indent

import pytest
from asyncgen.analysis import Evaluator
from asyncgen.analysis.answers import Again, Answers, Asked
from asyncgen.django.relations import Relations
from asyncgen.plan import Run as Pipeline
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.analysis import resolver

pytestmark = pytest.mark.usefixtures("kept_readings")

Project = Callable[[dict[str, str]], Path]
Run = Callable[..., Result]

# What methods and functions do. They lead to each other, in circles too; set attributes of self
# and read what others set; are made in others; call what is not there.
BODIES = (
    "return self.filter(title='a')",
    "return self.one()",
    "return self.two(self)",
    "rows = self.three()\nreturn rows",
    "if self.two(3):\n    return None\nreturn self.one()",
    "self.held = self.one()\nreturn self.held",
    "return self.held",
    "return list(self.held)",
    "return helped(self)",
    "return helped_more(self, self.one())",
    "found = [each.pk for each in self.two(1)]\nreturn found",
    "def inner(value):\n    return value.count()\nreturn inner(self)",
    "return len('a')",
    "import later\nreturn later.told(self)",
    "raise NotImplementedError",
    "self.one()\nself.three()\nreturn 'text'",
    "return Tag.objects.first()",
)
HELPERS = (
    "return rows.count()",
    "return rows",
    "return rows.one()",
    "return helped_more(rows, more)",
    "return [each for each in rows]",
    "return None",
    "return more or rows.two(more)",
)
NAMES = ("one", "two", "three", "four")
DECORATORS = ("", "", "", "@wrapped\n", "@property\n")
BASES = ("models.QuerySet", "Mixin, models.QuerySet", "Other")
KEYS = ("", 'include = ["one"]', 'exclude = ["two"]', 'prefix = "as_"', 'blocks = ["later"]')


@dataclass
class Shop:
    """A project, as far as it is edited."""

    methods: dict[str, tuple[str, str]] = field(
        default_factory=lambda: dict.fromkeys(NAMES[:3], ("", BODIES[0]))
    )
    mixed_in: dict[str, tuple[str, str]] = field(default_factory=lambda: {"one": ("", BODIES[12])})
    helpers: dict[str, str] = field(
        default_factory=lambda: {"helped": HELPERS[0], "helped_more": HELPERS[1]}
    )
    base: str = BASES[0]
    key: str = ""
    later: str = ""
    has_tags: bool = True
    notes: int = 0

    def files(self) -> Iterator[tuple[str, str]]:
        yield "pyproject.toml", f"[tool.asyncgen]\nsources = ['shop/*.py']\n{self.key}\n"
        yield "shop/__init__.py", ""
        head = "# a note\n" * self.notes
        tags = "from shop.tags import Tag\n" if self.has_tags else ""
        if self.has_tags:
            yield "shop/tags.py", "from django.db import models\nclass Tag(models.Model): pass\n"
        if self.later:
            yield "later.py", f"def told(rows, more=None):\n    {self.later}\n"
        helpers = "".join(
            f"{head}def {name}(rows, more=None):\n    # a note\n    {body}\n\n"
            for name, body in self.helpers.items()
        )
        yield "shop/helpers.py", helpers
        yield (
            "shop/rows.py",
            f"{head}from django.db import models\n{tags}from shop.helpers import helped, "
            "helped_more\n\n\ndef wrapped(function):\n    def inner(*args):\n        "
            f"return function(*args)\n    return inner\n\n\nclass Mixin:\n"
            f"{_of(self.mixed_in, head)}\n\nclass Other(models.QuerySet):\n    pass\n\n\n"
            f"class Rows({self.base}):\n"
            f"{_of(self.methods, head)}\n\nclass Book(models.Model):\n"
            "    title = models.TextField()\n    objects = Rows.as_manager()\n\n"
            "    def rows(self):\n        return type(self).objects.one()\n",
        )

    def write(self) -> None:
        shutil.rmtree("shop", ignore_errors=True)
        Path("later.py").unlink(missing_ok=True)
        for name, text in self.files():
            Path(name).parent.mkdir(exist_ok=True)
            Path(name).write_text(text)

    def renew(self) -> None:
        """Write the files, and leave what was generated."""
        names = dict(self.files())
        for path in (*Path("shop").glob("*.py"), Path("later.py")):
            if path.as_posix() not in names and not path.stem.endswith(("_async", "_managers")):
                path.unlink(missing_ok=True)
        for name, text in names.items():
            Path(name).write_text(text)


def _of(methods: dict[str, tuple[str, str]], head: str) -> str:
    made = (
        f"{decorator}def {name}(self, value=None):\n{head and '    # a note'}\n"
        f"{indent(body, '    ')}\n\n"
        for name, (decorator, body) in methods.items()
    )
    return indent("".join(made) or "pass\n", "    ")


METHOD = st.tuples(st.sampled_from(DECORATORS), st.sampled_from(BODIES))
HELPER = st.sampled_from(("helped", "helped_more"))
EDIT = st.one_of(
    st.tuples(st.just("methods"), st.sampled_from(NAMES), METHOD),
    st.tuples(st.just("body"), st.sampled_from(NAMES), st.sampled_from(BODIES)),
    st.tuples(st.just("body"), st.sampled_from(NAMES), st.sampled_from(BODIES)),
    st.tuples(st.just("mixed_in"), st.sampled_from(NAMES), METHOD),
    st.tuples(st.just("gone"), st.sampled_from(NAMES), st.none()),
    st.tuples(
        st.just("helpers"), st.sampled_from(("helped", "helped_more")), st.sampled_from(HELPERS)
    ),
    st.tuples(
        st.just("helpers"), st.sampled_from(("helped", "helped_more")), st.sampled_from(HELPERS)
    ),
    st.tuples(st.just("base"), st.none(), st.sampled_from(BASES)),
    st.tuples(st.just("key"), st.none(), st.sampled_from(KEYS)),
    st.tuples(st.just("later"), st.none(), st.sampled_from(("", *HELPERS))),
    st.tuples(st.just("has_tags"), st.none(), st.booleans()),
    st.tuples(st.just("notes"), st.none(), st.integers(0, 2)),
)


def edit(shop: Shop, what: str, name: str | None, value: object) -> None:
    match what, value:
        case "gone", _:
            shop.methods.pop(str(name), None)
        case "body", str(body) if name in shop.methods:
            shop.methods[name] = (shop.methods[name][0], body)
        case "methods" | "mixed_in" | "helpers", tuple() | str():
            getattr(shop, what)[name] = value
        case "base" | "key" | "later" | "has_tags" | "notes", _:
            setattr(shop, what, value)


def from_nothing(run: Run) -> Result:
    """The answer of a check that knows nothing of the last build."""
    (stamp,) = Path().glob(".asyncgen_cache/*/stamp")
    aside = stamp.rename(stamp.with_name("aside"))
    answer = run("check")
    aside.rename(stamp)
    return answer


@settings(
    max_examples=int(os.environ.get("ASYNCGEN_EDITS", "6")),
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(EDIT, st.booleans()), min_size=4, max_size=8))
def test_after_any_edits_a_check_says_what_one_from_nothing_says(
    run: Run, edits: list[tuple[tuple[str, str | None, object], bool]]
) -> None:
    shop = Shop()
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        shop.write()
        run("build")
        for each, builds in edits:
            edit(shop, *each)
            shop.renew()
            if not list(Path().glob(".asyncgen_cache/*/stamp")):
                run("build")
                continue
            expected = from_nothing(run)
            found = run("check")
            assert (found.exit_code, found.output) == (expected.exit_code, expected.output)
            if builds:
                run("build")


# -- what is decided again -------------------------------------------------------------------------


@pytest.fixture
def decided(monkeypatch: pytest.MonkeyPatch) -> list[Pipeline]:
    """The runs that decided something."""
    runs: list[Pipeline] = []
    decide = Pipeline.decided

    def counted(self: Pipeline) -> object:
        runs.append(self)
        return decide(self)

    monkeypatch.setattr(Pipeline, "decided", counted)
    return runs


ROWS = """\
    from django.db import models
    from shop.helpers import helped


    class Rows(models.QuerySet):
        def dear(self):
            return helped(self)

        def cheap(self):
            found = self.filter(price=1)
            return found.count()


    class Book(models.Model):
        objects = Rows.as_manager()
    """
HELPED = """\
    def helped(rows):
        return inner(rows)


    def inner(rows):
        return rows.filter(price=2)
    """
FILES = {
    "pyproject.toml": "[tool.asyncgen]\nsources = ['shop/rows.py']\nunwired = ['*']\n",
    "shop/__init__.py": "",
    "shop/helpers.py": HELPED,
    "shop/rows.py": ROWS,
}


@pytest.mark.parametrize(
    ("name", "old", "new", "is_decided"),
    [
        ("rows", "found = self.filter(price=1)\n        return found.count()", "return 3", True),
        ("rows", "found = self.filter(price=1)", "found = self.filter(price=3)", False),
        ("rows", "return found.count()", "return found.order_by('pk').count()", False),
        ("helpers", "rows.filter(price=2)", "rows.filter(price=4).order_by('a')", False),
        ("helpers", "return rows.filter(price=2)", "return rows.first()", True),
        ("helpers", "return inner(rows)", "return rows.exclude(price=1)", False),
        ("helpers", "return inner(rows)", "return rows.get(price=1)", True),
    ],
)
def test_only_another_answer_decides_everything_again(
    project: Project,
    run: Run,
    decided: list[Pipeline],
    name: str,
    old: str,
    new: str,
    is_decided: bool,
) -> None:
    root = project(FILES)
    assert run("build").exit_code == 0
    before = len(decided)
    path = root / "shop" / f"{name}.py"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert run("check").exit_code == is_decided
    assert len(decided) - before == is_decided
    run("build")
    assert run("check").exit_code == 0
    assert len(decided) - before == 2 * is_decided


def test_what_is_kept_is_renewed_with_the_answers(
    project: Project, run: Run, decided: list[Pipeline]
) -> None:
    """A body that leads elsewhere now rests on what is there, from then on."""
    root = project(FILES)
    assert run("build").exit_code == 0
    path = root / "shop/helpers.py"
    text = dedent(HELPED)
    path.write_text(text + "\n\ndef other(rows):\n    return rows.all()\n")
    assert run("build").exit_code == 0
    before = len(decided)
    path.write_text(path.read_text().replace("return inner(rows)", "return other(rows)"))
    assert run("build").exit_code == 0
    assert len(decided) == before
    path.write_text(path.read_text().replace("return rows.all()", "return rows.first()"))
    assert run("check").exit_code == 1


@pytest.mark.parametrize("damage", ["", "x", "[[], [], []]", "{}"])
def test_damaged_answers_are_no_answers(
    project: Project, run: Run, decided: list[Pipeline], damage: str
) -> None:
    root = project(FILES)
    assert run("build").exit_code == 0
    (kept,) = root.glob(".asyncgen_cache/*/stamp.answers")
    kept.write_text(damage)
    before = len(decided)
    path = root / "shop/rows.py"
    path.write_text(path.read_text().replace("price=1", "price=3"))
    assert run("check").exit_code == 0
    assert len(decided) == before + 1


def test_a_warning_stands_on_the_line_where_it_is_now(
    project: Project, run: Run, decided: list[Pipeline]
) -> None:
    rows = dedent(ROWS) + "\n\nclass More(Missing, models.QuerySet):\n    pass\n"
    root = project({**FILES, "shop/rows.py": rows.replace("Book(", "# no\nclass Book(")})
    path = root / "shop/rows.py"
    path.write_text(rows)
    assert run("build").exit_code == 0
    before = len(decided)
    path.write_text(f"# a note\n{rows}")
    found = run("check")
    line = rows.splitlines().index("class More(Missing, models.QuerySet):") + 2
    assert f"shop/rows.py:{line}: warning: More inherits from Missing" in found.output
    assert len(decided) == before
    assert from_nothing(run).output == found.output


MADE = """\
    from django.db import models


    def made():
        return models.TextField()
    """


def test_a_body_that_tells_of_a_class_is_of_everything(
    project: Project, run: Run, decided: list[Pipeline]
) -> None:
    """What a function makes a field is read once, whoever reads the field: nobody keeps an account
    of that."""
    rows = ROWS.replace("import helped", "import helped\n    from shop.fields import made")
    rows += "    other = made()\n\n        def others(self):\n            return self.other.pk\n"
    root = project({**FILES, "shop/rows.py": rows, "shop/fields.py": MADE})
    assert run("build").exit_code == 0
    before = len(decided)
    path = root / "shop/fields.py"
    key = "return models.ForeignKey('self', models.CASCADE)"
    path.write_text(path.read_text().replace("return models.TextField()", key))
    found = run("check")
    assert len(decided) == before + 1
    assert from_nothing(run).output == found.output


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_body_of_which_it_cannot_be_said_what_rests_on_it_is_of_everything(
    is_shared: bool,
) -> None:
    files = resolver({})
    body = ("shop.querysets", 3)
    before = Answers((), frozenset(), frozenset({body} if is_shared else ()))
    asked = Asked(Evaluator(files, Relations(files, [])), ())
    assert (Again(before, asked, frozenset({body})).holding() is None) == is_shared
