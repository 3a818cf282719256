"""What the oracle looks at: everything that can be built here, as the texts that are written and
the folders of their sources."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import django
from asyncgen import environment
from asyncgen.config import load
from asyncgen.plan import Run, rendered
from asyncgen.surface import HEADER
from inlined import BEGIN, apart

from tests.projects.download import DownloadError, packages, roots

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


__all__ = ["NAMES", "ROOT", "DownloadError", "Subject", "subject"]
INSTALLED = Path(django.__file__).resolve().parents[1]  # where Django's own source stands
PACKAGES = {
    **{f"{name}-sdist": each for name, each in packages().items()},
    **{f"{name}-wheel": each for name, each in packages("built.toml").items()},
}
GOLDEN = sorted(path.parent.name for path in (ROOT / "tests/golden").glob("*/source"))
DJANGO = load(ROOT / "pyproject.toml")
RELEASES = {f"Django-{each.version}": each for each in DJANGO.sources[0].releases}
NAMES = ("bookshop", *(f"golden-{each}" for each in GOLDEN), *RELEASES, *PACKAGES)


@dataclass(frozen=True)
class Subject:
    """Generated modules by their names, the texts of stubs, where their sources stand, and the
    bridges that they call, as dotted names."""

    name: str
    roots: tuple[Path, ...]
    modules: Mapping[str, str]
    stubs: tuple[str, ...]
    bridges: tuple[str, ...] = ()


def subject(name: str, folder: Path) -> Subject:
    """The subject of that name; `folder` is empty, for what has to be built. Raises DownloadError
    or AsyncgenError where its source cannot be had."""
    if name in PACKAGES:
        return _package(name, folder)
    if name in RELEASES:
        release = RELEASES[name]
        source = environment.release_root(release, DJANGO, environment.site_packages(DJANGO))
        texts = _texts(ROOT / "generated")
        ends = ("/v{}_{}.py".format(*release.series), "__init__.py")
        mine = {path: text for path, text in texts.items() if path.endswith(ends)}
        return _made(name, (source,), mine)
    if name == "bookshop":
        example = ROOT / "examples" / name
        return _made(name, (example, INSTALLED), _texts(example))
    golden = ROOT / "tests" / "golden" / name.removeprefix("golden-")
    sources = load(golden / "source/pyproject.toml").sources
    bridges = tuple(bridge for each in sources for bridge in (each.bridge, *each.bridges.values()))
    texts = _texts(golden / "expected") | _inlined(golden / "expected")
    return _made(name, (golden / "source", INSTALLED), texts, bridges)


def _package(name: str, folder: Path) -> Subject:
    """A package as it is installed in the environment of a project, in both styles, its functions
    included."""
    package = PACKAGES[name]
    folders = tuple(roots(package))
    site_packages = folder / ".venv" / "lib" / "python3.11" / "site-packages"
    site_packages.mkdir(parents=True)
    for root in folders:
        for path in root.iterdir():
            installed = site_packages / path.name
            if path.is_dir() or path.suffix == ".py":
                installed.unlink(missing_ok=True)  # each has a setup.py
                installed.symlink_to(path)
    modules = list(package.modules) or [dotted(each) for each in package.proposed]
    text = "[tool.asyncgen]\n"
    for style in ("mixin", "subclass"):
        text += (
            f"[[tool.asyncgen.source]]\nsources = {modules}\nfunctions = ['*']\n"
            f"style = '{style}'\noutput = '{style}/{{package}}/{{path}}/surface.py'\n"
        )
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    config = load(folder / "pyproject.toml")
    gc.disable()  # as the command does
    result = Run(config).result()
    texts = {each.path: each.text for each in rendered(result, config)}
    gc.enable()
    # A package need not have functions.
    assert {each.code for each in result.errors} <= {"AG108"}, result.errors
    return _made(name, (*folders, INSTALLED), texts)


def _texts(folder: Path) -> dict[str, str]:
    """The generated files below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".pyi"))
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    return {
        path.relative_to(folder).as_posix(): text
        for path, text in texts.items()
        if HEADER in text[:600]
    }


def _inlined(folder: Path) -> dict[str, str]:
    """The twins that stand in source files below a folder, each file's as a module beside it."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.py"))}
    texts = {path: file.read_text(encoding="utf-8") for path, file in files.items()}
    return {
        f"{path.removesuffix('.py')}_apart.py": apart(path, text)
        for path, text in texts.items()
        if BEGIN in text
    }


def _made(
    name: str, folders: tuple[Path, ...], texts: Mapping[str, str], bridges: tuple[str, ...] = ()
) -> Subject:
    return Subject(
        name,
        folders,
        {dotted(path): text for path, text in texts.items() if path.endswith(".py")},
        tuple(text for path, text in texts.items() if path.endswith(".pyi")),
        bridges,
    )


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
