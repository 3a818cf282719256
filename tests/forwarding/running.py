"""Call every twin of a written project beside its sync callable, on SQLite.

    python running.py PROJECT

PROJECT is a folder with what `asyncgen build` wrote and a `plan.json` of test_written_sources.py.
Prints one JSON object: how many calls there were, and what differs.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from asgiref.sync import sync_to_async
from calls import drawn, shape

EXAMPLES = 6


def set_up(root: Path, package: str) -> None:
    import django
    from django.conf import settings

    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(root / "database.sqlite3")}
    settings.configure(DATABASES={"default": database}, USE_TZ=True)
    django.setup()
    from django.db import connection

    model = importlib.import_module(f"{package}.models").Book
    with connection.schema_editor() as editor:
        editor.create_model(model)
    for title in ("a", "b"):
        model.objects.create(title=title)


def signatures(function: Callable[..., Any]) -> list[inspect.Signature]:
    """How the callable may be called: as what it is, and as what it says that it wraps."""
    found = []
    for is_wrapped in (False, True):
        try:
            found.append(inspect.signature(function, follow_wrapped=is_wrapped))
        except (TypeError, ValueError):
            found.append(inspect.Signature.from_callable(lambda *args, **kwargs: None))
    return found


def by_position(function: Callable[..., Any]) -> set[str]:
    """The names of parameters that may get their arguments by position."""
    parameters = inspect.signature(function).parameters.values()
    return {each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD}


def is_private(name: str) -> bool:
    """Whether the name has two underscores before it, in a class: such a parameter says that it is
    positional only, to type checkers, and a twin's has another class in its name."""
    return re.match(r"(_\w+)?__", name) is not None


async def outcome(function: Callable[..., Any], args: list[object], kwargs: Any) -> object:
    """What the twin gives, or the exception that it raises."""
    try:
        found = function(*args, **kwargs)
        if hasattr(found, "__aiter__"):
            return [each async for each in found]
        if hasattr(found, "__aenter__"):
            async with found as entered:
                return entered
        return await found
    except Exception as error:
        return _raised(error)


def direct(function: Callable[..., Any], args: list[object], kwargs: Any) -> object:
    try:
        found = function(*args, **kwargs)
        if inspect.isgenerator(found):
            return list(found)
        if hasattr(found, "__enter__"):
            with found as entered:
                return entered
        return found
    except Exception as error:
        return _raised(error)


def _raised(error: Exception) -> str:
    """Any error will do that says of arguments that they do not fit: singledispatch has its own."""
    return "misfit" if isinstance(error, TypeError | IndexError) else repr(error)


async def compare(sync: Any, twin: Any) -> tuple[int, str]:
    """The number of calls, and the first that differs."""
    count = 0
    for signature in signatures(sync):
        for way in sorted(drawn(shape(signature), EXAMPLES), key=repr):
            args, kwargs = way.arguments(signature, ())
            if any(map(is_private, kwargs.keys() & by_position(sync))):
                continue
            args = list(range(len(args)))
            kwargs = dict(zip(kwargs, range(100, 200), strict=False))
            expected = await sync_to_async(direct)(sync, args, kwargs)
            found = await outcome(twin, args, kwargs)
            count += 1
            if found != expected:
                return count, f"{args}, {kwargs} gives {found}, not {expected}"
    return count, ""


async def run(plan: dict[str, Any]) -> dict[str, object]:
    calls = 0
    wrong: dict[str, str] = {}
    package = plan["package"]
    model = importlib.import_module(f"{package}.models").Book
    for each in plan["targets"]:
        source = importlib.import_module(f"{package}.{each['module']}")
        generated = importlib.import_module(f"{package}.{each['module']}_async")
        if each["owner"]:
            mixin = getattr(generated, f"{each['owner']}Async")
            kind = type("Both", (mixin, getattr(source, each["owner"])), {})
            rows = kind(model)
            holders = rows, rows
        else:
            holders = source, generated
        name = f"{each['module']}.{each['name']}"
        twin = getattr(holders[1], f"a{each['name']}", None)
        if each["is_read"] and twin is not None:
            wrong[name] = "is a property, and has a twin"
        if each["is_read"]:
            continue
        if twin is None:
            wrong[name] = "has no twin"
            continue
        count, said = await compare(getattr(holders[0], each["name"]), twin)
        calls += count
        if said:
            wrong[name] = said
    return {"calls": calls, "wrong": wrong}


def main(folder: str) -> None:
    root = Path(folder)
    sys.path.insert(0, folder)
    plan = json.loads((root / "plan.json").read_text(encoding="utf-8"))
    set_up(root, plan["package"])
    print(json.dumps(asyncio.run(run(plan))))


if __name__ == "__main__":
    main(sys.argv[1])
