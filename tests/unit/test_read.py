"""Every source that Python compiles is read, whatever its shape; and a long one in pieces."""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from asyncgen.deep import deeply
from asyncgen.problems import AsyncgenError
from asyncgen.read import bodies, decode, read_file, tree
from asyncgen.read import pieces as cutting
from asyncgen.read.parsing import Statement, parsed
from asyncgen.read.pieces import eased, logical_lines, pieces
from asyncgen.read.tree import read_snippet, read_source
from asyncgen.source import Later, Module, Snippet
from asyncgen.surface import Kind
from click.testing import Result

from tests.support.building import build

# Sources that a reader may stumble over. Each ends with a class whose method is to be found.
SHAPES = {
    "500 elif": "if a: pass\n" + "elif a == 1: pass\n" * 500,
    "800 terms": f"x = {'+'.join(['a'] * 800)}\n",
    "800 terms of text": "x = " + " + ".join(["'a'"] * 800) + "\n",
    "800 strings side by side": "x = (" + " ".join(["'a'"] * 800) + ")\n",
    "800 f-strings side by side": "x = (" + " ".join(["f'{a}'"] * 800) + ")\n",
    "200 calls in a chain": f"x = a{'.f(b=1)' * 200}\n",
    "400 attributes in a chain": f"x = a{'.b' * 400}\n",
    "200 subscripts in a chain": f"x = a{'[0]' * 200}\n",
    "800 nots": f"x = {'not ' * 800}a\n",
    "800 ands": f"x = {'a and ' * 800}a\n",
    "800 comparisons": f"x = {'a < ' * 800}a\n",
    "800 targets": f"{'a = ' * 800}a\n",
    "400 conditions": f"x = {'a if b else ' * 400}a\n",
    "400 lambdas": f"x = {'lambda: ' * 400}a\n",
    "150 brackets": f"x = {'[' * 150}{']' * 150}\n",
    "90 blocks": "".join(f"{' ' * n}if a:\n" for n in range(90)) + " " * 90 + "pass\n",
    "a long default": f"def f(a={'+'.join(['1'] * 500)}): pass\n",
    "a long annotation": f"def f(a: {'|'.join(['int'] * 500)}): pass\n",
    "a lambda right after else": "x = () if 0 else(lambda: ())\n",
    "keywords close to parentheses": "x = (a)if(b)else(lambda: c)\ny = not(a)or(b)and(c)in(d)\n",
    "a parenthesised name with an annotation": "(x): int = 1\n",
    "an attribute in parentheses with an annotation": "(x.y): int = 1\n",
    "two in one line": "(x): int = 1; (y): str\n",
    "a form feed between statements": "a = 1\n\x0c\nb = 2\n",
    "a form feed in a block": "if a:\n    b = 1\n\x0c\n    c = 2\n\x0c    d = 3\n",
    "an escape that is none": "x = '\\d'\ny = b'\\q'\n",
    "half a surrogate": "x = '\\ud800'\n",
    "tabs": "if a:\n\tb = 1\n\tif c:\n\t\td = 2\n",
    "a line that goes on": "x = \\\n  1\n\\\n\n",
    "letters of the world": "naïve = Ω = 1\nclass ŽluťoučkýKůň: pass\n",
    "soft keywords as names": "match = type = case = _ = 1\nmatch[type]\nprint(match, case)\n",
}
TAIL = "\n\nclass Book:\n    def total(self):\n        return 1\n"


@pytest.mark.parametrize("name", SHAPES)
def test_every_source_that_python_compiles_is_read(name: str) -> None:
    source = SHAPES[name] + TAIL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(source, name, "exec")
        found = deeply(lambda: read_source(source, "m", "m.py"))
    method = found.classes["Book"].functions["total"]
    assert method.location.line == source.count("\n") - 1


def test_what_is_eased_is_the_same_for_python() -> None:
    def dumped(source: str) -> list[tuple[str, list[object]]]:
        """Every node with its plain fields, without recursion: Python 3.12 bounds that."""
        return [
            (type(node).__name__, [field for field in fields(node) if field[0] != "simple"])
            for node in ast.walk(ast.parse(source))
        ]

    def fields(node: ast.AST) -> list[tuple[str, object]]:
        found = ast.iter_fields(node)
        return [(name, value) for name, value in found if not isinstance(value, ast.AST | list)]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in SHAPES.values():
            easier = eased(source)
            assert deeply(lambda one=easier: dumped(one)) == deeply(  # type: ignore[misc]
                lambda one=source: dumped(one)  # type: ignore[misc]
            )
            assert easier.count("\n") == source.count("\n")


def test_what_libcst_cannot_read_is_no_syntax_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise TypeError("super(type, obj)")

    monkeypatch.setattr("asyncgen.read.tree.parsed", fail)
    with pytest.raises(AsyncgenError) as raised:
        read_source("x = 1\n", "m", "m.py")
    (problem,) = raised.value.problems
    assert problem.code == "AG304"
    assert "LibCST, which reads the source, cannot read this: TypeError" in problem.message
    assert str(problem.location) == "m.py:1"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ny = (\n", 2),
        ("def f(self:\n    pass\n", 1),
        ("class A:\n    x = 1\n  y = 2\n", 3),
        ("x = 1\n\nz = 1 +\n", 3),
        ("x = 'a\n", 1),
        ("if a:\n", 1),
        ("(a, b): int = 1\n", 1),
    ],
)
def test_a_syntax_error_is_one_and_has_its_line(source: str, line: int) -> None:
    for before in ("", "a = 1\n" * 1500):
        with pytest.raises(AsyncgenError) as raised:
            read_source(before + source, "m", "m.py")
        (problem,) = raised.value.problems
        assert problem.code == "AG303"
        assert problem.location
        assert problem.location.line in (line + before.count("\n"), line + before.count("\n") + 1)


# -- pieces ----------------------------------------------------------------------------------------

LONG = '''\
"""A module."""
# asyncgen: skip
@a
@b(
    1,
)
class First(
    Base,
):  # asyncgen: queryset
    """Its docstring."""

    x = 1

    # asyncgen: value
    def one(self): return self.x

    @property
    # asyncgen: pure
    def two(self):
        if self.x:
            return 1
        # a comment
        else:
            return 2

    class Inner:
        def deep(self): pass
        y = 2
    if TYPE_CHECKING:
        def three(self) -> int: ...
    else:
        three = one
    one.alters_data = True
try:
    import json
except ImportError:
    json = None
else:
    y = 1
finally:
    z = 1
# asyncgen: hook
async def last(a, *, b=1):
    global count
    yield a
for each in y:
    w = each
while w: break
else: v = 1
class Second: x = 1; y = 2
last.alters_data = False
'''


# -- bodies that wait ------------------------------------------------------------------------------

WAITING = '''\
class Book:
    """Its docstring."""

    def title(self, a=(1, 2)):  # asyncgen: value
        """Its docstring."""
        # a comment
        first = self.x
        return first + 1
        # the end

    # asyncgen: skip
    @property
    def rows(self):

        # a comment
        @a
        @b
        def inner(x):  # asyncgen: pure
            return x
        return inner

    def short(self): return self.x
    def signed(
        self,
    ): return self.x

    def generates(self):
        for each in self:
            yield each

    def has_class(self):
        class Inner:
            pass
        return Inner

    if True:
        async def other(self):
            async with self:
                return 1; x = 2
    else:
        def other(self):
            global count
            count = 1
def last(): # nothing
  from .other import x
  return (
    x
  )
x = last'''


@pytest.mark.parametrize("limit", [bodies.LIMIT, 2])
@pytest.mark.parametrize("source", [WAITING, WAITING.replace("    ", "\t"), LONG])
def test_what_is_read_later_is_the_same(
    source: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LIMIT", limit)  # lines that are parsed at once
    later: list[Snippet] = []

    def make_later(snippet: Snippet) -> Later:
        later.append(snippet)
        return Later(lambda: read_snippet(snippet), snippet)

    for text in (source, f"{source}\n", source.replace("Its", "It is a class, it's")):
        whole = shown(read_source(text, "m.n", "m.py"))
        found = read_source(text, "m.n", "m.py", make_later=make_later)
        assert all(each.made is None for each in waiting(found))
        assert shown(found) == whole
    assert later


@pytest.mark.parametrize(
    "text", ['"""one\n        two"""', "'''one\n        two'''", "'one\\\n    two'"]
)
@pytest.mark.parametrize("comment", ["", "# nothing\n"])
def test_a_string_of_several_lines_is_the_same_when_it_is_read_later(
    text: str, comment: str
) -> None:
    source = f"def m(self):\n{comment}    say(1)\n{comment}    say({text})\n    return 1\n"
    found = read_source(
        source, "m", "m.py", make_later=lambda each: Later(lambda: read_snippet(each), each)
    )
    assert waiting(found)
    assert "one" in shown(found)
    assert shown(found) == shown(read_source(source, "m", "m.py"))


CLASS = "".join(
    f"""
    @decorator
    # a comment
    def method_{number}(self):
        def inner():
            return 1
        return inner()
    async def other_{number}(self):
        return await self
"""
    for number in range(20)
)


@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_a_long_class_is_parsed_in_parts(indent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"class Long:{CLASS}def after():\n    x = 1\n    return x\n".replace("    ", indent)
    whole = bodies.outlined(text)
    parsed = bodies._parsed
    lines: list[int] = []

    def counted(part: str) -> Sequence[ast.stmt]:
        lines.append(part.count("\n"))
        return parsed(part)

    monkeypatch.setattr(bodies, "LIMIT", 30)
    monkeypatch.setattr(bodies, "_parsed", counted)
    assert bodies.outlined(text) == whole
    assert whole
    assert len(whole.bodies) == 41
    assert max(lines) < 45 < text.count("\n")


def waiting(module: Module) -> list[Later]:
    functions = [*module.functions.values()]
    functions += [each for found in module.classes.values() for each in found.functions.values()]
    return [each.block for each in functions if isinstance(each.block, Later)]


@pytest.mark.parametrize(
    ("line", "waits"),
    [
        ("# of its class", True),
        ("say('to_attr is global', self)", True),
        ("rows(to_attr='all')", False),
        ("x = (yield)", False),
        ("def inner(): yield from self", False),
        ("def inner(): nonlocal one", False),
        ("class Inner: pass", False),
    ],
)
def test_only_what_says_more_than_a_function_does_is_read_at_once(line: str, waits: bool) -> None:
    source = f"def total(self):\n    one = 1\n    {line}\n    return one\n"
    found = read_source(
        source, "m", "m.py", make_later=lambda each: Later(lambda: read_snippet(each), each)
    )
    assert bool(waiting(found)) == waits


@pytest.mark.parametrize("path", sorted(Path(ast.__file__).parent.glob("[a-d]*.py"))[::6])
def test_real_files_are_the_same_when_they_are_read_later(path: Path) -> None:
    source = decode(path.read_bytes(), path.name)
    found = read_source(
        source, "m", "m.py", make_later=lambda each: Later(lambda: read_snippet(each), each)
    )
    assert shown(found) == shown(read_source(source, "m", "m.py"))


def test_what_libcst_cannot_read_later_does_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(text: str) -> Sequence[Statement]:
        if "unreadable" in text:
            raise TypeError("super(type, obj)")
        return parsed(text)

    monkeypatch.setattr(tree, "parsed", fail)
    monkeypatch.setenv("ASYNCGEN_NO_CACHE", "1")
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen]\nsources = ['books.py']\n")
    (tmp_path / "books.py").write_text(
        "from django.db import models\n\n\nclass Book(models.Model):\n"
        "    def pages(self):\n        unreadable = 1\n        return 2\n"
    )
    (entry,) = build(tmp_path / "pyproject.toml").result.entries
    assert entry.decision.kind is Kind.VALUE
    said = [(each.message, str(each.location)) for each in entry.decision.evidence]
    assert ("calls what LibCST cannot read, which cannot be found", "books.py:6") in said


def shown(module: Module) -> str:
    return re.sub(r"frozenset\(\{(.*?)\}\)", lambda m: str(sorted(m[1].split(", "))), repr(module))


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8, 13, 21])
def test_pieces_make_the_same_module(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = shown(read_source(LONG, "m", "m.py"))
    monkeypatch.setattr(cutting, "LIMIT", limit)
    cut = list(pieces(LONG, logical_lines(LONG)))
    assert len(cut) > 1
    assert any(each.rest for each in cut)
    assert shown(read_source(LONG, "m", "m.py")) == whole
    for width in ("\t", "  "):
        text = LONG.replace("    ", width)
        assert shown(read_source(text, "m", "m.py")) == whole


def test_every_line_of_a_source_is_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "LIMIT", 2)
    every = [part for each in pieces(LONG, logical_lines(LONG)) for part in (each, *each.rest)]
    added = {"pass", "if 1:"}
    lines = [line for each in every for line in each.text.splitlines()]
    assert [line for line in lines if line.strip() not in added] == LONG.splitlines()
    for each in every:
        start = each.text.splitlines()
        for number, line in enumerate(start, 1):
            if line.strip() not in added:
                assert LONG.splitlines()[number + each.before - 1] == line


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its file system")
def test_a_pipe_is_not_opened(
    project: Callable[[dict[str, str]], Path], run: Callable[..., Result]
) -> None:
    root = project(
        {
            "pyproject.toml": '[tool.asyncgen]\nsources = ["shop/*.py"]\nunwired = ["*"]\n',
            "shop/__init__.py": "",
            "shop/books.py": (
                "from django.db import models\nfrom shop.pipe import Base\n"
                "class BookQuerySet(Base, models.QuerySet):\n"
                "    def total(self): return self.count()\n"
            ),
        }
    )
    for name in ("pipe.py", "books_async.pyi", "other.py"):
        os.mkfifo(root / "shop" / name)
    answer = run("build")
    assert answer.exit_code == 3
    assert "cannot read the output: it is no regular file" in answer.stderr
    (root / "shop/books_async.pyi").unlink()
    assert run("build").exit_code == 0
    (root / "pyproject.toml").unlink()
    assert run("init").exit_code == 0
    with pytest.raises(AsyncgenError, match="no regular file"):
        read_file(root / "shop/pipe.py", "shop.pipe", "shop/pipe.py")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in its file system")
@pytest.mark.parametrize("verb", ["check", "build", "init", "audit"])
def test_a_pipe_that_is_called_like_a_configuration_is_not_opened(
    project: Callable[[dict[str, str]], Path], run: Callable[..., Result], verb: str
) -> None:
    root = project({"inner/shop/books.py": "from django.db import models\n"})
    os.mkfifo(root / "pyproject.toml")
    (root / ".git").mkdir()
    answer = run(verb)
    assert answer.exit_code == 2
    assert "no regular file" in answer.stderr
    (root / "pyproject.toml").unlink()
    for name in ("ruff.toml", "setup.cfg", "manage.py", "conftest.py", "uv.lock", "poetry.toml"):
        os.mkfifo(root / name)
    os.mkfifo(root / "inner/pyproject.toml")
    assert run(verb).exit_code != 4


def test_of_two_classes_of_a_name_the_last_that_runs_counts() -> None:
    """And knows of the others; what is there for type checkers alone is none of them."""
    text = "from typing import TYPE_CHECKING\n\n"
    text += "if TYPE_CHECKING:\n    class A: one = 1\nelse:\n    class A: two = 2\n\n"
    text += "if not TYPE_CHECKING:\n    class B: one = 1\nelse:\n    class B: two = 2\n\n"
    text += "try:\n    class C: one = 1\nexcept OSError:\n    class C: two = 2\n"
    module = read_source(text, "shop.models", "shop/models.py")
    found = {
        name: (list(cls.attributes), [each.line for each in cls.earlier])
        for name, cls in module.classes.items()
    }
    assert found == {"A": (["two"], []), "B": (["one"], []), "C": (["two"], [14])}
