"""Django's own tests, from its pinned source distributions."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.support.servers import unavailable

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "django-tests"


def django_tests(version: str, sha256: str) -> Path:
    """The folder `tests/` of that release. Where it cannot be fetched the test is skipped; it fails
    where everything is required."""
    folder = CACHE / f"django-{version}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            with tarfile.open(_download(version, sha256, Path(scratch))) as archive:
                root = archive.getnames()[0].split("/")[0]  # Django-4.1.13, django-5.2.19
                members = [each for each in archive if each.name.startswith(f"{root}/tests/")]
                archive.extractall(scratch, members, filter="data")
            try:
                Path(scratch, root).rename(folder)
            except OSError:
                if not folder.is_dir():  # else another process was faster
                    raise
    return folder / "tests"


def _download(version: str, sha256: str, target: Path) -> Path:
    """The source distribution; pip checks its hash before it looks inside."""
    pinned = target / "requirements.txt"
    pinned.write_text(f"Django=={version} --hash=sha256:{sha256}\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    pip += ["--no-deps", "--no-binary", "Django", "--require-hashes"]
    pip += ["--requirement", str(pinned), "--dest", str(target)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    archives = list(target.glob("*.tar.gz"))
    if done.returncode or not archives:
        unavailable(f"pip could not fetch the source of Django {version}: {done.stderr.strip()}")
    return archives[0]
