"""Environments of their own for programs that tests run, made on first use from a lock file."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.once import alone

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".asyncgen_cache"


def programs_of(lock: str, python: str = sys.executable) -> Path:
    """The folder of the programs that requirements/LOCK.txt pins, for one Python."""
    pins = ROOT / "requirements" / f"{lock}.txt"
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    folder = CACHE / f"{lock}-{version}"
    stamp = folder / "pins.txt"
    found = folder / "venv" / "bin"
    with alone(folder.name):
        if not stamp.is_file() or stamp.read_bytes() != pins.read_bytes():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _run(python, "-m", "venv", str(found.parent))
            pip = (str(found / "python"), "-m", "pip", "--disable-pip-version-check")
            _run(*pip, "install", "--quiet", "--require-hashes", "--requirement", str(pins))
            shutil.copy(pins, stamp)
    return found


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT)
