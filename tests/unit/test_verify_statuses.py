"""`build --verify`: agreement is an exit status of 0, and nothing that a crash looks like."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from asyncgen.config import Config, Source
from asyncgen.problems import Location
from asyncgen.surface import StubModule
from asyncgen.verify import Written, verify

STUB = "class BookQuerySetAsync:\n    async def atotal(self) -> int: ...\n"


def said(
    root: Path, mypy: tuple[int, str], stubtest: tuple[int, str], stub: str = STUB
) -> list[str]:
    """The codes and messages where mypy and stubtest end and print as given."""
    environment = root / "environment"
    (environment / "bin").mkdir(parents=True)
    (environment / "lib/python3.12/site-packages").mkdir(parents=True)
    (environment / "pyvenv.cfg").touch()
    for name, (_, text) in {"mypy": mypy, "stubtest": stubtest}.items():
        (environment / name).write_text(text)
    python = environment / "bin/python"
    python.write_text(
        dedent(
            f"""\
            #!/bin/sh
            echo "$PYTHONPATH $MYPYPATH" >> {environment}/paths
            if [ "$1" = -m ]; then cat {environment}/mypy; exit {mypy[0]}; fi
            cat {environment}/stubtest >&2; exit {stubtest[0]}
            """
        )
    )
    python.chmod(0o755)
    config = Config(root, root / "pyproject.toml", (Source(),), python=str(environment))
    module = StubModule(
        "site/shop/books_async.pyi", "shop.books_async", ("site/shop/books.py",), (), (), (), ()
    )
    found = verify(config, [Written(module, stub)])
    assert all(isinstance(each.location, Location) for each in found)
    return [f"{each.code} {each.message}" for each in found]


def test_both_agree(tmp_path: Path) -> None:
    assert said(tmp_path, (0, ""), (0, "Success: no issues found in 1 module\n")) == []


def test_imports_start_where_the_names_of_stubs_do(tmp_path: Path) -> None:
    said(tmp_path, (0, ""), (0, ""))
    paths = (tmp_path / "environment/paths").read_text().split()
    assert len(paths) == 4
    assert all(str(tmp_path / "site") in each.split(":") for each in paths)


def test_errors_in_other_files_are_none_of_ours(tmp_path: Path) -> None:
    assert said(tmp_path, (1, "shop/views.py:3: error: no\n"), (0, "")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Traceback (most recent call last):\nKeyError: 'klass'\n",
        "",
        "error: not checking stubs due to mypy build errors:\nshop/views.py:3: error: no\n",
    ],
)
def test_a_crash_of_stubtest_is_no_agreement(tmp_path: Path, text: str) -> None:
    (found,) = said(tmp_path, (0, ""), (1, text))
    last = text.strip().rpartition("\n")[2] or "it said nothing"
    assert found == f"AG604 stubtest failed with exit status 1: {last}"


def test_a_crash_of_mypy_is_no_agreement(tmp_path: Path) -> None:
    found = said(tmp_path, (2, "shop/views.py: error: INTERNAL ERROR\n"), (0, ""))
    assert found == ["AG604 mypy failed with exit status 2: shop/views.py: error: INTERNAL ERROR"]


def test_a_stub_that_is_no_python_is_a_finding(tmp_path: Path) -> None:
    broken = (2, "site/shop/books_async.pyi:1: error: Invalid syntax  [syntax]\n")
    found = said(tmp_path, broken, (0, ""), stub="class Book(:\n")
    assert found == ["AG601 mypy, of site/shop/books_async.pyi:1: Invalid syntax  [syntax]"]
