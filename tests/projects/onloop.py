"""Call what was decided to be `pure` or `queryset` where nothing may query: in an event loop.

    python onloop.py PLAN

PLAN is a JSON file that test_on_loop.py writes: settings, and the callables. Each is called some
times, on an object that was read from a SQLite database, with arguments that fit the names and
annotations of its parameters. What cannot be told from them is once a row whose relations are not
loaded, once a text, a number, and None; where its name is a plural, a queryset as well.

Django raises SynchronousOnlyOperation for every query in a loop; each is noted, also where the
callable itself swallows it. Arguments for which the callable raises in a thread, too, say nothing.
Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import importlib
import inspect
import json
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from awaiting import CannotInvent, Json, create_tables, filled, invented, related_row, set_up

SECONDS = 2  # that one call may take
ROUNDS = 4  # calls of each callable that has a parameter of which nothing is known
QUERIED: list[str] = []  # where a query was attempted in the loop, with the frames on the way


@dataclass
class Report:
    called: int = 0
    returned: int = 0
    calls: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


class TooLong(BaseException):
    """The call did not end."""


class Unsuitable(Exception):
    """No object, or no argument, can be made up."""


# -- objects --------------------------------------------------------------------------------------


def receiver(entry: Json) -> Any:
    """What the callable is an attribute of. Raises Unsuitable."""
    owner: Any = importlib.import_module(entry["module"])
    if not entry["class"]:
        return owner
    for name in entry["class"].split("."):
        owner = getattr(owner, name)
    if entry["binding"] in ("classmethod", "staticmethod"):
        return owner
    for make in (partial(row, name=entry["name"]), queryset, manager, plain):
        with contextlib.suppress(Unsuitable):
            return make(owner)
    raise Unsuitable(f"no {owner.__name__} can be made")


def row(cls: type[Any], name: str) -> Any:
    """A row as a query gives it, without any relation loaded; of a model that does not override the
    method of that name, for that would be another callable."""
    from django.apps import apps
    from django.db import models

    children = [
        each
        for each in apps.get_models()
        if issubclass(each, cls) and getattr(each, name, None) is getattr(cls, name)
    ]
    if not children and not (isinstance(cls, type) and issubclass(cls, models.Model)):
        raise Unsuitable(cls.__name__)
    model = next((each for each in children if each is cls), children[0] if children else None)
    return fresh(model or concrete(cls))


def concrete(cls: type[Any]) -> type[Any]:
    """A model made of one that is abstract."""
    from django.db import connection

    meta = type("Meta", (), {"app_label": "sample"})
    made = type(f"Made{cls.__name__}", (cls,), {"__module__": "sample.models", "Meta": meta})
    with connection.schema_editor() as editor:
        editor.create_model(made)
    return made


def fresh(model: type[Any]) -> Any:
    from django.db import models

    saved = related_row(model)
    found = models.QuerySet(model).filter(pk=saved.pk).first() or filled(model)
    found._state.fields_cache.clear()
    return found


def queryset(cls: type[Any]) -> Any:
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.db import models

    for model in apps.get_models():
        for each in model._meta.managers:
            with contextlib.suppress(Exception):
                if isinstance(found := each.get_queryset(), cls):
                    return found
    if issubclass(cls, models.QuerySet):
        return cls(get_user_model())
    raise Unsuitable(cls.__name__)


def manager(cls: type[Any]) -> Any:
    from django.apps import apps
    from django.contrib.auth import get_user_model
    from django.db import models

    for model in apps.get_models():
        for each in model._meta.managers:
            if isinstance(each, cls):
                return each
    if not issubclass(cls, models.manager.BaseManager):
        raise Unsuitable(cls.__name__)
    with contextlib.suppress(Exception):
        made = cls()
        made.model, made.name = get_user_model(), "made"
        return made
    raise Unsuitable(cls.__name__)


def plain(cls: type[Any]) -> Any:
    with contextlib.suppress(Exception):
        positional, named = next(arguments(cls, None))
        return cls(*positional, **named)
    raise Unsuitable(cls.__name__)


# -- arguments ------------------------------------------------------------------------------------


def arguments(function: Any, owner: Any) -> Iterator[tuple[list[Any], Json]]:
    """Arguments for what has no default, in as many ways as something is not told."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise Unsuitable(str(error)) from error
    wanted = [
        each
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    known = {each.name: by_annotation(each) or by_name(each, owner) for each in wanted}
    for number in range(1 if all(known.values()) else ROUNDS):
        positional: list[Any] = []
        named: Json = {}
        for place, each in enumerate(wanted):
            value = (known[each.name] or anything(each, owner)[(number + place) % ROUNDS])()
            if each.kind is each.KEYWORD_ONLY:
                named[each.name] = value
            else:
                positional.append(value)
        yield positional, named


def by_name(parameter: inspect.Parameter, owner: Any) -> Callable[[], Any] | None:
    """What has the name of a model is a row of it."""
    from django.apps import apps
    from django.db import models

    of_row = owner if isinstance(owner, models.Model) else None
    try:
        invented(parameter, of_row)
    except CannotInvent:
        pass
    else:
        return lambda: invented(parameter, of_row)
    name = parameter.name.replace("_", "").lower()
    for model in apps.get_models():
        if model._meta.model_name == name:
            return lambda: fresh(model)
    return None


def by_annotation(parameter: inspect.Parameter) -> Callable[[], Any] | None:
    from django.apps import apps

    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    text = text.removeprefix("Optional[").partition("|")[0].partition("[")[0]
    text = text.strip().rpartition(".")[2].lower()
    if text in KNOWN:
        return KNOWN[text]
    for model in apps.get_models():
        if model._meta.model_name == text:
            return lambda: fresh(model)
    return None


def now() -> datetime.datetime:
    return datetime.datetime.now(tz=datetime.UTC)


KNOWN: dict[str, Callable[[], Any]] = {
    "str": lambda: "text",
    "int": lambda: 1,
    "float": lambda: 1.0,
    "bool": lambda: True,
    "bytes": lambda: b"text",
    "decimal": lambda: Decimal(1),
    "datetime": now,
    "date": lambda: now().date(),
    "timedelta": lambda: datetime.timedelta(1),
    "dict": dict,
    "list": list,
    "tuple": tuple,
    "set": set,
    "sequence": list,
    "any": lambda: None,
    "none": lambda: None,
}


def anything(parameter: inspect.Parameter, owner: Any) -> list[Callable[[], Any]]:
    from django.contrib.auth import get_user_model
    from django.db import models

    model = type(owner) if isinstance(owner, models.Model) else getattr(owner, "model", None)
    if not (isinstance(model, type) and issubclass(model, models.Model)):
        model = get_user_model()
    is_plural = parameter.name[1:].endswith("s") and parameter.annotation is parameter.empty
    several = model._base_manager.all if is_plural else lambda: None
    return [lambda: fresh(model), lambda: "text", several, lambda: 1]


# -- calls ----------------------------------------------------------------------------------------


def note_queries() -> None:
    """Note each SynchronousOnlyOperation that is made, whoever catches it."""
    from django.core.exceptions import SynchronousOnlyOperation

    def made(self: BaseException, *args: object) -> None:
        frames = traceback.extract_stack()[:-1]
        start = next((n for n, each in enumerate(frames) if each.name == "call"), 0)
        QUERIED.append("".join(traceback.format_list(frames[start + 1 :])))

    SynchronousOnlyOperation.__init__ = made  # type: ignore[method-assign]


def call(function: Any, positional: list[Any], named: Json) -> bool:
    """Whether the call returned."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        function(*positional, **named)
    except (Exception, SystemExit, TooLong):
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def forget() -> None:
    """Empty the caches that spare queries."""
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sites.models import Site
    from django.core.cache import cache

    ContentType.objects.clear_cache()
    Site.objects.clear_cache()
    cache.clear()


async def tried(entry: Json, report: Report) -> None:
    name = ".".join(filter(None, (entry["module"], entry["class"], entry["name"])))
    returned = called = False
    number = 0
    while True:
        try:
            owner, made = await sync_to_async(prepared)(entry, number)
        except Exception as error:
            report.left_out.setdefault(name, f"{type(error).__name__}: {error}")
            break
        if made is None:
            break
        called, number = True, number + 1
        QUERIED.clear()
        returned |= call(getattr(owner, entry["name"]), *made)
        report.calls += 1
        queried = QUERIED[:1]
        if queried and not entry["doubts"] and await sync_to_async(is_taken)(entry, number - 1):
            given = [type(each).__name__ for each in (*made[0], *made[1].values())]
            said = f"{name} is {entry['kind']}, {entry['why']}; given: {', '.join(given)}"
            report.failures.append(f"{said}\n{queried[0]}")
            break
    if called:
        report.left_out.pop(name, None)
    report.called += called
    report.returned += returned


def is_taken(entry: Json, number: int) -> bool:
    """Whether a callable takes such arguments where it may query: what it raises for, whatever
    queries on the way to the error, is no fault of who says that it does not."""
    owner, made = prepared(entry, number)
    assert made is not None
    try:
        getattr(owner, entry["name"])(*made[0], **made[1])
    except Exception:
        return False
    return True


def prepared(entry: Json, number: int) -> tuple[Any, tuple[list[Any], Json] | None]:
    """The object, and the arguments of one call; None where there are no others."""
    forget()
    owner = receiver(entry)
    for at, made in enumerate(arguments(getattr(owner, entry["name"]), owner)):
        if at == number:
            return owner, made
    return owner, None


async def run(entries: list[Json], report: Report) -> None:
    for entry in entries:
        await tried(entry, report)


def no_network(*args: Any) -> None:
    raise OSError("no network in this test")


def too_long(*args: object) -> None:
    raise TooLong


def main(path: str) -> None:
    plan = json.loads(Path(path).read_text(encoding="utf-8"))
    socket.socket.connect = no_network  # type: ignore[method-assign]
    set_up(plan)
    create_tables()
    signal.signal(signal.SIGALRM, too_long)
    note_queries()
    report = Report()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        asyncio.run(run(plan["entries"], report))
    print(json.dumps(vars(report)))


if __name__ == "__main__":
    main(sys.argv[1])
