"""`asyncgen init --preset`: where the twins go, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from asyncgen.cli import main
from click.testing import CliRunner, Result

TABLE = '[tool.asyncgen]\nsources = ["shop/*.py"]\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a package, and an environment with django-waffle."""
    for folder in ("django", "waffle"):
        (tmp_path / "env/lib/python3.12/site-packages" / folder).mkdir(parents=True)
        (tmp_path / "env/lib/python3.12/site-packages" / folder / "__init__.py").touch()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*presets: str) -> Result:
    options = [option for name in presets for option in ("--preset", name)]
    return CliRunner().invoke(main, ["--python", "env", "init", *options])


def test_a_preset_comes_to_a_configuration_that_is_there(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(TABLE)
    assert init("waffle").exit_code == 0
    written = pyproject.read_text()
    assert written.startswith(TABLE)
    assert 'output = "shop/waffle_async.py"' in written


def test_without_sources_of_files_the_first_package_takes_it(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text('[tool.asyncgen]\nsources = ["shop.models"]\n')
    assert init("waffle").exit_code == 0
    assert 'output = "shop/waffle_async.py"' in pyproject.read_text()


def test_a_package_that_has_a_source_is_refused(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text('[tool.asyncgen]\nsources = ["waffle.models"]\n')
    before = pyproject.read_text()
    result = init("waffle")
    assert result.exit_code == 2
    assert "AG109" in result.output
    assert pyproject.read_text() == before


def test_a_package_that_is_not_installed_is_refused(project: Path) -> None:
    pyproject = project / "pyproject.toml"
    pyproject.write_text(TABLE)
    result = init("taggit")
    assert result.exit_code == 2
    assert "AG201" in result.output
    assert pyproject.read_text() == TABLE
