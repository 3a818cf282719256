"""What `asyncgen init` sets for a project besides `sources`, each with its reason: the style, the
static managers, and what twins rest on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from asyncgen import environment
from asyncgen.config import Config
from asyncgen.files import regular_bytes
from asyncgen.globs import Globber
from asyncgen.plan import own_files
from asyncgen.plan.pinned import series
from asyncgen.problems import AsyncgenError, Problem

# Tables of pyproject.toml, and files, by which a project says which type checker it runs.
_CHECKERS = frozenset({"mypy", "pyright", "basedpyright", "ty", "pyrefly"})
_CHECKER_FILES = ("mypy.ini", ".mypy.ini", "pyrightconfig.json", "ty.toml", "pyrefly.toml")
_CHECKER_SECTION = re.compile(r"^\[mypy\b", re.MULTILINE)
_METADATA = ("setup.cfg", "setup.py")  # besides pyproject.toml
_CLASSIFIER = re.compile(r"\b(?:Framework|Development Status|Intended Audience|License|Topic) :: ")
_PRIVATE = "Private :: "
_PLUGIN = "mypy_django_plugin"
_SETTINGS = re.compile(rb"^\s*INSTALLED_APPS\b", re.MULTILINE)
_COPIES = re.compile(rb"\.as_manager\(|\bfrom_queryset\(")

INLINE, NO_MANAGERS = 'style = "inline"', 'managers = "none"'

Document = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of the configuration, or a word of advice without one, and the reason for it."""

    reason: str
    line: str = ""

    @property
    def text(self) -> str:
        comment = "".join(f"# {each}\n" for each in self.reason.splitlines())
        return f"{comment}{self.line}\n" if self.line else comment

    @property
    def summary(self) -> str:
        """In one line."""
        parts = (", ".join(self.line.splitlines()), " ".join(self.reason.splitlines()))
        return ": ".join(filter(None, parts))


def choices(config: Config, document: Document, files: Sequence[Path]) -> Iterator[Choice]:
    """What suits the project, whose pyproject.toml is `document`; `files` are its sources.

    Raises AsyncgenError (AG204) where there is no Django to read.
    """
    yield from _pins(config)
    if is_built(config, document):
        if is_published(config):
            yield Choice(
                "Strangers install this package, so twins stand in its classes, between marks:\n"
                "nobody inherits a second class, and what is plain needs nothing but asgiref.\n"
                '"mixin" writes classes beside them.',
                INLINE,
            )
            return
        yield Choice(
            "If strangers install this package: `style` can be inline, for twins in its classes\n"
            "and no second class to inherit."
        )
    copies = any(_COPIES.search(each.read_bytes()) for each in files)
    yield from _managers(config, document, copies=copies)
    if copies:
        yield Choice(
            "Twins on the managers of as_manager() and from_queryset() are awaited like others.\n"
            'For coroutine functions, and alist(): "asyncgen_django.everywhere" in INSTALLED_APPS.'
        )


def _pins(config: Config) -> Iterator[Choice]:
    """What the twins rest on, so that every machine writes the same."""
    places = (*config.search, *environment.site_packages(config))
    found = next(filter(None, (series(each / "django" / "__init__.py") for each in places)), None)
    if found is None:
        raise AsyncgenError(
            Problem(
                "AG204",
                "Django's source cannot be found",
                "install Django in the project's environment, or name the environment: "
                "`asyncgen init --python PATH`; nothing was changed",
            )
        )
    own = (*config.search, *environment.of_project(config))
    stubs = "required" if any((each / "django-stubs").is_dir() for each in own) else "ignored"
    lines = [f'django = "{found}"', f'django-stubs = "{stubs}"']
    if config.python:
        lines.append(f'python = "{config.python}"')
    yield Choice(
        "What twins and their types rest on; another machine has the same, or is told so.",
        "\n".join(lines),
    )


def _managers(config: Config, document: Document, *, copies: bool) -> Iterator[Choice]:
    """Static managers are for type checkers that do not follow Django's way to make managers."""
    tables = document.get("tool")
    known = _CHECKERS & tables.keys() if isinstance(tables, dict) else frozenset()
    setup = _text(config.root / "setup.cfg")
    files = [each for each in _CHECKER_FILES if (config.root / each).is_file()]
    texts = (setup, _text(config.path), *(_text(config.root / each) for each in files))
    if any(_PLUGIN in each for each in texts):
        yield Choice(
            "mypy's plugin understands the managers of as_manager() and from_queryset().",
            NO_MANAGERS,
        )
    elif not (known or files or _CHECKER_SECTION.search(setup)):
        yield Choice("Static managers are for type checkers, and none is set up here.", NO_MANAGERS)
    elif copies:
        yield Choice(
            "For type checkers: objects = BookManager(), of …_managers.py, in the place of\n"
            "BookQuerySet.as_manager()."
        )


def is_built(config: Config, document: Document) -> bool:
    """Whether the project is made to be installed, and has no settings to run by."""
    has_metadata = {"project", "build-system"} <= document.keys()
    has_metadata = has_metadata or (config.root / "setup.py").is_file()
    return has_metadata and not _any_file(config.root, _SETTINGS.search)


def is_published(config: Config) -> bool:
    """Whether it is for strangers: it says what only an index of packages shows, and none of that
    keeps it from one.
    https://packaging.python.org/en/latest/specifications/core-metadata/#classifier-multiple-use"""
    text = "".join(_text(config.root / name) for name in (config.path.name, *_METADATA))
    return _CLASSIFIER.search(text) is not None and _PRIVATE not in text


def _any_file(root: Path, says: Callable[[bytes], object]) -> bool:
    return any(says(path.read_bytes()) for path in own_files(root, Globber()))


def _text(path: Path) -> str:
    try:
        return regular_bytes(path).decode("utf-8", errors="replace")
    except OSError:
        return ""
