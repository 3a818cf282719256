"""Arrows run one way: no module of asyncgen imports one that imports it, not even lazily."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import asyncgen

ROOT = Path(asyncgen.__file__).parent
TESTS = Path(__file__).resolve().parents[1]


def modules() -> dict[str, ast.Module]:
    """The tree of every module, by its dotted name; a package's by its `__init__`."""
    return {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts): ast.parse(path.read_text())
        for path in ROOT.rglob("*.py")
        if path != ROOT / "__init__.py"  # it imports only when somebody outside asks for a name
    }


def imported(tree: ast.Module) -> Iterator[str]:
    """The names that are imported anywhere in a module, below TYPE_CHECKING and in functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield f"{node.module}.__init__"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_is_in_a_circle_of_imports() -> None:
    known = modules()
    arrows = {name: known.keys() & set(imported(tree)) for name, tree in known.items()}
    assert arrows["asyncgen.analysis.typed"] >= {"asyncgen.analysis.lookups"}
    TopologicalSorter(arrows).prepare()  # raises CycleError, which names the circle


def test_every_module_has_its_line_in_the_design() -> None:
    """Packages by their folders, modules that stand in none by their files."""
    page = (TESTS.parent / "docs/explanation/design.md").read_text("utf-8")
    _, house = page.split("Inside `generator/asyncgen/`", 1)
    heads = re.findall(r"^    (\S.*?)(?:  |$)", house[: house.index("## ")], re.M)
    listed = {name for head in heads for name in re.findall(r"\w+\.py|\w+/", head)}
    files = {path.name for path in ROOT.glob("*.py") if not path.name.startswith("__")}
    folders = {f"{path.parent.name}/" for path in ROOT.glob("*/__init__.py")}
    assert listed == files | folders | {"library/"}


def test_no_two_test_modules_have_one_name() -> None:
    """pytest, which imports them by their own names, would refuse the second."""
    names = [path.name for path in TESTS.rglob("test_*.py")]
    assert {name for name in names if names.count(name) > 1} == set()
