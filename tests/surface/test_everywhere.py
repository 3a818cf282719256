"""asyncgen_django.everywhere in INSTALLED_APPS; and nothing changed without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from areas import mixins
from django.db.models import Model

ATOMIC = "django.db.transaction.Atomic.__enter__"


def run(*arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-W", "error", *arguments], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_one_line_in_installed_apps() -> None:
    listed = run(str(Path(__file__).with_name("everywhere_run.py"))).splitlines()
    assert len(listed) > 300
    assert not any(line.startswith("django.contrib.sites") for line in listed)  # not installed


def test_explain_tells_the_same_without_importing_anything(tmp_path: Path) -> None:
    """All of what the app lists, and more only for apps that the project does not have."""
    listed = run(str(Path(__file__).with_name("everywhere_run.py"))).splitlines()
    changed = dict(line.split(": ", 1) for line in filter(None, listed))
    changed[ATOMIC] = "replaces Django's"
    (tmp_path / "pyproject.toml").write_text("[tool.asyncgen]\nsources = []\n")
    asyncgen = ["-m", "asyncgen", "--config", str(tmp_path / "pyproject.toml"), "--output-format"]
    text = run(*asyncgen, "json", "explain", "asyncgen_django.everywhere", "--python", sys.prefix)
    explained = {each["name"]: each["how"] for each in map(json.loads, text.splitlines())}
    assert len(set(changed.values())) == 3
    assert changed.items() <= explained.items()
    for name in explained.keys() - changed.keys():
        assert name.split(".")[2] in ("admin", "flatpages", "sites"), name


def test_nothing_is_changed_otherwise() -> None:
    assert list(mixins())
    assert not hasattr(Model, "afull_clean")
    assert Model.asave.__module__ == "django.db.models.base"


def test_importing_asyncgen_django_imports_no_app() -> None:
    code = "import sys, asyncgen_django; print([n for n in sys.modules if 'django.contrib' in n])"
    assert run("-c", code).strip() == "[]"
