"""Download the pinned distributions: those that labels were made from, and those only built.

    python -m tests.projects.download            every package in packages.toml and built.toml
    python -m tests.projects.download NAME ...   only these

Each is fetched with pip from whichever index pip is configured for, checked against its
sha256, and unpacked into `.cache/projects/NAME-VERSION/`. What is there already is left alone.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.once import alone

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".cache" / "projects"


class DownloadError(Exception):
    """A distribution could not be fetched, or is not the one that was pinned."""


def scratch_in_cache() -> tempfile.TemporaryDirectory[str]:
    """A folder to prepare something in; on the cache's own file system, so that it can be moved."""
    CACHE.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=CACHE)


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    archive: str  # a source distribution, or a wheel
    sha256: str
    roots: tuple[str, ...]
    modules: tuple[str, ...]
    heldout: bool
    needs: tuple[str, ...] = ()  # packages that it depends on, and that are pinned here too
    proposed: tuple[str, ...] = ()  # what `asyncgen init` is to find, of those that are built
    app: str | None = None  # to be installed for an import; of those that need Django alone

    @property
    def path(self) -> Path:
        """Where the unpacked distribution stands."""
        kind = "-wheel" if self.archive.endswith(".whl") else ""
        return CACHE / f"{self.name}-{self.version}{kind}"


def packages(list_: str = "packages.toml") -> dict[str, Package]:
    """Every package that a list pins, by name, in its order."""
    with (HERE / list_).open("rb") as file:
        entries = tomllib.load(file)["package"]
    return {
        entry["name"]: Package(
            name=entry["name"],
            version=entry["version"],
            archive=entry.get("sdist") or entry["wheel"],
            sha256=entry["sha256"],
            roots=tuple(entry.get("roots", ["."])),
            modules=tuple(entry.get("modules", ())),
            heldout=entry.get("heldout", False),
            needs=tuple(entry.get("needs", ())),
            proposed=tuple(entry.get("proposed", ())),
            app=entry.get("app"),
        )
        for entry in entries
    }


def fetch(package: Package) -> Path:
    """The folder of the unpacked distribution, downloaded if it is not there yet."""
    with alone(package.path.name):
        if not package.path.is_dir():
            archive = CACHE / package.archive
            if not archive.is_file():
                _download(package, archive)
            _check(package, archive)
            _unpack(archive, package.path)
    return package.path


def roots(package: Package) -> list[Path]:
    """The folders that a package, and what it needs, are imported from."""
    known = {**packages("built.toml"), **packages()}
    needed = [package, *(known[name] for name in package.needs)]
    return [fetch(each) / root for each in needed for root in each.roots]


def _download(package: Package, archive: Path) -> None:
    # pip prepares an sdist's metadata with its build backend, which it installs from wheels:
    # hence `--no-binary` for this one package only. The hash is checked before anything runs.
    with scratch_in_cache() as folder:
        requirement = Path(folder, "requirements.txt")
        requirement.write_text(
            f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n",
            encoding="utf-8",
        )
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
        pip += ["--no-deps", "--require-hashes"]
        pip += [
            "--only-binary" if package.archive.endswith(".whl") else "--no-binary",
            package.name,
        ]
        pip += ["--requirement", str(requirement), "--dest", folder]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        found = Path(folder, package.archive)
        if done.returncode != 0 or not found.is_file():
            raise DownloadError(f"pip could not fetch {package.archive}:\n{done.stderr.strip()}")
        found.replace(archive)


def _check(package: Package, archive: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        archive.unlink()
        raise DownloadError(f"{package.archive} has sha256 {digest}, not {package.sha256}")


def _unpack(archive: Path, target: Path) -> None:
    """Unpack a wheel, or what stands inside a source distribution's one top folder; all of it or
    nothing."""
    with scratch_in_cache() as folder:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(Path(folder, "unpacked"))
            shutil.move(Path(folder, "unpacked"), target)
            return
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (top,) = Path(folder).iterdir()
        shutil.move(top, target)


def main(names: list[str]) -> int:
    pinned = [*packages().values(), *packages("built.toml").values()]
    known = {each.name for each in pinned}
    try:
        for name in names:
            if name not in known:
                raise DownloadError(f"{name} is not pinned; these are: {', '.join(sorted(known))}")
        for package in pinned:
            if not names or package.name in names:
                print(fetch(package))
    except DownloadError as error:
        print(f"download.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
