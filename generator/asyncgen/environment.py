"""Where source may be found: the project, an environment's site-packages, a pinned release."""

from __future__ import annotations

import hashlib
import os
import re
import site
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from asyncgen.config import Config, Release
from asyncgen.files import CACHE, user_folder
from asyncgen.kept import environments
from asyncgen.problems import AsyncgenError, Location, Problem

# What pip says of a file that has another hash.
_REFUSED = re.compile(r"DO NOT MATCH THE HASHES.*Got\s+([0-9a-f]{64})", re.DOTALL)


def site_packages(config: Config, variables: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The site-packages to read, nearest first, each followed by the folders that its .pth files
    name (those of editable installs): of `python` alone; else of the project's environments, and
    last of the interpreter that runs asyncgen (which may be a tool's own environment, such as
    pre-commit's).

    Raises AsyncgenError (AG105) when `python` names no environment.
    """
    places = [place for each in _prefixes(config, variables) for place in _of_environment(each)]
    if config.python and not places:
        raise AsyncgenError(
            Problem(
                "AG105",
                f"{config.python} has no site-packages",
                "name a Python executable, or the folder of a virtual environment",
                Location(str(config.path), 1),
            )
        )
    if not config.python:
        places += map(Path, site.getsitepackages())
    return tuple(dict.fromkeys(_with_linked(places)))


def _prefixes(config: Config, variables: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """The environments of the project, nearest first."""
    if config.python:
        yield _prefix(Path(config.root, config.python))
        return
    found = environments(config.root, variables)
    yield from (each for each in found if each != Path(sys.prefix))


def lacks(config: Config, package: str) -> bool:
    """Whether the project has an environment of its own, and the package is not in it."""
    places = [place for prefix in _prefixes(config) for place in _of_environment(prefix)]
    found = (*_with_linked(places), *config.search)
    return bool(places) and not any((place / package).is_dir() for place in found)


def of_project(config: Config, variables: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The site-packages that whoever works on the project has: those of its environments, and not
    those of a tool's own, which runs asyncgen, unless there are no others."""
    found = [place for each in _prefixes(config, variables) for place in _of_environment(each)]
    prefix = Path(sys.prefix)
    is_active = variables.get("VIRTUAL_ENV") == sys.prefix
    if not config.python and (not found or is_active or prefix.is_relative_to(config.root)):
        found += map(Path, site.getsitepackages())
    return tuple(dict.fromkeys(_with_linked(found)))


def dependencies(config: Config) -> Iterator[Path]:
    """The folders whose content decides where modules are found; some may not be there."""
    for prefix in _prefixes(config):
        yield from (prefix / "lib", prefix / "Lib" / "site-packages")
    yield from (*config.search, *site_packages(config))


def _with_linked(places: Iterable[Path]) -> Iterator[Path]:
    """The folders, each with those that a line of a .pth file in it names.

    https://docs.python.org/3/library/site.html
    """
    for place in places:
        yield place
        for listed in sorted(place.glob("*.pth")):
            for line in listed.read_text(encoding="utf-8", errors="replace").splitlines():
                linked = Path(place, line.strip())
                is_path = line.strip() and not line.startswith(("#", "import ", "import\t"))
                if is_path and linked.is_dir():
                    yield linked


def _prefix(path: Path) -> Path:
    """The environment's folder: that of `bin/python` when an executable is named."""
    return path.parent.parent if path.is_file() else path


def _of_environment(prefix: Path) -> Iterator[Path]:
    yield from sorted(prefix.glob("lib/python3.*/site-packages"), reverse=True)
    if (prefix / "Lib" / "site-packages").is_dir():  # Windows
        yield prefix / "Lib" / "site-packages"


def interpreter(config: Config) -> str:
    """The Python of the project's environment."""
    for folder in programs(config):
        for name in ("python", "python.exe"):
            if (folder / name).is_file():
                return str(folder / name)
    return sys.executable


def programs(config: Config) -> Iterator[Path]:
    """The folders of the programs of the environments whose site-packages are read."""
    for place in site_packages(config):
        for parent in place.parents:
            if (parent / "pyvenv.cfg").is_file():
                yield from (parent / name for name in ("bin", "Scripts"))


def is_own_package(config: Config, package: str) -> bool:
    """Whether the top-level package, or module, stands in the project."""
    return any(
        (root / package).is_dir() or (root / f"{package}.py").is_file()
        for root in config.search
        if root.is_relative_to(config.root)
    )


def release_root(release: Release, config: Config, installed: tuple[Path, ...]) -> Path:
    """The site-packages that have the release's packages: where it is installed at that very
    version, else one with its modules in the user's cache folder (or the project's, where the user
    has none), after a download that is checked against the hash.

    Raises AsyncgenError: AG106 download failed, AG107 the hash differs.
    """
    for place in installed:
        if (place / f"{release.name.lower()}-{release.version}.dist-info").is_dir():
            return place
    root = Path(user_folder(make=True) or config.root / CACHE)
    unpacked = root / f"{release.slug}-{release.sha256}"
    if not unpacked.is_dir():
        import tempfile

        with tempfile.TemporaryDirectory(prefix="asyncgen-") as outside:
            wheel = _download(release, Path(outside), config)
            root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=root) as folder:
                _unpack_modules(wheel, Path(folder, "unpacked", "site-packages"))
                try:
                    os.replace(Path(folder, "unpacked"), unpacked)
                except OSError:
                    if not unpacked.is_dir():  # else another run was faster
                        raise
    return unpacked / "site-packages"


def _unpack_modules(wheel: Path, folder: Path) -> None:
    """The Python files of a wheel: a quarter of Django's, and all that is read of a release."""
    import zipfile

    folder.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        modules = (name for name in archive.namelist() if name.endswith(".py"))
        archive.extractall(folder, modules)


def _download(release: Release, folder: Path, config: Config) -> Path:
    """The release's wheel, fetched by pip, which checks the hash too. It runs isolated from
    PYTHONPATH and the like, and outside the project, whose `pip/` or `secrets.py` it would import.
    """
    import subprocess

    pinned = folder / "requirements.txt"
    pinned.write_text(f"{release.name}=={release.version} --hash=sha256:{release.sha256}\n")
    command = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-input", "--only-binary", ":all:"]
    command += ["--python-version", "3.13", "--require-hashes"]
    command += ["--requirement", str(pinned), "--dest", str(folder)]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    refused = _REFUSED.search(finished.stderr)
    digest = hashlib.sha256(wheels[0].read_bytes()).hexdigest() if wheels else ""
    if refused or (digest and digest != release.sha256):
        raise AsyncgenError(
            Problem(
                "AG107",
                f"the hash of the wheel of {release.name} {release.version} is not the one in the "
                f"configuration, but {refused[1] if refused else digest}",
                "correct sha256, or find out why the file differs",
                Location(str(config.path), 1),
            )
        )
    if finished.returncode or not wheels:
        reason = (finished.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise AsyncgenError(
            Problem(
                "AG106",
                f"cannot download {release.name} {release.version}: {reason}",
                "correct name and version, check the network, or install "
                f"{release.name}=={release.version}",
                Location(str(config.path), 1),
            )
        )
    return wheels[0]
