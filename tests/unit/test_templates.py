"""A project's own templates: what is wrong in one is said with its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.plan import Run, rendered
from asyncgen.problems import AsyncgenError, Problem

SOURCE = "def count(book):\n    return book.author_set.count()\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    (tmp_path / "shop/books.py").write_text(SOURCE)
    (tmp_path / "mine/twins").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.asyncgen]\nsources = ["shop/books.py"]\nfunctions = ["*"]\ntemplates = "mine"\n'
    )
    return tmp_path


def built(root: Path) -> str:
    config = load(root / "pyproject.toml")
    return "".join(each.text for each in rendered(Run(config).result(), config))


def problem(root: Path, template: str) -> Problem:
    (root / "mine/twins/value.py.jinja").write_text(template)
    with pytest.raises(AsyncgenError) as caught:
        built(root)
    (found,) = caught.value.problems
    assert found.code == "AG405"
    return found


WRONG = {
    "syntax": ("    pass\n    {% if %}\n", 2, "Expected an expression"),
    "undefined": ("    pass\n\n    return {{ nothing }}\n", 3, "'nothing' is undefined"),
    "attribute": ("    return {{ twin.nothing }}\n", 1, "has no attribute 'nothing'"),
    "filter": ("{# #}\n    return {{ twin | nothing }}\n", 2, "No filter named 'nothing'"),
    "argument": ("    return {{ use() }}\n", 1, "missing 1 required positional argument"),
    "include": ("    pass\n{% include 'nothing.jinja' %}\n", 2, "nothing.jinja"),
}


@pytest.mark.parametrize(("template", "line", "message"), WRONG.values(), ids=WRONG)
def test_an_error_in_a_template_names_its_place(
    template: str, line: int, message: str, root: Path
) -> None:
    found = problem(root, template)
    assert found.location is not None
    assert (Path(found.location.path).name, found.location.line) == ("value.py.jinja", line)
    assert message in found.message


@pytest.mark.parametrize("body", ["    return (\n", "    await = 1\n", "  return 1\n\treturn 2\n"])
def test_what_is_not_python_is_not_written(body: str, root: Path) -> None:
    found = problem(root, body)
    assert "shop/books_async.py is not Python" in found.message


def test_only_the_template_of_that_name_is_replaced(root: Path) -> None:
    (root / "mine/twins/value.py.jinja").write_text("    return 'mine'\n")
    made = built(root)
    assert "return 'mine'" in made
    assert "async def acount(book)" in made
    assert "sync_to_async" not in made
