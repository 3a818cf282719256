"""Any signature comes out equal, and the twin forwards every argument: properties."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import black
import pytest
from asyncgen.annotate import twin
from asyncgen.plan.naming import named
from asyncgen.read.tree import read_source
from asyncgen.render import Renderer
from asyncgen.resolve import Resolver
from asyncgen.surface import Decision, Kind, Surface, SurfaceClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ANNOTATIONS = ["", ": int", ": dict[ str,int ]", ": 'Book'", ": int|None", ": Callable[..., int]"]
DEFAULTS = ["1", "-1", "None", "'a'", '"b"', "( )", "(1, )", "1.50", "0XfF"]
DEFAULTS += ["2**3", "60*60", "1+2*3-4", "'it\\'s'", "b'x'", "...", "1j", "'a' 'b'", "'\\0' '1'"]
# Evaluated once more they could be another object: the twin leaves them to the source.
COMPUTED = ["[ 1,2 ]", "{'a':1, }", "{1,2}", "not  True", "7 if True else 2", "f'{1 = }'", "str(8)"]
COMPUTED_VALUES = [[1, 2], {"a": 1}, {1, 2}, False, 7, "1 = 1", "8"]
LEFT_OUT = "a default that only the source knows"
NAMES = [f"parameter_{letter}" for letter in "abcdefgh"] + ["x", "y", "args_", "sync"]


@dataclass(frozen=True)
class Case:
    """A signature's text, and the arguments of a call that it accepts."""

    text: str
    arguments: tuple[int, ...]
    keywords: dict[str, int]

    @property
    def source(self) -> str:
        return (
            "from __future__ import annotations\n"
            "from collections.abc import Callable\n"
            "class Book: ...\n"
            "class Source:\n"
            f"    def method({self.text}):\n"
            "        return {**locals(), 'self': None}\n"
        )


@st.composite
def cases(draw: st.DrawFn, defaults: Sequence[str] = DEFAULTS) -> Case:
    names = draw(st.permutations(NAMES))
    counts = draw(st.tuples(*[st.integers(0, 3)] * 3))
    groups = [names[sum(counts[:n]) : sum(counts[: n + 1])] for n in range(3)]
    parts = ["self"]
    arguments: list[int] = []
    keywords: dict[str, int] = {}
    has_default = False
    by_position = True
    for number, group in enumerate(groups):
        if number == 2:
            variadic = draw(st.booleans())
            if variadic:
                parts.append("*args" + draw(st.sampled_from(["", ": int"])))
                if by_position:
                    arguments += draw(st.lists(st.integers(), max_size=2))
            elif group:
                parts.append("*")
        for name in group:
            if number < 2:
                has_default = has_default or draw(st.booleans())
            default = has_default if number < 2 else draw(st.booleans())
            annotation = draw(st.sampled_from(ANNOTATIONS))
            text = draw(st.sampled_from(defaults))
            equals = draw(st.sampled_from([" = ", "="]))
            parts.append(f"{name}{annotation}{equals + text if default else ''}")
            value = draw(st.integers())
            if default and draw(st.booleans()):
                by_position = by_position and number == 2
            elif number < 2 and by_position and (number == 0 or draw(st.booleans())):
                arguments.append(value)
            elif number > 0:
                keywords[name] = value
                by_position = False
            else:
                by_position = False
        if number == 0 and group:
            parts.append("/")
    if draw(st.booleans()):
        parts.append("**kwargs")
        keywords.update(draw(st.dictionaries(st.sampled_from(["k1", "k2"]), st.integers())))
    return Case(", ".join(parts), tuple(arguments), keywords)


def generated(source: str, width: int = 88) -> str:
    """The mixin of `Source.method`, as the whole pipeline behind `classify` writes it."""
    module = read_source(source, "source", "source.py")
    found = module.classes["Source"]
    decision = Decision(found.functions["method"], found, Kind.VALUE, (), "amethod")
    made = twin(decision, module, found, guarded=False, call_now=False, marks={})
    surface = Surface(
        path="source_async.py",
        module="source_async",
        sources=("source.py",),
        classes=(SurfaceClass("SourceAsync", found, (made,)),),
        functions=(),
        bridge="asgiref.sync.sync_to_async",
    )
    resolver = Resolver((), lambda path, name: module)
    resolver.add(module)
    return Renderer(width).module(named(surface, resolver)).text


def classes(case: Case) -> tuple[type, type]:
    source: dict[str, type] = {}
    exec(case.source, source)
    mixin: dict[str, type] = {}
    exec(generated(case.source), mixin)
    return source["Source"], mixin["SourceAsync"]


@given(cases([*DEFAULTS, *COMPUTED]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_signature_is_equal(case: Case) -> None:
    source, mixin = classes(case)

    def normal(function: object) -> list[tuple[str, object, object, str]]:
        """Annotations are compared as what they say, spaces and quotes apart."""
        parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
        return [
            (p.name, p.kind, default(p), str(p.annotation).replace(" ", "").replace('"', "'"))
            for p in parameters
        ]

    def default(parameter: inspect.Parameter) -> object:
        is_sentinel = repr(parameter.default) == "<the default of Source.method>"
        is_left_out = is_sentinel or parameter.default in COMPUTED_VALUES
        return LEFT_OUT if is_left_out else parameter.default

    assert normal(vars(mixin)["amethod"]) == normal(vars(source)["method"])


@given(cases([*DEFAULTS, *COMPUTED]))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_argument_is_forwarded(case: Case) -> None:
    source, mixin = classes(case)
    both = type("Both", (mixin, source), {})()
    try:
        expected = both.method(*case.arguments, **case.keywords)
    except TypeError:  # the drawn call does not fit: then the twin says so as well
        with pytest.raises(TypeError, match="argument"):
            asyncio.run(both.amethod(*case.arguments, **case.keywords))
        return
    assert asyncio.run(both.amethod(*case.arguments, **case.keywords)) == expected


def test_sentinels_leave_the_default_to_the_source() -> None:
    source = (
        "HERE = object()\n"
        "class Source:\n"
        "    def method(self, a=HERE, /, b=1, *, c=HERE, **kw):\n"
        "        return a is HERE, b, c is HERE, kw\n"
    )
    space: dict[str, type] = {}
    exec(source, space)
    mixin: dict[str, type] = {}
    exec(generated(source), mixin)
    both = type("Both", (mixin["SourceAsync"], space["Source"]), {})()
    assert asyncio.run(both.amethod()) == (True, 1, True, {})
    assert asyncio.run(both.amethod(5, b=2, c=3, d=4)) == (False, 2, False, {"d": 4})


def test_a_sentinel_says_whose_default_it_stands_for() -> None:
    mixin: dict[str, type] = {}
    exec(generated("class Source:\n    def method(self, into=[]): ...\n"), mixin)
    made = inspect.signature(vars(mixin["SourceAsync"])["amethod"])
    assert str(made) == "(self, into=<the default of Source.method>)"


NAMED = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from shop.models import Book, Shelf

class Source:
    def method(self, of: Book, name="Book", on: Shelf | Missing = None): ...
"""


def test_only_what_a_text_names_is_imported() -> None:
    runtime, _, typing = generated(NAMED).partition("if TYPE_CHECKING:")
    assert "Book" not in runtime  # the default is a string, and no name
    assert "    from shop.models import Book\n" in typing
    assert "Shelf" not in typing  # nothing is said of `on`, as `Missing` is not known


@pytest.mark.parametrize(
    "default",
    [
        "[]",
        "{}",
        "{1}",
        "[0][0:]",
        "dict()",
        "list('ab')",
        "lambda: 1",
        "f'{len([])}'",
        "SHARED[:]",
    ],
)
def test_what_makes_an_object_has_made_it_once(default: str) -> None:
    source = (
        "SHARED = []\n"
        "class Source:\n"
        f"    def method(self, kept={default}, after=1, *, named={default}):\n"
        "        return kept, after, named\n"
    )
    space: dict[str, type] = {}
    exec(source, space)
    mixin: dict[str, type] = {}
    exec(generated(source), mixin)
    both = type("Both", (mixin["SourceAsync"], space["Source"]), {})()
    for keywords in ({}, {"after": 2}, {"kept": 3}, {"named": 4, "after": 2}):
        expected = both.method(**keywords)
        found = asyncio.run(both.amethod(**keywords))
        assert [id(each) for each in found] == [id(each) for each in expected]


@pytest.mark.parametrize("width", [40, 60, 79, 88, 100, 120])
def test_formatters_change_nothing(width: int, tmp_path: Path) -> None:
    """ruff and black leave the output as it is, at any line length: wherever they
    agree."""
    texts: list[str] = []

    @given(cases())
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def collect(case: Case) -> None:
        texts.append(generated(case.source, width))

    collect()
    mode = black.Mode(line_length=width)
    for number, text in enumerate(texts):
        (tmp_path / f"own{number}.py").write_text(text, encoding="utf-8")
        wanted = black.format_str(text, mode=mode)
        (tmp_path / f"black{number}.py").write_text(wanted, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "format", "-q", "--isolated"]
    subprocess.run([*command, f"--line-length={width}", str(tmp_path)], check=True)
    agreed = 0
    for number, text in enumerate(texts):
        wanted = black.format_str(text, mode=mode)
        # Where ruff changes what black wrote, nothing can please both.
        if (tmp_path / f"black{number}.py").read_text(encoding="utf-8") == wanted:
            agreed += 1
            assert text == wanted
            assert (tmp_path / f"own{number}.py").read_text(encoding="utf-8") == text
    assert agreed > len(texts) * 0.6
