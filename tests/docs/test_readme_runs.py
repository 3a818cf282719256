"""What the README shows is what is printed and written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from asyncgen.cli import main
from click.testing import CliRunner

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.S | re.M)


def sessions() -> list[tuple[str, str]]:
    """Each command of the README's consoles that is followed by what it prints, with that."""
    text = "".join(blocks("console"))
    found = re.findall(r"^\$ asyncgen ([^#\n]*?) *(?:#.*)?\n((?:[^$].*\n|\n)*)", text, re.M)
    return [(command, printed) for command, printed in found if printed]


def test_the_readme_prints_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, written, _ = blocks("python")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    (tmp_path / "shop/querysets.py").write_text(source, "utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.asyncgen]\nsources = ["shop/*.py"]\n', "utf-8")
    monkeypatch.chdir(tmp_path)
    known = sessions()
    assert [command for command, _ in known] == ["build", "apply", "explain total_revenue"]
    (shown,) = blocks("diff")
    for command, printed in known:
        if command == "apply":
            diff = CliRunner().invoke(main, ["apply", "--diff"]).output
            assert shown in diff
        result = CliRunner().invoke(main, command.split())
        if command.startswith("explain"):
            assert result.output.startswith(printed)
        else:
            assert result.output == printed
    assert written in (tmp_path / "shop/querysets_async.py").read_text("utf-8")


def test_every_verb_of_the_table_is_one_and_none_is_missing() -> None:
    table = set(re.findall(r"^\| `asyncgen (\w+)", README, re.M))
    assert table == set(main.commands)
