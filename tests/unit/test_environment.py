"""Where an environment keeps its packages and its Python, on each system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from asyncgen.config import load
from asyncgen.environment import interpreter, site_packages
from asyncgen.problems import AsyncgenError

LAYOUTS = {
    "posix": ("lib/python3.12/site-packages", "bin/python"),
    "windows": ("Lib/site-packages", "Scripts/python.exe"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_packages_and_python_of_an_environment(layout: str, tmp_path: Path) -> None:
    packages, python = LAYOUTS[layout]
    (tmp_path / "env" / packages).mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    (tmp_path / "env" / python).parent.mkdir()
    (tmp_path / "env" / python).touch()
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.asyncgen]\nsources = ["shop.py"]\npython = "env"\n')
    config = load(path)
    assert next(iter(site_packages(config))) == tmp_path / "env" / packages
    assert interpreter(config) == str(tmp_path / "env" / python)


def test_without_a_python_in_it_the_one_that_runs_serves(tmp_path: Path) -> None:
    (tmp_path / "env/lib/python3.12/site-packages").mkdir(parents=True)
    (tmp_path / "env/pyvenv.cfg").touch()
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.asyncgen]\nsources = ["shop.py"]\npython = "env"\n')
    assert interpreter(load(path)) == sys.executable


def test_a_python_without_site_packages_is_said(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.asyncgen]\nsources = ["shop.py"]\npython = "env"\n')
    with pytest.raises(AsyncgenError) as raised:
        list(site_packages(load(path)))
    assert [each.code for each in raised.value.problems] == ["AG105"]
