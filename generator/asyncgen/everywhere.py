"""What `asyncgen_django.everywhere` puts onto Django, told from the sources alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from asyncgen.config import Config
from asyncgen.environment import site_packages
from asyncgen.facts import Display, Literal
from asyncgen.problems import AsyncgenError, Location, Problem
from asyncgen.read import read_file
from asyncgen.resolve import Resolver
from asyncgen.source import Class, Function, Module

PACKAGE = "asyncgen_django"
# Done by hand, in the app itself: the error of `with atomic():` in async code names aatomic().
ATOMIC = "django.db.transaction.Atomic.__enter__"
# Likewise: what Django's twins that stay call to reach the worker thread.
_BRIDGE = "sync_to_async"
_INSTALL = Location(f"{PACKAGE}/everywhere/install.py", 1)
# The modules of Django that have what asyncgen_django has right in it.
_ROOT_TARGETS = ["django.db.models", "django.db.models.query"]
# Classes whose twins of Django's are replaced, whether a class overrides something or not.
_ALWAYS = frozenset(
    {
        "django.db.models.manager.Manager",
        "django.db.models.query.QuerySet",
        "django.db.models.query.RawQuerySet",
    }
)

# As `manage.py asyncgen_everywhere` says it of a running project.
NEW = "new, beside Django's"
REPLACED = "replaces Django's"
OVERRIDDEN = "replaces Django's, for classes that override something"


@dataclass(frozen=True, slots=True)
class Change:
    """One name that the app sets: where it stands, and how it stands to what Django has there."""

    name: str
    how: str
    location: Location


def changes(config: Config) -> tuple[Change, ...]:
    """Everything that the app changes for the Django that is found, were all apps of
    django.contrib installed.

    Raises AsyncgenError: AG204 Django or asyncgen_django cannot be found.
    """
    resolver = Resolver((*config.search, *site_packages(config)), _read)
    series = _series(resolver)
    path = resolver.find(PACKAGE)
    modules = sorted(path.parent.rglob(f"v{series}.py")) if path and series else []
    if not path or not modules:
        raise AsyncgenError(
            Problem(
                "AG204",
                f"Django and {PACKAGE} for it cannot be found",
                "install both in the project's environment, or name the environment with --python",
            )
        )
    found = [
        change
        for each in modules
        for change in _of_module(resolver, each.relative_to(path.parent).parent.parts, each.stem)
    ]
    app = Location(f"{PACKAGE}/everywhere/apps.py", 1)
    return tuple(sorted([*found, Change(ATOMIC, REPLACED, app)], key=lambda each: each.name))


def _read(path: Path, name: str) -> Module:
    return read_file(path, name, f"{name.replace('.', '/')}.py", keep=True)


def _series(resolver: Resolver) -> str:
    """The series of the Django that is found, as modules are named after it: 6_1."""
    django = resolver.readable("django")
    version = django.attributes.get("VERSION") if django else None
    match version and version.value:
        case Display(elements=(Literal(text=major), Literal(text=minor), *_)):
            return f"{major}_{minor}"
    return ""


def _of_module(resolver: Resolver, below: tuple[str, ...], stem: str) -> Iterator[Change]:
    """What comes of one module of twins."""
    module = resolver.readable(".".join((PACKAGE, *below, stem)))
    if module is None:
        return
    stays = False
    for made in module.classes.values():
        if made.name.endswith("Async"):
            name = made.name.removesuffix("Async")
            imported = module.imports.get(name)
            source = resolver.dotted(
                ".".join((imported.module if imported else ".".join(("django", *below)), name))
            )
            if isinstance(source, Class):
                for twin, function in made.functions.items():
                    if twin == "__class_getitem__":  # is the mixin's own
                        continue
                    how = _on_class(source, twin, function)
                    stays |= how is OVERRIDDEN
                    yield Change(f"{source.dotted}.{twin}", how, function.location)
    targets = [".".join(("django", *below))] if below else _ROOT_TARGETS
    django = resolver.readable(targets[0]) if stays else None
    bridge = django.imports.get(_BRIDGE) if django else None
    if bridge and bridge.module == "asgiref.sync":
        yield Change(f"{targets[0]}.{_BRIDGE}", REPLACED, _INSTALL)
    for twin, function in module.functions.items():
        for target in targets if not twin.startswith("_") else ():
            known = resolver.readable(target)
            has = known is not None and resolver.name(known, twin) is not None
            yield Change(f"{target}.{twin}", REPLACED if has else NEW, function.location)


def _on_class(source: Class, name: str, twin: Function) -> str:
    own = source.functions.get(name)
    if own is None:
        return REPLACED if name in source.attributes else NEW
    is_either = source.dotted not in _ALWAYS and _is_coroutine(own) and _is_coroutine(twin)
    return OVERRIDDEN if is_either else REPLACED


def _is_coroutine(function: Function) -> bool:
    return function.is_async and not function.is_generator
