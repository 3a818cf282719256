"""The site, built once by `make docs` for all tests here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.once import alone

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built pages. A warning of Sphinx's fails it."""
    # The folder that the processes of one run share, if there are several.
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    run = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.getbasetemp()
    with alone("site"):
        if not (run / "site").exists():
            make()
            (run / "site").touch()
    return ROOT / ".cache/docs/html"


def make() -> None:
    command = ["make", "--no-print-directory", "docs", f"DOCS_PYTHON={sys.executable}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
