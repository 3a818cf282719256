"""The shipped hooks, run by the real pre-commit on a scratch repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOOK_FILES = ("generator", "templates", "runtime", "generated", "stubs", "LICENSE", "README.md")
SOURCE = """\
from django.db import models

from .querysets_async import BookQuerySetAsync


class BookQuerySet(BookQuerySetAsync, models.QuerySet):
    def total(self):
        return self.count()
"""

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """This working tree as a repository of hooks, and its only commit."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in (*HOOK_FILES, "pyproject.toml", ".pre-commit-hooks.yaml"):
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "hooks")
    return folder, git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the hooks' environment, made once for this module."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def repository(tmp_path: Path, hooks: tuple[Path, str], home: Path) -> tuple[Path, Command]:
    """A project with all hooks configured, and a way to run one of them on it."""
    folder, revision = hooks
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/__init__.py").touch()
    (tmp_path / "shop/querysets.py").write_text(SOURCE)
    (tmp_path / "pyproject.toml").write_text('[tool.asyncgen]\nsources = ["shop/*.py"]\n')
    (tmp_path / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {folder.as_uri()}\n  rev: {revision}\n"
        "  hooks:\n  - id: asyncgen\n  - id: asyncgen-check\n  - id: asyncgen-audit\n"
    )
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(home)}
    environment.pop("VIRTUAL_ENV", None)

    def run(hook: str) -> subprocess.CompletedProcess[str]:
        git(tmp_path, "add", "--all")
        command = [sys.executable, "-m", "pre_commit", "run", hook, "--all-files", "--verbose"]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return tmp_path, run


def test_drifted_then_in_sync(repository: tuple[Path, Command]) -> None:
    folder, run = repository
    checked = run("asyncgen-check")
    assert checked.returncode == 1, checked.stdout + checked.stderr
    assert "shop/querysets_async.py is missing" in checked.stdout
    assert not (folder / "shop/querysets_async.py").exists(), "asyncgen-check never writes"

    built = run("asyncgen")
    assert built.returncode == 1, built.stdout + built.stderr
    assert "wrote shop/querysets_async.py" in built.stdout

    for hook in ("asyncgen", "asyncgen-check"):
        again = run(hook)
        assert again.returncode == 0, again.stdout + again.stderr

    source = folder / "shop/querysets.py"
    source.write_text(source.read_text().replace("total", "grand_total"))
    assert run("asyncgen-check").returncode == 1
    assert "agrand_total" not in (folder / "shop/querysets_async.py").read_text()
    assert run("asyncgen").returncode == 1
    assert "agrand_total" in (folder / "shop/querysets_async.py").read_text()


def test_a_syntax_error(repository: tuple[Path, Command]) -> None:
    folder, run = repository
    (folder / "shop/broken.py").write_text("def f(:\n")
    for hook in ("asyncgen", "asyncgen-check"):
        failed = run(hook)
        assert failed.returncode == 1, failed.stdout + failed.stderr
        assert "- exit code: 3" in failed.stdout
        assert "shop/broken.py:1: error: syntax error: invalid syntax [AG303]" in failed.stdout
    assert not (folder / "shop/querysets_async.py").exists()


def test_the_hook_writes_what_the_developer_wrote_or_nothing(
    repository: tuple[Path, Command],
) -> None:
    """The hook's environment has neither the project's Django nor django-stubs."""
    folder, run = repository
    table = folder / "pyproject.toml"
    pins = table.read_text() + 'django-stubs = "ignored"\n'
    table.write_text(pins)
    developer = [sys.executable, "-m", "asyncgen", "build"]
    subprocess.run(developer, cwd=folder, check=True, capture_output=True)
    for hook in ("asyncgen-check", "asyncgen"):
        again = run(hook)
        assert again.returncode == 0, again.stdout + again.stderr

    stub = (folder / "shop/querysets_async.pyi").read_bytes()
    for pin, said in (
        ('django = "4.2"\n', "the twins are for Django 4.2, and Django"),
        ('django-stubs = "required"\n', "the types of twins rest on django-stubs, which are not"),
    ):
        table.write_text(pins.replace('django-stubs = "ignored"\n', "") + pin)
        for hook in ("asyncgen-check", "asyncgen"):
            refused = run(hook)
            assert refused.returncode == 1
            assert "- exit code: 2" in refused.stdout
            assert said in refused.stdout
    assert (folder / "shop/querysets_async.pyi").read_bytes() == stub


def test_an_audit(repository: tuple[Path, Command]) -> None:
    """A comment that ignores nothing is a finding that needs no analysis."""
    folder, run = repository
    assert run("asyncgen-audit").returncode == 0
    source = folder / "shop/querysets.py"
    source.write_text(f"{SOURCE}\n\nX = 1  # asyncgen: ignore[AG701]\n")
    failed = run("asyncgen-audit")
    assert failed.returncode == 1
    assert "- exit code: 1" in failed.stdout
    assert "shop/querysets.py:11: warning: nothing here is AG701" in failed.stdout
